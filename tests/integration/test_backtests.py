"""Back-tests: the same alerts as live, on every recording; progress, cancelling, and how many run at once."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from support.service import Service, eventually, marketdata

T0 = 1769860800000
RULES: list[dict[str, Any]] = [
    {"condition": {"move": {"percent": "0.05", "withinMs": 60000}}, "cooldownSeconds": 0},
    {"condition": {"deviation": {"sigmas": 2, "over": 50}}, "clear": {"deviation": {"sigmas": "0.5", "over": 20}}},
    {"condition": {"any": [{"range": {"low": 1, "high": 100}}, {"not": {"level": {"above": "1.35"}}}]}},
]
RECORDINGS = sorted(Path(os.environ.get("MARKETDATA_RECORDINGS", "/nowhere")).resolve().glob("*.csv"))


def rule(rule_id: str, *keys: str, **fields: Any) -> dict[str, Any]:
    return {"id": rule_id, "name": rule_id, "subject": "prices", "keys": list(keys), **fields}


def backtest(service: Service, given: dict[str, Any], **period: Any) -> dict[str, Any]:
    answer = service.client.post("/api/rules/backtest", json={"rule": given, **period}, timeout=120)
    assert answer.status_code == 200, answer.text
    assert answer.json()["state"] == "done"
    found: dict[str, Any] = answer.json()["result"]
    return found


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda path: path.name)
def test_live_and_back_test_are_equal_on_every_recording(start: Callable[..., Service], recording: Path) -> None:
    service = start(PROCESSING__PARTITIONS="3")
    given = [rule(f"r{number}", "*", **fields) for number, fields in enumerate(RULES)]
    for each in given:
        assert service.client.post("/api/rules", json=each).status_code == 201
    assert marketdata("replay", str(recording), "--url", service.url, cwd=service.directory).returncode == 0
    service.settled()
    for each in given:
        found = backtest(service, each)
        live = {alert["id"]: alert for alert in service.pages("/api/alerts", ruleId=each["id"])}
        assert (found["total"], sum(key["alerts"] for key in found["byKey"])) == (len(live), len(live))
        assert all(live[alert["id"]] == alert for alert in found["alerts"])
        assert len(found["alerts"]) == min(len(live), 1000)


@pytest.fixture(scope="module")
def logged(service: Service) -> Service:
    """With two symbols, each above 110 twice an hour for three hours."""
    ticks = [
        {"symbol": symbol, "price": price, "timestamp": T0 + hour * 3_600_000 + at * 1000}
        for hour in range(3)
        for at, price in enumerate((100, 111, 100, 112, 100))
        for symbol in ("A", "AB")
    ]
    service.client.post("/api/prices/batch", json=ticks, headers={"Prefer": "durable"})
    return service


LEVEL = {"condition": {"level": {"above": 110}}, "cooldownSeconds": 0}


def test_it_says_how_often_when_and_for_which_keys(logged: Service) -> None:
    found = backtest(logged, rule("x", "A*", **LEVEL))
    assert (found["total"], found["perDay"], found["observations"]) == (12, 12.0, 30)
    assert found["busiestHour"] == {"start": "2026-01-31T12:00:00.000Z", "alerts": 4}
    assert found["byKey"] == [{"key": "A", "alerts": 6}, {"key": "AB", "alerts": 6}]
    assert (found["from"], found["to"]) == ("2026-01-31T12:00:00.000Z", "2026-01-31T14:00:04.000Z")
    assert found["alerts"][0]["state"] == "resolved"
    assert list(logged.pages("/api/alerts")) == []


def test_a_period_is_of_event_times(logged: Service) -> None:
    hour = {"from": "2026-01-31T13:00:00Z", "to": T0 + 2 * 3_600_000}
    found = backtest(logged, rule("x", "A", **LEVEL), **hour)
    assert (found["total"], found["observations"]) == (2, 5)
    assert backtest(logged, rule("x", "NONE", **LEVEL)) == {
        "total": 0,
        "perDay": 0.0,
        "busiestHour": None,
        "byKey": [],
        "alerts": [],
        "observations": 0,
        "from": None,
        "to": None,
    }


def test_silence_is_by_the_times_of_the_log(logged: Service) -> None:
    found = backtest(logged, rule("x", "A", condition={"stale": {"afterSeconds": 60}}))
    # Between the hours, and not at the end: the log goes no further.
    assert [each["raisedAt"] for each in found["alerts"]] == ["2026-01-31T12:01:04.000Z", "2026-01-31T13:01:04.000Z"]


def test_a_client_that_does_not_wait_asks_how_far_it_is(logged: Service) -> None:
    headers = {"Prefer": "respond-async"}
    begun = logged.client.post("/api/rules/backtest", json={"rule": rule("x", "A", **LEVEL)}, headers=headers)
    assert (begun.status_code, begun.json()["state"], begun.json()["result"]) == (202, "running", None)
    place = begun.headers["Location"]
    done = eventually(lambda: (seen := logged.client.get(place).json())["state"] == "done" and seen, 60)
    assert (done["progress"], done["result"]["total"]) == (1.0, 6)
    assert logged.client.get("/api/rules/backtests/nosuch").status_code == 404


def test_more_than_may_run_at_once_are_refused_and_one_can_be_cancelled(logged: Service) -> None:
    headers, body = {"Prefer": "respond-async"}, {"rule": rule("x", "A", **LEVEL)}
    begun = [logged.client.post("/api/rules/backtest", json=body, headers=headers) for _ in range(3)]
    assert [each.status_code for each in begun] == [202, 202, 503]
    assert begun[2].headers["Retry-After"]
    for each in begun[:2]:
        assert logged.client.delete(each.headers["Location"]).status_code == 204
        assert logged.client.get(each.headers["Location"]).status_code == 404
    eventually(lambda: logged.client.post("/api/rules/backtest", json=body, headers=headers).status_code == 202)


def test_a_client_that_leaves_cancels_it(start: Callable[..., Service]) -> None:
    service = start(RULES__MAX_BACKTESTS="1")
    service.client.post("/api/prices", json={"symbol": "A", "price": 1, "timestamp": T0})
    body = {"rule": rule("x", "A", **LEVEL)}
    with pytest.raises(httpx.ReadTimeout):
        # A process takes longer than this to start.
        httpx.post(f"{service.url}/api/rules/backtest", json=body, timeout=0.05)
    eventually(lambda: service.client.post("/api/rules/backtest", json=body).status_code == 200)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, ""),
        ({"rule": {}}, "name"),
        ({"rule": {}, "since": 1}, "since"),
        ({"rule": {}, "from": "yesterday"}, "from"),
        ({"rule": rule("x", "A", **LEVEL), "from": T0 + 5, "to": T0}, "to"),
    ],
)
def test_a_wrong_request_is_refused_by_field(service: Service, body: dict[str, Any], field: str) -> None:
    answer = service.client.post("/api/rules/backtest", json=body)
    assert answer.status_code == 400
    assert field in {error["field"] for error in answer.json()["errors"]}


def test_without_a_store_there_is_nothing_to_test_on(start: Callable[..., Service]) -> None:
    service = start(STORAGE__ENABLED="false")
    answer = service.client.post("/api/rules/backtest", json={"rule": rule("x", "A", **LEVEL)})
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:marketdata:problem:history-disabled")
    assert service.client.post("/api/rules", json=rule("x", "A", **LEVEL)).status_code == 201
    service.post({"symbol": "A", "price": 111, "timestamp": T0})
    service.settled()
    found = service.client.get("/api/alerts").json()["items"]
    assert [each["state"] for each in found] == ["raised"]
    assert service.client.post(f"/api/alerts/{found[0]['id']}/resolve").json()["state"] == "resolved"
