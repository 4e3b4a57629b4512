"""The log of readings, sent to a fresh service: the same states, roll-ups and alerts."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from support.mosquitto import PROGRAM, Mosquitto
from support.service import Service, eventually, marketdata

NOON = 1769860800000
TYPES = {"READINGS__SENSOR_TYPES": '{"t":{"low":-10,"high":10}}'}


def alerts(service: Service) -> list[dict[str, Any]]:
    volatile = ("notify",)
    found = service.pages("/api/alerts", subject="readings")
    return [{name: each[name] for name in each if name not in volatile} for each in found]


def seen(service: Service) -> list[Any]:
    path = "/api/machines/m1/t"
    rollups = service.client.get(f"{path}/rollups?interval=1h&limit=1000").json()["items"]
    return [service.client.get(path).json(), rollups, list(service.pages(f"{path}/history"))]


def without_silence(service: Service) -> Service:
    """It is by the clock."""
    service.client.delete("/api/rules/readings-stale")
    return service


def sent_to(service: Service) -> list[dict[str, Any]]:
    """Send readings, some bad, some late, some with ids, some out of the ordinary."""
    source = random.Random(1)
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
    return sent


def test_replay_of_the_log_comes_to_the_same_states_and_alerts(start: Callable[..., Service]) -> None:
    service = without_silence(start(**TYPES))
    sent = sent_to(service)
    before, raised = seen(service), alerts(service)
    assert {each["ruleId"] for each in raised} == {"readings-deviation", "readings-range-t"}
    fresh = without_silence(start(**TYPES))
    ended = marketdata("replay", "--subject", "readings", "--url", fresh.url, cwd=service.directory)
    assert (ended.returncode, ended.stdout.split()[0]) == (0, "600")
    eventually(lambda: fresh.client.get("/api/machines/m1/t").json().get("count") == before[0]["count"])
    assert eventually(lambda: (now := alerts(fresh)) == raised and now)
    assert seen(fresh) == before
    # A part of it: what is outside is not sent.
    part = start(**TYPES)
    span = ("--from", "2026-01-31T13:00:00Z", "--to", "2026-01-31T14:00:00Z")
    ended = marketdata("replay", "--subject", "readings", *span, "--url", part.url, cwd=service.directory)
    inside = [each for each in sent if NOON + 3_600_000 <= each["timestamp"] < NOON + 7_200_000]
    assert (ended.returncode, ended.stdout.split()[0]) == (0, str(len(inside)))
    both = marketdata("replay", "x.csv", "--subject", "readings", cwd=service.directory)
    assert both.returncode == 2


@pytest.mark.skipif(PROGRAM is None, reason="mosquitto is not installed")
def test_replay_into_a_topic_comes_to_the_same_states_and_alerts(start: Callable[..., Service], tmp_path: Path) -> None:
    broker = Mosquitto(tmp_path)
    service = without_silence(start(**TYPES))
    sent_to(service)
    twice = {"machineId": "M2", "sensorType": "t", "value": "0.1000000000000000000001", "timestamp": NOON}
    unnameable = twice | {"machineId": "A+B"}
    service.client.post("/api/readings/batch", json=[twice, twice, unnameable], headers={"Prefer": "durable"})
    to_topic = ("replay", "--subject", "readings", "--url", broker.url)
    ended = marketdata(*to_topic, "--topic", "replayed/+/+", cwd=service.directory)
    assert (ended.returncode, ended.stderr.startswith(f"Error: {broker.url}: ")) == (1, True)
    broker.start()
    fresh = without_silence(start(FEEDS__MQTT__URL=broker.url, FEEDS__MQTT__TOPIC="replayed/+/+", **TYPES))
    eventually(lambda: "\nmarketdata_mqtt_connected 1.0\n" in fresh.client.get("/metrics").text)
    for topic in ((), ("--topic", "replayed/#")):
        assert marketdata(*to_topic, *topic, cwd=service.directory).returncode == 2
    ended = marketdata(*to_topic, "--topic", "replayed/+/+", cwd=service.directory)
    assert (ended.returncode, ended.stdout.splitlines()[0].startswith("602 accepted, 1 rejected in ")) == (1, True)
    assert "no_topic: 1" in ended.stdout
    eventually(lambda: fresh.client.get("/api/machines/m2/t").json().get("count") == 2)
    before, now = (
        seen(service),
        eventually(lambda: (now := seen(fresh))[0]["count"] == seen(service)[0]["count"] and now),
    )
    # Those without an id were given one.
    for each in before[2] + now[2]:
        each.pop("id", None)
    assert now == before
    assert eventually(lambda: (found := alerts(fresh)) == alerts(service) and found)
    broker.stop()


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
