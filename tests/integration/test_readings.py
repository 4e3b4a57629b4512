"""Readings over HTTP: taken, counted, rolled up, recovered, forgotten, watched."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from support.service import Service, eventually
from support.watcher import Watcher

DURABLE = {"Prefer": "durable"}
NOON = 1769860800000


def post(service: Service, *readings: dict[str, Any], headers: dict[str, str] | None = None) -> dict[str, Any]:
    answer = service.client.post("/api/readings/batch", json=readings, headers=headers or DURABLE)
    found: dict[str, Any] = answer.json()
    return found


def reading(machine: str, sensor: str, value: object, **more: object) -> dict[str, Any]:
    return {"machineId": machine, "sensorType": sensor, "value": value, **more}


def sensor(service: Service, machine: str, name: str) -> dict[str, Any]:
    answer: dict[str, Any] = service.client.get(f"/api/machines/{machine}/{name}").json()
    return answer


def metric(service: Service, name: str) -> float:
    lines = service.client.get("/metrics").text.splitlines()
    return float(next(line for line in lines if line.startswith(f"{name} ")).split()[1])


def test_readings_are_taken_and_summarised(service: Service) -> None:
    body = reading("one", "Temperature", "84.6", unit="°C", quality="good", timestamp=NOON)
    assert service.client.post("/api/readings", json=body).status_code == 202
    for at, value in enumerate((85, 85.4), 1):
        answer = service.client.post(
            "/api/readings", json=reading("ONE", "temperature", value, timestamp=NOON + at), headers=DURABLE
        )
        assert (answer.status_code, answer.headers["Preference-Applied"]) == (200, "durable")
    post(service, reading("one", "temperature", -9999, quality="bad", timestamp=NOON))
    assert sensor(service, "one", "TEMPERATURE") == {
        "machineId": "ONE",
        "sensorType": "temperature",
        "unit": "°C",
        "value": 85.4,
        "quality": "good",
        "mean": 85.0,
        "std": 0.32659863237109,
        "min": 84.6,
        "max": 85.4,
        "count": 3,
        "badCount": 1,
        "lateCount": 1,
        "zScore": 3.0,
        "lastReadingTime": "2026-01-31T12:00:00.002Z",
    }


def test_values_may_be_zero_negative_and_as_exact_as_they_are_written(service: Service) -> None:
    exact = "-0.1000000000000000000000000001"
    post(service, *[reading("EXACT", "v", value) for value in (0, -5.5, exact)])
    raw = msgspec.json.decode(service.client.get("/api/machines/exact/v").content, type=dict[str, msgspec.Raw])
    assert Decimal(bytes(raw["value"]).decode()) == Decimal(exact)
    strings = service.client.get("/api/machines/exact/v?numbers=string").json()
    assert (strings["value"], strings["min"], strings["max"]) == (exact, "-5.5", "0.0")


@pytest.mark.parametrize(
    ("bad", "field", "code"),
    [
        ({"machineId": "A/B"}, "machineId", "invalid_machine"),
        ({"machineId": None}, "machineId", "wrong_type"),
        ({"sensorType": "A B"}, "sensorType", "invalid_sensor"),
        ({"sensorType": "s" * 62}, "sensorType", "invalid_sensor"),
        ({"value": "NaN"}, "value", "invalid_number"),
        ({"value": True}, "value", "wrong_type"),
        ({"quality": "fine"}, "quality", "unknown_value"),
        ({"unit": "\n"}, "unit", "invalid_unit"),
        ({"id": ""}, "id", "invalid_id"),
        ({"timestamp": 1700000000}, "timestamp", "invalid_timestamp"),
        ({"timestamp": "2199-01-01T00:00:00Z"}, "timestamp", "in_the_future"),
        ({"temperature": 1}, "temperature", "unknown_field"),
    ],
)
def test_bad_fields_are_named(service: Service, bad: dict[str, object], field: str, code: str) -> None:
    answer = service.client.post("/api/readings", json=reading("BAD", "x", 1) | bad)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert [(each["field"], each["code"]) for each in answer.json()["errors"]] == [(field, code)]
    assert service.client.get("/api/machines/BAD").status_code == 404


@pytest.mark.parametrize("body", [b"", b"{", b'{"machineId":"A","sensorType":"t","value":NaN}', b"\xff", b"[" * 5000])
def test_bad_bodies_take_nothing(service: Service, body: bytes) -> None:
    for path in ("/api/readings", "/api/readings/batch"):
        answer = service.client.post(path, content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == 400, answer.text


def test_limits_and_unit_of_a_type_are_those_of_the_settings(start: Callable[..., Service]) -> None:
    service = start(READINGS__SENSOR_TYPES='{"Temperature":{"unit":"°C","min":-50,"max":"200.5"}}')
    good = [reading("A", "temperature", value, unit="°C") for value in (-50, 200.5)]
    # Twice: the first time checks each of them, the second one knows them.
    for _ in range(2):
        assert post(service, *good)["accepted"] == 2
        found = post(
            service,
            reading("A", "temperature", -50.001),
            reading("A", "temperature", 201),
            reading("A", "temperature", 20, unit="°F"),
            reading("A", "pressure", 1e9, unit="Pa"),
        )
        assert (found["accepted"], found["rejected"]) == (1, 3)
        assert [(each["field"], each["code"]) for each in found["errors"]] == [
            ("value", "out_of_range"),
            ("value", "out_of_range"),
            ("unit", "wrong_unit"),
        ]
    messages = [each["message"] for each in found["errors"]]
    assert messages[0] == "must be at least -50 for sensors of the type temperature"
    assert messages[1] == "must be at most 200.5 for sensors of the type temperature"
    assert messages[2] == "must be °C for sensors of the type temperature: values are not converted"


def test_batch_takes_the_good_ones_and_accounts_for_all(start: Callable[..., Service]) -> None:
    service = start()
    good = reading("A", "t", 1, id="a")
    assert post(service, good, reading("A", "t", 2, id="b"))["accepted"] == 2
    found = post(service, good, reading("A", "t", "x"), reading("A", "t", 4, id="c"))
    assert (found["accepted"], found["rejected"], found["duplicates"]) == (1, 1, 1)
    lines = '{"machineId":"A","sensorType":"t","value":1}\n\n{"machineId":"A"}\n'
    answer = service.client.post(
        "/api/readings/batch", content=lines, headers={"Content-Type": "application/x-ndjson", **DURABLE}
    )
    assert (answer.json()["accepted"], answer.json()["rejected"]) == (1, 1)
    names = ("received", "accepted", "rejected", "duplicates", "processed", "dropped", "failed")
    account = {name: metric(service, f"marketdata_readings_{name}_total") for name in names}
    assert account["received"] == account["accepted"] + account["rejected"] + account["duplicates"] == 7
    assert account["accepted"] == account["processed"] + account["dropped"] + account["failed"] == 4
    # Prices have accounts of their own.
    assert service.settled()["received"] == 0


def test_contradiction_is_found_in_a_body_that_the_fast_parser_would_take(service: Service) -> None:
    body = b'[{"machineId":"A","sensorType":"t","value":1,"value":2}]'
    answer = service.client.post("/api/readings/batch", content=body, headers={"Content-Type": "application/json"})
    assert answer.json()["errors"][0]["code"] == "contradiction"


def test_idempotency_key_gets_the_first_answer(service: Service) -> None:
    headers = {"Idempotency-Key": "readings-1"}
    first = post(service, reading("IDEM", "t", 1), headers=headers)
    assert post(service, reading("IDEM", "t", 1), headers=headers) == first
    assert sensor(service, "IDEM", "t")["count"] == 1


def test_readings_survive_a_kill_and_a_stop(start: Callable[..., Service]) -> None:
    service = start(STORAGE__CHECKPOINT_INTERVAL_SECONDS="0.2")
    qualities = ("good", "uncertain", "bad")
    for at in range(30):
        post(service, reading("A", "t", at / 10, id=f"r{at}", unit="V", quality=qualities[at % 3], timestamp=NOON + at))
    before = sensor(service, "A", "t")
    path = "/api/machines/A/t/rollups?interval=1m"
    rollups = service.client.get(path).json()
    service.kill()
    again = start(again=service)
    assert sensor(again, "A", "t") == before
    assert again.client.get(path).json() == rollups
    assert post(again, reading("A", "t", 1, id="r29"))["duplicates"] == 1
    assert again.terminate() == 0
    third = start(again=service)
    assert sensor(third, "A", "t") == before
    assert third.client.get(path).json() == rollups


def test_history_has_every_reading_as_it_came(service: Service) -> None:
    sent = [reading("HIST", "t", at + 0.5, timestamp=NOON + at * 1000, id=str(at), quality="bad") for at in range(5)]
    post(service, *sent)
    found = list(service.pages("/api/machines/hist/t/history", limit="2"))
    assert [(each["value"], each["id"], each["quality"]) for each in found] == [
        (at + 0.5, str(at), "bad") for at in range(5)
    ]
    span = {"from": "2026-01-31T12:00:01Z", "to": "2026-01-31T12:00:03Z", "order": "desc"}
    page = service.client.get("/api/machines/HIST/t/history", params=span).json()
    assert [each["id"] for each in page["items"]] == ["2", "1"]
    text = service.client.get("/api/machines/HIST/t/history", headers={"Accept": "text/csv"}).text
    assert text.splitlines()[1] == "HIST,t,0.5,,bad,2026-01-31T12:00:00.000Z,0"


def test_rollups_are_corrected_by_what_comes_hours_late(start: Callable[..., Service]) -> None:
    service = start(STORAGE__CHECKPOINT_INTERVAL_SECONDS="0.2")
    hour = 3_600_000
    post(service, *[reading("A", "t", at, timestamp=NOON + at * hour) for at in range(6)])
    path = "/api/machines/a/t/rollups"
    before = service.client.get(path, params={"interval": "1h"}).json()["items"]
    assert [(each["avg"], each["closed"]) for each in before] == [(float(at), at < 5) for at in range(6)]
    service.kill()
    again = start(again=service)
    post(again, reading("A", "t", -7, timestamp=NOON + 60_000), reading("A", "t", 99, quality="bad", timestamp=NOON))
    found = again.client.get(path, params={"interval": "1h"}).json()["items"]
    assert found[0] == before[0] | {"avg": -3.5, "min": -7.0, "std": 3.5, "count": 2}
    assert found[1:] == before[1:]
    (day,) = again.client.get(path, params={"interval": "1d"}).json()["items"]
    assert (day["count"], day["avg"], day["min"], day["max"]) == (7, 1.14285714285714, -7.0, 5.0)
    newest = again.client.get(path, params={"interval": "1h", "order": "desc", "limit": "1"}).json()
    assert newest["items"] == [before[-1]]
    older = {"interval": "1h", "order": "desc", "cursor": newest["nextCursor"], "limit": "1"}
    assert again.client.get(path, params=older).json()["items"] == [before[-2]]
    assert again.client.get(path, params={"interval": "5m"}).status_code == 400


def test_machines_are_listed_with_their_sensors(start: Callable[..., Service]) -> None:
    service = start(PROCESSING__PARTITIONS="3")
    post(
        service,
        *[reading(f"M{at}", name, at, timestamp=NOON + at) for at in range(5) for name in ("b", "a")],
        # Sorts before M1/..., and not between its sensors.
        reading("M1-X", "a", 1, timestamp=NOON),
    )
    found = list(service.pages("/api/machines", limit="2"))
    assert [each["machineId"] for each in found] == ["M0", "M1", "M1-X", "M2", "M3", "M4"]
    assert found[1] == {
        "machineId": "M1",
        "status": "ok",
        "lastSeen": "2026-01-31T12:00:00.001Z",
        "sensors": ["a", "b"],
    }
    first = service.client.get("/api/machines?order=desc&limit=1").json()
    assert (first["items"][0]["machineId"], first["total"]) == ("M4", 6)
    assert service.client.get("/api/machines?status=alert").json() == {"items": [], "total": 0, "nextCursor": None}
    machine = service.client.get("/api/machines/m1").json()
    assert (machine["status"], [each["sensor"]["sensorType"] for each in machine["sensors"]]) == ("ok", ["a", "b"])


def test_forgotten_sensors_and_machines_are_gone(start: Callable[..., Service]) -> None:
    service = start()
    post(service, reading("A", "t", 1, timestamp=NOON), reading("A", "v", 2), reading("B", "t", 3))
    assert service.client.delete("/api/machines/A/t").status_code == 204
    for path in ("", "/history", "/rollups?interval=1m"):
        assert service.client.get(f"/api/machines/A/t{path}").status_code == 404
    assert [each["machineId"] for each in service.client.get("/api/machines").json()["items"]] == ["A", "B"]
    assert service.client.delete("/api/machines/A").status_code == 204
    assert service.client.delete("/api/machines/A").status_code == 404
    assert [each["machineId"] for each in service.client.get("/api/machines").json()["items"]] == ["B"]
    post(service, reading("A", "t", 5, timestamp=NOON))
    (rollup,) = service.client.get("/api/machines/A/t/rollups?interval=1d").json()["items"]
    assert (rollup["count"], rollup["avg"]) == (1, 5.0)


def test_sensors_are_live_by_machine_prefix_and_name(service: Service) -> None:
    post(service, reading("LIVE-1", "a", 1), reading("LIVE-1", "b", 1), reading("LIVE-11", "a", 1))

    def names(message: dict[str, Any]) -> set[str]:
        return {f"{each['machineId']}/{each['sensorType']}" for each in message["readings"]}

    with Watcher(service) as machine, Watcher(service) as single, Watcher(service) as prefix:
        machine.say("subscribe", symbols=["live-1"], channels=["readings"])
        single.say("subscribe", symbols=["LIVE-1/a"], channels=["readings"])
        prefix.say("subscribe", symbols=["LIVE-1*"], channels=["readings"])
        assert names(machine.until("snapshot")) == {"LIVE-1/a", "LIVE-1/b"}
        assert names(single.until("snapshot")) == {"LIVE-1/a"}
        assert names(prefix.until("snapshot")) == {"LIVE-1/a", "LIVE-1/b", "LIVE-11/a"}
        post(service, reading("LIVE-1", "b", 2), reading("LIVE-11", "a", 2), reading("LIVE-1", "a", 7))
        assert names(machine.until("readings")) == {"LIVE-1/a", "LIVE-1/b"}
        (state,) = single.until("readings")["readings"]
        assert (state["value"], state["count"]) == (7.0, 2)
        assert names(prefix.until("readings")) == {"LIVE-1/a", "LIVE-1/b", "LIVE-11/a"}
        machine.say("unsubscribe", symbols=["LIVE-1"], channels=["readings"])
        assert machine.until("unsubscribed")["subscriptions"]["readings"] == []


def test_number_of_sensors_is_limited(start: Callable[..., Service]) -> None:
    service = start(PROCESSING__MAX_SYMBOLS="2")
    found = post(service, reading("A", "a", 1), reading("A", "b", 1), reading("A", "c", 1), reading("A", "a", 2))
    assert (found["accepted"], found["rejected"], found["errors"][0]["code"]) == (3, 1, "sensor_limit")


def test_service_without_storage_has_readings_and_no_history(start: Callable[..., Service]) -> None:
    service = start(STORAGE__ENABLED="false")
    assert post(service, reading("A", "t", 1), headers={"Prefer": "wait=1"})["accepted"] == 1
    assert eventually(lambda: sensor(service, "A", "t").get("count")) == 1
    answer = service.client.get("/api/machines/A/t/history")
    assert (answer.status_code, "no history" in answer.json()["detail"]) == (404, True)


def test_a_simulation_has_machines_that_alert_now_and_then(start: Callable[..., Service]) -> None:
    # Ten times as fast as usual.
    service = start("--simulation", SIMULATION__SEED="1", SIMULATION__READINGS_PER_SECOND="80")

    def resolved(rule: str) -> list[dict[str, Any]]:
        return list(service.pages("/api/alerts", ruleId=rule, state="resolved"))

    names = ["CNC-001", "CNC-002", "OVEN-001", "PUMP-001"]
    assert eventually(lambda: [each["machineId"] for each in service.pages("/api/machines")] == names)
    assert eventually(lambda: resolved("readings-deviation"), seconds=60)
    assert eventually(lambda: resolved("readings-stale"), seconds=60)
    quiet = start("--simulation", SIMULATION__READINGS_PER_SECOND="0")
    assert eventually(lambda: list(quiet.pages("/api/trades")))
    assert list(quiet.pages("/api/machines")) == []
