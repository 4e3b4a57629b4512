"""Rules over HTTP: from a rule to an alert in the list and on the live channel, over a restart."""

from collections.abc import Callable
from typing import Any

import pytest

from support.service import Service, eventually
from support.watcher import Watcher

T0 = 1769860800000
DURABLE = {"Prefer": "durable"}
LEVEL = {"condition": {"level": {"above": 110}}, "cooldownSeconds": 0}


def create(service: Service, rule_id: str, *keys: str, **fields: Any) -> dict[str, Any]:
    body = {"id": rule_id, "name": rule_id, "subject": "prices", "keys": list(keys), **LEVEL, **fields}
    answer = service.client.post("/api/rules", json=body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def post(service: Service, symbol: str, *prices: float | str, first_ms: int = 0) -> None:
    ticks = [{"symbol": symbol, "price": price, "timestamp": T0 + first_ms + at} for at, price in enumerate(prices)]
    assert service.client.post("/api/prices/batch", json=ticks, headers=DURABLE).json()["accepted"] == len(ticks)


def alerts(service: Service, **query: str) -> list[dict[str, Any]]:
    return list(service.pages("/api/alerts", **query))


def test_a_rule_raises_an_alert_that_is_listed_watched_and_survives_a_kill(start: Callable[..., Service]) -> None:
    service = start()
    create(service, "level", "GO*")
    create(service, "move", "*", condition={"move": {"percent": "2", "withinMs": 1000}})
    with Watcher(service) as watcher:
        watcher.say("subscribe", symbols=["G*"], channels=["alerts"])
        watcher.until("subscribed")
        post(service, "GOLD", 100, "111.00000000000000000001")
        live = [watcher.until("alert")["alert"] for _ in range(2)]
    found = alerts(service)
    assert sorted(live, key=lambda each: each["ruleId"]) == sorted(found, key=lambda each: each["ruleId"])
    level = next(each for each in found if each["ruleId"] == "level")
    assert level | {"id": "", "value": 0} == {
        "id": "",
        "ruleId": "level",
        "ruleName": "level",
        "subject": "prices",
        "key": "GOLD",
        "severity": "warning",
        "state": "raised",
        "value": 0,
        "threshold": 110.0,
        "explanation": "value 111.00000000000000000001 is above 110",
        "raisedAt": "2026-01-31T12:00:00.001Z",
        "acknowledgedAt": None,
        "acknowledgedBy": None,
        "resolvedAt": None,
        "count": 1,
    }
    assert service.client.get("/api/alerts?numbers=string&ruleId=level").json()["items"][0]["value"] == (
        "111.00000000000000000001"
    )
    service.kill()
    again = start(again=service)
    assert alerts(again) == found
    # Still beyond the line: it is not raised again.
    post(again, "GOLD", 112, first_ms=10)
    assert alerts(again) == found
    post(again, "GOLD", 109, 113, first_ms=2000)
    states = [(each["state"], each["raisedAt"]) for each in alerts(again, ruleId="level", order="asc")]
    assert states == [("resolved", "2026-01-31T12:00:00.001Z"), ("raised", "2026-01-31T12:00:02.001Z")]


def test_a_rule_made_between_ticks_is_recovered_as_of_that_moment(start: Callable[..., Service]) -> None:
    service = start()
    post(service, "GOLD", 111)
    create(service, "late", "GOLD")
    assert alerts(service) == []
    service.kill()
    # The first price is replayed, and is still none of the rule's business.
    again = start(again=service)
    post(again, "GOLD", 100, 112, first_ms=10)
    assert [each["value"] for each in alerts(again)] == [112.0]
    again.kill()
    third = start(again=again)
    assert [each["value"] for each in alerts(third)] == [112.0]


def test_alerts_are_acknowledged_and_resolved_by_hand_and_stay_so_over_a_kill(start: Callable[..., Service]) -> None:
    service = start()
    create(service, "hand", "A", "B")
    post(service, "A", 111)
    post(service, "B", 111)
    first, second = (alerts(service, key=key)[0]["id"] for key in "AB")
    answer = service.client.post(f"/api/alerts/{first}/acknowledge")
    assert (answer.status_code, answer.json()["state"], answer.json()["acknowledgedBy"]) == (
        200,
        "acknowledged",
        "anybody",
    )
    assert service.client.post(f"/api/alerts/{first}/acknowledge").status_code == 409
    assert service.client.post(f"/api/alerts/{second}/resolve").json()["state"] == "resolved"
    closed = service.client.post(f"/api/alerts/{second}/resolve")
    assert (closed.status_code, closed.json()["type"]) == (409, "urn:marketdata:problem:alert-closed")
    assert service.client.post("/api/alerts/nosuch/resolve").status_code == 404
    service.kill()
    again = start(again=service)
    for key in "AB":
        post(again, key, 112, first_ms=5)
    assert {each["id"]: each["state"] for each in alerts(again)} == {first: "acknowledged", second: "resolved"}
    for key in "AB":
        post(again, key, 100, 113, first_ms=10)
    assert [each["state"] for each in alerts(again, key="A")] == ["raised", "resolved"]
    assert alerts(again, key="A")[1]["acknowledgedBy"] == "anybody"
    assert [each["state"] for each in alerts(again, key="B")] == ["raised", "resolved"]


def test_a_rule_is_read_replaced_and_deleted_with_its_tag(service: Service) -> None:
    made = create(service, "crud", "CRUD*", note="first")
    got = service.client.get("/api/rules/crud")
    assert (got.json(), got.headers["ETag"]) == (made, '"1"')
    assert service.client.get("/api/rules/crud", headers={"If-None-Match": '"1"'}).status_code == 304
    post(service, "CRUD1", 111)
    same = service.client.put("/api/rules/crud", json=made, headers={"If-Match": '"1"'})
    assert (same.status_code, same.headers["ETag"]) == (200, '"1"')
    changed = service.client.put("/api/rules/crud", json=made | {"note": "second"}, headers={"If-Match": '"1"'})
    assert (changed.status_code, changed.headers["ETag"]) == (200, '"2"')
    # A rule that has changed begins anew.
    assert [each["state"] for each in alerts(service, ruleId="crud")] == ["resolved"]
    stale = service.client.put("/api/rules/crud", json=made, headers={"If-Match": '"1"'})
    assert (stale.status_code, stale.json()["type"]) == (409, "urn:marketdata:problem:rule-changed")
    assert service.client.delete("/api/rules/crud", headers={"If-Match": 'W/"2"'}).status_code == 409
    assert service.client.post("/api/rules", json=made).json()["type"] == "urn:marketdata:problem:rule-exists"
    assert service.client.delete("/api/rules/crud", headers={"If-Match": '"2"'}).status_code == 204
    assert service.client.get("/api/rules/crud").status_code == 404
    post(service, "CRUD1", 1, 111, first_ms=5)
    assert len(alerts(service, ruleId="crud")) == 1


def test_rules_and_alerts_come_in_pages_both_ways(service: Service) -> None:
    for name in ("p1", "p2", "p3"):
        create(service, name, "PAGE*")
    assert [each["id"] for each in service.pages("/api/rules", limit="2") if each["id"].startswith("p")] == [
        "p1",
        "p2",
        "p3",
    ]
    backwards = [each["id"] for each in service.pages("/api/rules", limit="1", order="desc")]
    assert backwards == sorted(backwards, reverse=True)
    post(service, "PAGE", 111, 100, 112, 100, 113)
    newest = alerts(service, key="page", ruleId="p1", limit="2")
    assert [each["value"] for each in newest] == [113.0, 112.0, 111.0]
    assert alerts(service, key="page", ruleId="p1", limit="1", order="asc") == newest[::-1]
    middle = {"from": str(T0 + 2), "to": str(T0 + 4)}
    assert [each["value"] for each in alerts(service, key="PAGE", ruleId="p2", **middle)] == [112.0]
    assert {each["state"] for each in alerts(service, key="PAGE", state="resolved")} == {"resolved"}
    lines = service.client.get("/api/alerts?ruleId=p1", headers={"Accept": "text/csv"}).text.splitlines()
    assert (lines[0].split(",")[:2], len(lines)) == (["id", "ruleId"], 4)


def refused(service: Service, **fields: Any) -> dict[str, str]:
    body = {"name": "Bad", "subject": "prices", "keys": ["A"], **LEVEL, **fields}
    answer = service.client.post("/api/rules", json={key: value for key, value in body.items() if value is not ...})
    assert answer.status_code == 400, answer.text
    return {error["field"]: error["code"] for error in answer.json()["errors"]}


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({"name": ...}, {"name": "missing"}),
        ({"subject": "dreams"}, {"subject": "unknown_value"}),
        ({"keys": []}, {"keys": "wrong_count"}),
        ({"keys": ["A", "ü"]}, {"keys[1]": "invalid_key"}),
        ({"colour": "red"}, {"colour": "unknown_field"}),
        ({"severity": "mild"}, {"severity": "unknown_value"}),
        ({"notify": ["nobody"]}, {"notify[0]": "unknown_value"}),
        ({"condition": {}}, {"condition": "unknown_condition"}),
        ({"condition": {"level": {}}}, {"condition.level": "missing"}),
        ({"condition": {"level": {"above": True}}}, {"condition.level.above": "invalid_number"}),
        ({"condition": {"spread": {"above": 1}}}, {"condition": "unknown_condition"}),
        ({"condition": {"move": {"percent": 0, "withinMs": 5}}}, {"condition.move.percent": "out_of_range"}),
        ({"condition": {"range": {"low": 2, "high": 2}}}, {"condition.range.high": "out_of_range"}),
        ({"condition": {"stale": {"afterSeconds": 1, "timesUsual": 2}}}, {"condition.stale": "contradiction"}),
        ({"condition": {"all": [{"level": {"above": 1}}, {"not": 5}]}}, {"condition.all[1].not": "not_an_object"}),
        (
            {"condition": {"not": {"not": {"not": {"not": {"level": {"above": 1}}}}}}},
            {"condition.not.not.not": "too_deep"},
        ),
        ({"clear": {"deviation": {"sigmas": 1, "over": 1}}}, {"clear.deviation.over": "out_of_range"}),
    ],
)
def test_a_wrong_rule_is_refused_by_field(service: Service, fields: dict[str, Any], errors: dict[str, str]) -> None:
    assert refused(service, **fields) == errors


def test_a_body_that_is_no_rule_is_refused(service: Service) -> None:
    client = service.client
    assert client.post("/api/rules", content=b"{}", headers={"Content-Type": "text/plain"}).status_code == 415
    json = {"Content-Type": "application/json"}
    assert client.post("/api/rules", content=b"{", headers=json).json()["type"].endswith("malformed-body")
    assert client.post("/api/rules", content=b"[1]", headers=json).json()["errors"][0]["code"] == "not_an_object"
    twice = b'{"name":"a","name":"b"}'
    assert client.post("/api/rules", content=twice, headers=json).json()["errors"][0]["code"] == "contradiction"
    assert client.post("/api/rules", content=b" " * 70_000, headers=json).status_code == 413


def test_silence_raises_by_the_clock_and_a_price_resolves(service: Service) -> None:
    create(service, "silence", "QUIET", condition={"stale": {"afterSeconds": 1}})
    post(service, "QUIET", 1)
    found = eventually(lambda: alerts(service, ruleId="silence"))[0]
    assert (found["state"], found["explanation"]) == ("raised", "nothing has come for 1 s")
    post(service, "QUIET", 1, first_ms=1)
    assert alerts(service, ruleId="silence")[0]["state"] == "resolved"


def test_a_symbol_that_is_removed_takes_its_alerts_along(service: Service) -> None:
    create(service, "gone", "GONE")
    post(service, "GONE", 111)
    assert service.client.delete("/api/prices/GONE").status_code == 204
    assert alerts(service, ruleId="gone") == []
    post(service, "GONE", 111)
    assert len(alerts(service, ruleId="gone")) == 1
