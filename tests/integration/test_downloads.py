"""All of a range as one Parquet file."""

import io
import re
import socket
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from support.service import Service, eventually, marketdata

PARQUET = {"Accept": "application/vnd.apache.parquet"}
NOON = 1769860800000
# More than are read at once.
COUNT = 25_000
LISTS = (
    ("/api/machines/CNC-001/temperature/history", ("readings", "--symbol", "CNC-001/TEMPERATURE")),
    ("/api/machines/CNC-001/temperature/rollups?interval=1m", ("rollups", "--interval", "1m")),
    ("/api/prices/GOLD/ticks", ("ticks", "--symbol", "GOLD")),
    ("/api/prices/GOLD/candles?interval=1m", ("candles", "--interval", "1m")),
)


def reading(at: int) -> dict[str, Any]:
    odd: dict[str, Any] = {"unit": "°C", "id": f"r-{at}", "quality": "uncertain"} if at % 7 == 0 else {}
    value = f"-0.{at:05d}0000000000000000001" if at % 1000 == 1 else at / 8
    return {"machineId": "CNC-001", "sensorType": "temperature", "value": value, "timestamp": NOON + at * 500, **odd}


def tick(at: int) -> dict[str, Any]:
    odd: dict[str, Any] = {"volume": at % 9 + 0.5, "id": f"t-{at}"} if at % 5 == 0 else {}
    price = f"100.{at:05d}0000000000000000001" if at % 1000 == 1 else 100 + at / 1024
    return {"symbol": "GOLD", "price": price, "timestamp": NOON + at * 500, **odd}


@pytest.fixture(scope="module")
def filled(service: Service) -> Service:
    for path, made in (("/api/readings/batch", reading), ("/api/prices/batch", tick)):
        for start in range(0, COUNT, 5000):
            batch = [made(at) for at in range(start, start + 5000)]
            answer = service.client.post(path, json=batch, headers={"Prefer": "durable"})
            assert answer.json()["accepted"] == 5000
    service.settled()
    return service


def downloaded(service: Service, path: str, **parameters: str) -> pa.Table:
    answer = service.client.get(path, params=httpx.URL(path).params.merge(parameters), headers=PARQUET)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == PARQUET["Accept"]
    return pq.read_table(io.BytesIO(answer.content))


def lines(service: Service, path: str) -> list[dict[str, Any]]:
    """All items, out of NDJSON, page by page, with every digit."""
    decoder = msgspec.json.Decoder(float_hook=Decimal)
    found: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        parameters = httpx.URL(path).params.merge({"limit": "10000", **cursor})
        answer = service.client.get(path, params=parameters, headers={"Accept": "application/x-ndjson"})
        found += decoder.decode_lines(answer.content)
        if "next-cursor" not in answer.headers:
            return found
        cursor = {"cursor": answer.headers["next-cursor"]}


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_readings_are_those_of_ndjson(filled: Service) -> None:
    path = LISTS[0][0]
    rows = downloaded(filled, path).to_pylist()
    items = lines(filled, path)
    assert len(rows) == len(items) == COUNT
    for row, item in zip(rows, items, strict=True):
        assert (row["machine_id"], row["sensor_type"]) == (item["machineId"], item["sensorType"])
        assert row["timestamp"] == moment(item["timestamp"])
        assert (row["unit"], row["quality"], row["id"]) == (item["unit"], item["quality"], item["id"])
        assert row["value"] == float(item["value"])
        exact = row["value_exact"]
        assert Decimal(repr(row["value"]) if exact is None else exact) == item["value"]
    assert sum(row["value_exact"] is not None for row in rows) == COUNT // 1000


def test_rollups_are_those_of_ndjson(filled: Service) -> None:
    path = LISTS[1][0]
    rows = downloaded(filled, path).to_pylist()
    items = lines(filled, path)
    assert [(row["start"], row["count"], row["closed"]) for row in rows] == [
        (moment(item["start"]), item["count"], item["closed"]) for item in items
    ]
    for row, item in zip(rows, items, strict=True):
        for name in ("avg", "min", "max", "std"):
            # Means are rounded to what a double holds for certain there.
            assert row[name] == pytest.approx(float(item[name]), rel=1e-14)
    assert [row["closed"] for row in rows].count(False) == 1


@pytest.mark.parametrize(("path", "exported"), LISTS, ids=[each[1][0] for each in LISTS])
def test_they_are_what_the_command_writes(
    filled: Service, tmp_path: Path, path: str, exported: tuple[str, ...]
) -> None:
    table = downloaded(filled, path)
    what, *options = exported
    file = tmp_path / "exported.parquet"

    def is_the_same() -> bool:
        # Candles reach the store some time after what they are made of.
        done = marketdata("export", what, str(file), *options, cwd=filled.directory)
        assert done.returncode == 0, done.stderr
        written = pq.read_table(file)
        assert written.schema.equals(table.schema)
        return bool(written.equals(table))

    assert table.num_rows > 0
    assert eventually(is_the_same)


def test_range_and_order_are_those_of_the_list(filled: Service) -> None:
    path = LISTS[0][0]
    span = {"from": str(NOON + 1000), "to": str(NOON + 3000)}
    assert downloaded(filled, path, **span)["value"].to_pylist() == [0.25, 0.375, 0.5, 0.625]
    values = downloaded(filled, path)["value"].to_pylist()
    assert downloaded(filled, path, order="desc")["value"].to_pylist() == values[::-1]
    empty = downloaded(filled, path, **{"from": "2030-01-01T00:00:00Z"})
    assert (empty.num_rows, empty.column_names[3]) == (0, "value")


@pytest.mark.parametrize("path", [path for path, _ in LISTS])
def test_with_a_limit_it_is_one_page_and_a_cursor_goes_on_to_the_end(filled: Service, path: str) -> None:
    every = downloaded(filled, path)
    parameters = httpx.URL(path).params.merge({"limit": "7"})
    first = filled.client.get(path, params=parameters, headers=PARQUET)
    assert pq.read_table(io.BytesIO(first.content)).equals(every.slice(0, 7))
    assert downloaded(filled, path, cursor=first.headers["next-cursor"]).equals(every.slice(7))
    # Nothing is behind the last page.
    last = filled.client.get(path, params=parameters.merge({"order": "desc", "limit": "10000"}), headers=PARQUET)
    assert ("next-cursor" in last.headers) is (every.num_rows > 10_000)


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("application/vnd.apache.parquet;q=0.5, text/csv", "text/csv"),
        ("application/json;q=0.9, application/vnd.apache.parquet", "application/vnd.apache.parquet"),
        ("*/*", "application/json"),
        ("application/vnd.apache.orc", "application/json"),
        ("nonsense", "application/json"),
    ],
)
def test_accept_decides(filled: Service, accept: str, kind: str) -> None:
    answer = filled.client.get(LISTS[0][0], params={"limit": "1"}, headers={"Accept": accept})
    assert answer.headers["content-type"].partition(";")[0] == kind
    assert "Accept" in answer.headers["vary"]


def test_problems_are_those_of_the_list(filled: Service, start: Callable[..., Service]) -> None:
    for path, status in (
        ("/api/machines/CNC-001/nothing/history", 404),
        ("/api/machines/CNC-001/temperature/rollups?interval=1s", 400),
        ("/api/machines/CNC-001/temperature/history?limit=10001", 400),
        ("/api/prices/NOBODY/ticks", 404),
        ("/api/prices/GOLD/ticks?cursor=x", 400),
    ):
        answer = filled.client.get(path, headers=PARQUET)
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    without = start(STORAGE__ENABLED="false")
    without.client.post("/api/readings", json=reading(1))
    answer = without.client.get(LISTS[0][0], headers=PARQUET)
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:marketdata:problem:history-disabled")


def test_head_has_no_body(filled: Service) -> None:
    answer = filled.client.head(LISTS[0][0], headers=PARQUET)
    assert (answer.status_code, answer.headers["content-type"], answer.content) == (200, PARQUET["Accept"], b"")


def test_a_client_that_leaves_half_way_is_let_go(filled: Service) -> None:
    host, port = filled.url.removeprefix("http://").split(":")
    connections = []
    for _ in range(5):
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect((host, int(port)))
        connection.sendall(f"GET {LISTS[0][0]} HTTP/1.1\r\nHost: x\r\nAccept: {PARQUET['Accept']}\r\n\r\n".encode())
        connections.append(connection)
    for connection in connections:
        # The head, and the beginning of the file.
        assert b"200 OK" in connection.recv(1000)
        connection.close()

    def are_gone() -> bool:
        found = re.search(r"^marketdata_connections (\S+)", filled.client.get("/metrics").text, re.MULTILINE)
        return found is not None and float(found[1]) == 1

    assert eventually(are_gone)
    # Others are not held up: what they wait for has been given back.
    assert downloaded(filled, LISTS[0][0]).num_rows == COUNT
    assert "Traceback" not in filled.log.read_text()
