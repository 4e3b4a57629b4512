"""Rules about trades and benchmarks: their conditions, over a kill, and in a back-test."""

from collections.abc import Callable
from typing import Any

from support.service import Service, eventually

T0 = 1769860800000
DURABLE = {"Prefer": "durable"}
CONDITIONS: dict[str, dict[str, Any]] = {
    "imbalance": {"imbalance": {"above": 0.5}},
    "latency": {"latency": {"above": 1000}},
    "deviation": {"deviation": {"sigmas": 3, "over": 20, "minimum": 10}},
    "large": {"level": {"above": 50}},
}


def create(service: Service, subject: str, rule_id: str, condition: dict[str, Any], *keys: str) -> dict[str, Any]:
    rule = {"name": rule_id, "subject": subject, "keys": list(keys), "condition": condition, "cooldownSeconds": 0}
    answer = service.client.post("/api/rules", json={"id": rule_id} | rule)
    assert answer.status_code == 201, answer.text
    return rule


def post(service: Service, *trades: dict[str, Any]) -> None:
    answer = service.client.post("/api/trades/batch", json=trades, headers=DURABLE)
    assert answer.json()["accepted"] == len(trades), answer.text


def trade(at: int, side: str, quantity: float, **more: Any) -> dict[str, Any]:
    return {"symbol": "FLOW", "side": side, "quantity": quantity, "timestamp": T0 + at} | more


def raised(service: Service, **query: str) -> list[tuple[str, str, Any]]:
    found = service.pages("/api/alerts", order="asc", **query)
    return [(each["ruleId"], each["state"], each["value"]) for each in found]


def test_figures_and_quantities_of_trades_raise_alerts_once_over_a_kill(start: Callable[..., Service]) -> None:
    service = start(TRADES__WINDOW="4")
    rules = {name: create(service, "trades", name, each, "FL*") for name, each in CONDITIONS.items()}
    usual = [trade(at, ("buy", "sell")[at % 2], 1 + at % 3) for at in range(20)]
    post(service, *usual)
    # The first one alone was a purchase.
    first = ("imbalance", "resolved", 1.0)
    assert raised(service) == [first]
    post(service, trade(30, "sell", 60, sentAt=T0))
    assert sorted(raised(service)) == [
        # From then until now is more than a minute.
        ("deviation", "raised", 60.0),
        first,
        ("large", "raised", 60.0),
        ("latency", "raised", raised(service, ruleId="latency")[0][2]),
    ]
    service.kill()
    again = start(TRADES__WINDOW="4", again=service)
    assert len(raised(again)) == 4
    post(again, *[trade(40 + at, "buy", 2) for at in range(4)])
    assert [each[:2] for each in raised(again, ruleId="imbalance")] == [first[:2], ("imbalance", "raised")]
    assert raised(again, ruleId="large") == [("large", "resolved", 60.0)]
    # The past raises the same.
    for name, rule in rules.items():
        answer = again.client.post("/api/rules/backtest", json={"rule": rule}).json()
        live = list(again.pages("/api/alerts", order="asc", ruleId=name))
        assert [each["value"] for each in answer["result"]["alerts"]] == [each["value"] for each in live], name
        assert answer["result"]["byKey"] == [{"key": "FLOW", "alerts": len(live)}] or answer["result"]["total"] == 1


def test_rate_of_trades_is_watched_by_the_clock(service: Service) -> None:
    create(service, "trades", "busy", {"rate": {"perSecond": 10, "overSeconds": 1}}, "FLOW")
    post(service, *[trade(at, "buy", 1) for at in range(50)])
    eventually(lambda: [each[0] for each in raised(service, ruleId="busy")] == ["busy"])


def test_trades_without_a_latency_change_nothing(service: Service) -> None:
    create(service, "trades", "slow", {"latency": {"above": 1000}}, "*")
    post(service, {"symbol": "SLOW", "side": "buy", "quantity": 1, "timestamp": T0})
    assert raised(service, ruleId="slow") == []


def test_names_of_figures_are_said_where_one_is_wrong(service: Service) -> None:
    rule = {"name": "x", "subject": "trades", "keys": ["*"], "condition": {"spread": {"above": 1}}}
    answer = service.client.post("/api/rules", json=rule)
    assert answer.status_code == 400
    assert "imbalance, latency" in answer.text


def test_a_regression_of_a_benchmark_is_caught(start: Callable[..., Service]) -> None:
    service = start()
    create(service, "benchmarks", "fall", {"throughputChange": {"below": -10}}, "*")
    create(service, "benchmarks", "rise", {"p99Change": {"above": 10}}, "*")
    for throughput, p99 in ((100, 10), (100, 10), (100, 10), (100, 10), (50, 20)):
        run = {"testType": "burst", "testName": "watched", "totalTrades": 1, "durationSeconds": 1}
        more = {"tradesPerSecond": throughput, "latencyStats": {"count": 1, "p99Us": p99}}
        assert service.client.post("/api/benchmarks", json=run | more, headers=DURABLE).is_success
    assert sorted(raised(service)) == [("fall", "raised", -50.0), ("rise", "raised", 100.0)]
    assert {each["key"] for each in service.pages("/api/alerts")} == {"burst/watched"}
