"""The log of readings, sent to a fresh service: the same states, roll-ups and alerts."""

import json
import random
from collections.abc import Callable
from typing import Any

import pyarrow.parquet as pq

from support.service import Service, eventually, marketdata

NOON = 1769860800000


def alerts(service: Service) -> list[dict[str, Any]]:
    volatile = ("notify",)
    found = service.pages("/api/alerts", subject="readings")
    return [{name: each[name] for name in each if name not in volatile} for each in found]


def seen(service: Service) -> list[Any]:
    path = "/api/machines/m1/t"
    rollups = service.client.get(f"{path}/rollups?interval=1h&limit=1000").json()["items"]
    return [service.client.get(path).json(), rollups, list(service.pages(f"{path}/history"))]


def test_replay_of_the_log_comes_to_the_same_states_and_alerts(start: Callable[..., Service]) -> None:
    source = random.Random(1)
    # Without silence, which is by the clock.
    settings = {"READINGS__SENSOR_TYPES": '{"t":{"low":-10,"high":10}}'}
    service = start(**settings)
    service.client.delete("/api/rules/readings-stale")
    sent: list[dict[str, Any]] = []
    for at in range(600):
        value = source.gauss(0, 1) * (8 if at % 97 == 0 else 1)
        quality = source.choice(["good"] * 9 + ["bad"])
        late = 7_200_000 if at % 50 == 49 else 0
        moment = NOON + at * 60_000 - late
        reading = {"machineId": "M1", "sensorType": "t", "value": round(value, 5), "quality": quality}
        sent.append(reading | {"timestamp": moment, "unit": "V", **({"id": f"r{at}"} if at % 3 else {})})
    for at in range(0, len(sent), 100):
        service.client.post("/api/readings/batch", json=sent[at : at + 100], headers={"Prefer": "durable"})
    before, raised = seen(service), alerts(service)
    assert {each["ruleId"] for each in raised} == {"readings-deviation", "readings-range-t"}
    fresh = start(**settings)
    fresh.client.delete("/api/rules/readings-stale")
    ended = marketdata("replay", "--subject", "readings", "--url", fresh.url, cwd=service.directory)
    assert (ended.returncode, ended.stdout.split()[0]) == (0, "600")
    eventually(lambda: fresh.client.get("/api/machines/m1/t").json().get("count") == before[0]["count"])
    assert eventually(lambda: (now := alerts(fresh)) == raised and now)
    assert seen(fresh) == before
    # A part of it: what is outside is not sent.
    part = start(**settings)
    span = ("--from", "2026-01-31T13:00:00Z", "--to", "2026-01-31T14:00:00Z")
    ended = marketdata("replay", "--subject", "readings", *span, "--url", part.url, cwd=service.directory)
    inside = [each for each in sent if NOON + 3_600_000 <= each["timestamp"] < NOON + 7_200_000]
    assert (ended.returncode, ended.stdout.split()[0]) == (0, str(len(inside)))
    both = marketdata("replay", "x.csv", "--subject", "readings", cwd=service.directory)
    assert both.returncode == 2


def test_readings_and_rollups_are_exported(start: Callable[..., Service]) -> None:
    service = start()
    batch = [
        {"machineId": "M", "sensorType": name, "value": value, "timestamp": NOON + at * 1000, "quality": quality}
        for name in ("a", "b")
        for at, (value, quality) in enumerate([(1, "good"), (-2.5, "uncertain"), ("0.1000000000000000000001", "bad")])
    ]
    service.client.post("/api/readings/batch", json=batch, headers={"Prefer": "durable"})
    assert service.terminate() == 0
    where = service.directory

    def run(*arguments: str) -> str:
        ended = marketdata("export", *arguments, cwd=where)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    assert run("readings", "all.parquet") == "6 readings in all.parquet\n"
    table = pq.read_table(where / "all.parquet").to_pylist()
    assert [(each["sensor_type"], each["value"], each["quality"]) for each in table[:2]] == [
        ("a", 1.0, "good"),
        ("a", -2.5, "uncertain"),
    ]
    assert table[2]["value_exact"] == "0.1000000000000000000001"
    run("readings", "one.csv", "--symbol", "m/b", "--to", "2026-01-31T12:00:01Z")
    text = (where / "one.csv").read_text().splitlines()
    assert text[1:] == ["M,b,1.0,,good,2026-01-31T12:00:00.000000Z,"]
    run("rollups", "days.ndjson", "--interval", "1d", "--symbol", "M/A")
    (day,) = (json.loads(line) for line in (where / "days.ndjson").read_text().splitlines())
    assert (day["avg"], day["std"], day["count"], day["closed"]) == (-0.75, 1.75, 2, False)
    run("rollups", "days.parquet", "--interval", "1d")
    assert [each["count"] for each in pq.read_table(where / "days.parquet").to_pylist()] == [2, 2]
