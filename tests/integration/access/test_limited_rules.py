"""Keys that are limited to some symbols see alerts and rules of these, and change no others."""

from typing import Any

import pytest

from support.access import bearer
from support.service import Service
from support.watcher import Watcher

from .conftest import KEYS

ADMIN = bearer(KEYS["admin"])
OPERATOR, VIEWER = bearer(KEYS["limited operator"]), bearer(KEYS["limited viewer"])


def body(rule_id: str, *keys: str) -> dict[str, Any]:
    level = {"level": {"above": 110}}
    return {"id": rule_id, "name": rule_id, "subject": "prices", "keys": list(keys), "condition": level}


@pytest.fixture(scope="module")
def alerted(guarded: Service) -> Service:
    """With three rules, and an alert of each of three symbols."""
    client = guarded.client
    for given in (body("all", "*"), body("gold", "GOLD"), body("btc", "BTC*")):
        assert client.post("/api/rules", json=given, headers=ADMIN).status_code == 201
    ticks = [{"symbol": symbol, "price": 111, "timestamp": 1769860800000} for symbol in ("GOLD", "BTCUSD", "EUR/USD")]
    client.post("/api/prices/batch", json=ticks, headers={**ADMIN, "Prefer": "durable"})
    return guarded


def found(service: Service, path: str, field: str, headers: dict[str, str]) -> list[str]:
    return sorted({each[field] for each in service.client.get(path, headers=headers).json()["items"]})


def test_they_see_alerts_of_their_symbols_and_rules_that_may_be_about_them(alerted: Service) -> None:
    assert found(alerted, "/api/alerts", "key", ADMIN) == ["BTCUSD", "EUR/USD", "GOLD"]
    assert found(alerted, "/api/alerts", "key", VIEWER) == ["BTCUSD", "EUR/USD"]
    assert found(alerted, "/api/alerts?key=GOLD", "key", VIEWER) == []
    assert found(alerted, "/api/rules", "id", VIEWER) == ["all", "btc", "readings-deviation", "readings-stale"]
    assert alerted.client.get("/api/rules/gold", headers=VIEWER).status_code == 404


def test_they_change_no_rules_and_alerts_of_others(alerted: Service) -> None:
    client = alerted.client
    assert client.post("/api/rules", json=body("mine", "BTCX", "EUR/*"), headers=OPERATOR).status_code == 201
    for keys in (("*",), ("GOLD",), ("BTCX", "E*")):
        refused = client.post("/api/rules", json=body("more", *keys), headers=OPERATOR)
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (400, "forbidden_symbol")
    assert client.delete("/api/rules/all", headers=OPERATOR).status_code == 404
    assert client.put("/api/rules/btc", json=body("btc", "*"), headers=OPERATOR).status_code == 400
    of_gold = client.get("/api/alerts?key=GOLD", headers=ADMIN).json()["items"][0]["id"]
    assert client.post(f"/api/alerts/{of_gold}/resolve", headers=OPERATOR).status_code == 404
    own = client.get("/api/alerts?key=BTCUSD", headers=ADMIN).json()["items"][0]["id"]
    answer = client.post(f"/api/alerts/{own}/acknowledge", headers=OPERATOR)
    assert answer.json()["acknowledgedBy"] == KEYS["limited operator"].name
    assert client.post(f"/api/alerts/{own}/resolve", headers=VIEWER).status_code == 403


def test_they_hear_of_alerts_of_their_symbols(alerted: Service) -> None:
    with Watcher(alerted, additional_headers=VIEWER) as watcher:
        watcher.say("subscribe", symbols=["*"], channels=["alerts"])
        watcher.until("subscribed")
        ticks = [{"symbol": symbol, "price": 112, "timestamp": 1769860900000} for symbol in ("GOLD2", "BTC2")]
        alerted.client.post("/api/prices/batch", json=ticks, headers=ADMIN)
        assert watcher.until("alert")["alert"]["key"] == "BTC2"
        assert "GOLD2" not in str(watcher.seen)
