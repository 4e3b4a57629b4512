"""Readings that people ask PostgreSQL about, in views."""

import asyncio
from collections.abc import Callable
from typing import Any

import asyncpg

from support.postgres import Postgres
from support.service import Service, eventually, marketdata

NOON = 1769860800000


def rows(url: str, statement: str) -> list[tuple[Any, ...]]:
    async def ask() -> list[tuple[Any, ...]]:
        connection = await asyncpg.connect(url)
        try:
            return [tuple(row) for row in await connection.fetch(statement)]
        finally:
            await connection.close()

    return asyncio.run(ask())


def test_views_have_every_reading_once_over_a_kill(start: Callable[..., Service], postgres: Postgres) -> None:
    url = postgres.database("reading_views")
    service = start(STORAGE__URL=url)
    hour = 3_600_000

    def send(service: Service, first: int, count: int) -> None:
        batch = [
            {
                "machineId": "Press-7",
                "sensorType": "Temp",
                "value": at,
                "unit": "°C",
                "quality": "bad" if at % 10 == 9 else "good",
                "timestamp": NOON + at * hour // 10,
            }
            for at in range(first, first + count)
        ]
        answer = service.client.post("/api/readings/batch", json=batch, headers={"Prefer": "durable"})
        assert answer.json()["accepted"] == count

    send(service, 0, 10)
    eventually(lambda: len(rows(url, "SELECT * FROM readings")) == 10)
    send(service, 10, 10)
    service.kill()
    again = start(again=service, STORAGE__URL=url)
    eventually(lambda: len(rows(url, "SELECT * FROM readings")) == 20)
    found = rows(url, "SELECT machine_id, sensor_type, value, unit, quality FROM readings ORDER BY time LIMIT 1")
    assert found == [("PRESS-7", "temp", 0.0, "°C", "good")]
    hourly = rows(url, "SELECT hour, avg, min, max, count FROM readings_hourly ORDER BY hour")
    assert [(row[0].timestamp() * 1000, *row[1:]) for row in hourly] == [
        (NOON, 4.0, 0.0, 8.0, 9),
        (NOON + hour, 14.0, 10.0, 18.0, 9),
    ]
    status = marketdata("db", "status", cwd=again.directory, STORAGE__URL=url).stdout
    assert "reading rows 20" in status
    assert "hypertable" not in status
    assert marketdata("db", "check", cwd=again.directory, STORAGE__URL=url).returncode == 0
    again.client.delete("/api/machines/press-7")
    eventually(lambda: rows(url, "SELECT * FROM readings") == rows(url, "SELECT * FROM readings_hourly") == [])
