"""Trades over HTTP: taken, counted, recovered, forgotten, watched."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from support.service import Service, eventually
from support.watcher import Watcher

DURABLE = {"Prefer": "durable"}


def post(service: Service, *trades: dict[str, Any], headers: dict[str, str] | None = None) -> dict[str, Any]:
    answer: dict[str, Any] = service.client.post("/api/trades/batch", json=trades, headers=headers or DURABLE).json()
    return answer


def trade(symbol: str, side: str, quantity: object, **more: object) -> dict[str, Any]:
    return {"symbol": symbol, "side": side, "quantity": quantity, **more}


def statistics(service: Service, symbol: str) -> dict[str, Any]:
    answer: dict[str, Any] = service.client.get(f"/api/trades/{symbol}").json()
    return answer


def metric(service: Service, name: str) -> float:
    lines = service.client.get("/metrics").text.splitlines()
    return float(next(line for line in lines if line.startswith(f"{name} ")).split()[1])


def test_one_trade_is_taken_and_summarised(service: Service) -> None:
    body = trade("one", "buy", "1.5", price=100.25, venue="XNAS", sentAt="2026-01-01T00:00:00Z")
    assert service.client.post("/api/trades", json=body).status_code == 202
    answer = service.client.post("/api/trades", json=trade("ONE", "sell", 0.5), headers=DURABLE)
    assert (answer.status_code, answer.headers["Preference-Applied"]) == (200, "durable")
    found = statistics(service, "one")
    assert (found["tradeCount"], found["buyVolume"], found["sellVolume"], found["totalVolume"]) == (2, 1.5, 0.5, 2)
    assert (found["vwap"], found["lastPrice"], found["lastQuantity"], found["imbalance"]) == (100.25, 100.25, 0.5, 0.5)
    assert found["quantity"] == {"mean": 1.0, "std": 0.5, "max": 1.5, "count": 2}
    assert (found["latencyMicros"]["count"], found["latencyMicros"]["max"]) == (1, 60_000_000)


def test_trade_without_a_symbol_has_the_default_one(service: Service) -> None:
    before = statistics(service, "DEFAULT").get("tradeCount", 0)
    assert post(service, {"side": "buy", "quantity": 1})["accepted"] == 1
    assert statistics(service, "DEFAULT")["tradeCount"] == before + 1


def test_volumes_are_exact_in_decimals(service: Service) -> None:
    post(service, *[trade("EXACT", "buy", quantity) for quantity in (0.1, 0.2, "0.00000000000000000000000000001")])
    raw = msgspec.json.decode(service.client.get("/api/trades/EXACT").content, type=dict[str, msgspec.Raw])
    assert Decimal(bytes(raw["buyVolume"]).decode()) == Decimal("0.30000000000000000000000000001")
    strings = service.client.get("/api/trades/EXACT?numbers=string").json()
    assert strings["buyVolume"] == "0.30000000000000000000000000001"


@pytest.mark.parametrize(
    ("bad", "field", "code"),
    [
        ({"side": "hold"}, "side", "unknown_value"),
        ({"side": None}, "side", "wrong_type"),
        ({"quantity": -1}, "quantity", "out_of_range"),
        ({"quantity": "NaN"}, "quantity", "invalid_number"),
        ({"quantity": True}, "quantity", "wrong_type"),
        ({"price": 0}, "price", "not_positive"),
        ({"venue": ""}, "venue", "invalid_venue"),
        ({"id": "\n"}, "id", "invalid_id"),
        ({"symbol": "A B"}, "symbol", "invalid_symbol"),
        ({"timestamp": 1700000000}, "timestamp", "invalid_timestamp"),
        ({"timestamp": "2199-01-01T00:00:00Z"}, "timestamp", "in_the_future"),
        ({"sentAt": "yesterday"}, "sentAt", "invalid_timestamp"),
        ({"qty": 1}, "qty", "unknown_field"),
    ],
)
def test_bad_fields_are_named(service: Service, bad: dict[str, object], field: str, code: str) -> None:
    answer = service.client.post("/api/trades", json=trade("BAD", "buy", 1) | bad)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert [(each["field"], each["code"]) for each in answer.json()["errors"]] == [(field, code)]
    assert service.client.get("/api/trades/BAD").status_code == 404


@pytest.mark.parametrize("body", [b"", b"{", b'{"side":"buy","quantity":NaN}', b"\xff", b"[" * 5000])
def test_bad_bodies_take_nothing(service: Service, body: bytes) -> None:
    for path in ("/api/trades", "/api/trades/batch"):
        answer = service.client.post(path, content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == 400, answer.text


def test_contradiction_is_found_in_a_body_that_the_fast_parser_would_take(service: Service) -> None:
    body = b'[{"side":"buy","quantity":1,"quantity":2}]'
    answer = service.client.post("/api/trades/batch", content=body, headers={"Content-Type": "application/json"})
    assert answer.json()["errors"][0]["code"] == "contradiction"


def test_batch_takes_the_good_ones_and_accounts_for_all(start: Callable[..., Service]) -> None:
    service = start()
    good = trade("A", "buy", 1, id="a")
    assert post(service, good, trade("A", "sell", 2, id="b"))["accepted"] == 2
    found = post(service, good, trade("A", "up", 1), trade("A", "sell", 4, id="c"))
    assert (found["accepted"], found["rejected"], found["duplicates"]) == (1, 1, 1)
    lines = '{"side":"buy","quantity":1,"symbol":"A"}\n\n{"side":"buy"}\n'
    answer = service.client.post(
        "/api/trades/batch", content=lines, headers={"Content-Type": "application/x-ndjson", **DURABLE}
    )
    assert (answer.json()["accepted"], answer.json()["rejected"]) == (1, 1)
    names = ("received", "accepted", "rejected", "duplicates", "processed", "dropped", "failed")
    account = {name: metric(service, f"marketdata_trades_{name}_total") for name in names}
    assert account["received"] == account["accepted"] + account["rejected"] + account["duplicates"] == 7
    assert account["accepted"] == account["processed"] + account["dropped"] + account["failed"] == 4
    # Prices have accounts of their own.
    assert service.settled()["received"] == 0


def test_trades_survive_a_kill_and_a_stop(start: Callable[..., Service]) -> None:
    service = start(STORAGE__CHECKPOINT_INTERVAL_SECONDS="0.2")
    for at in range(30):
        post(service, trade("A", "buy" if at % 3 else "sell", at / 10, price=100 + at, id=f"t{at}", venue="X"))
    before = statistics(service, "A")
    service.kill()
    again = start(again=service)
    assert statistics(again, "A") == before
    assert post(again, trade("A", "buy", 1, id="t29"))["duplicates"] == 1
    assert again.client.get("/metrics").text.count('trades_total{side="buy"} 20.0') == 1
    assert again.terminate() == 0
    assert statistics(start(again=service), "A") == before


def test_history_has_every_trade_as_it_came(service: Service) -> None:
    sent = [trade("HIST/A", "sell", at + 0.5, timestamp=1769860800000 + at * 1000, id=str(at)) for at in range(5)]
    post(service, *sent)
    found = list(service.pages("/api/trades/hist/a/history", limit="2"))
    assert [(each["quantity"], each["id"], each["side"]) for each in found] == [
        (at + 0.5, str(at), "sell") for at in range(5)
    ]
    span = {"from": "2026-01-31T12:00:01Z", "to": "2026-01-31T12:00:03Z", "order": "desc"}
    page = service.client.get("/api/trades/HIST%2FA/history", params=span).json()
    assert [each["id"] for each in page["items"]] == ["2", "1"]
    text = service.client.get("/api/trades/HIST%2FA/history", headers={"Accept": "text/csv"}).text
    assert text.splitlines()[1].startswith("HIST/A,sell,0.5,,,2026-01-31T12:00:00.000Z")


def test_forgotten_trades_are_gone_and_prices_are_not(service: Service) -> None:
    post(service, trade("GONE", "buy", 1))
    service.client.post("/api/prices", json={"symbol": "GONE", "price": 5}, headers=DURABLE)
    assert service.client.delete("/api/trades/GONE").status_code == 204
    for path in ("", "/history"):
        assert service.client.get(f"/api/trades/GONE{path}").status_code == 404
    assert service.client.get("/api/prices/GONE").status_code == 200
    post(service, trade("GONE", "buy", 2))
    assert statistics(service, "GONE")["tradeCount"] == 1


def test_idempotency_key_gets_the_first_answer(service: Service) -> None:
    headers = {"Idempotency-Key": "trades-1"}
    first = post(service, trade("IDEM", "buy", 1), headers=headers)
    assert post(service, trade("IDEM", "buy", 1), headers=headers) == first
    assert statistics(service, "IDEM")["tradeCount"] == 1


def test_statistics_and_executions_are_live(service: Service) -> None:
    with Watcher(service) as watcher:
        watcher.say("subscribe", symbols=["LIVE1"], channels=["trades", "executions"])
        watcher.until("snapshot")
        post(service, trade("LIVE1", "buy", 2, price=10), trade("LIVE2", "buy", 1), trade("LIVE1", "sell", 1))
        assert watcher.until("execution")["execution"]["quantity"] == 2.0
        assert watcher.until("execution")["execution"]["side"] == "sell"
        (state,) = watcher.until("trades")["trades"]
        assert (state["symbol"], state["tradeCount"]) == ("LIVE1", 2)


def test_executions_are_of_single_symbols(service: Service) -> None:
    with Watcher(service) as watcher:
        watcher.say("subscribe", symbols=["A*"], channels=["executions"])
        refused = watcher.until("error")
        assert (refused["code"], "single symbols" in refused["message"]) == ("invalid", True)
        watcher.say("subscribe", symbols=["A*"], channels=["trades"])
        watcher.until("subscribed")


def test_prices_of_trades_are_prices_where_that_is_set(start: Callable[..., Service]) -> None:
    service = start(TRADES__FEED_PRICES="true")
    post(service, trade("A", "buy", 2, price=10, id="x"), trade("A", "buy", 1), trade("B", "sell", 1, price=7))
    post(service, trade("A", "buy", 2, price=10, id="x"))
    found = service.client.get("/api/prices").json()["items"]
    assert [(each["symbol"], each["currentPrice"], each["updateCount"]) for each in found] == [
        ("A", 10.0, 1),
        ("B", 7.0, 1),
    ]


def test_prices_of_trades_are_not_prices_by_default(service: Service) -> None:
    post(service, trade("NOPRICE", "buy", 2, price=10))
    assert service.client.get("/api/prices/NOPRICE").status_code == 404


def test_benchmarks_are_recorded_compared_and_recovered(start: Callable[..., Service]) -> None:
    service = start()
    run = {
        "testType": "burst",
        "testName": "loop",
        "totalTrades": 100,
        "durationSeconds": 2,
        "tradesPerSecond": 50,
        "config": {"n": 1},
        "latencyStats": {"count": 100, "p99Us": 10, "minUs": 1},
    }
    with Watcher(service) as watcher:
        watcher.say("subscribe", symbols=["*"], channels=["benchmarks", "regressions"])
        for at, throughput in enumerate((50, 52, 51, 20)):
            stamped = run | {"tradesPerSecond": throughput, "timestamp": 1769860800000 + at}
            assert service.client.post("/api/benchmarks", json=stamped, headers=DURABLE).status_code == 200
        regression = watcher.until("regression")["regression"]
        assert (regression["figure"], regression["value"], regression["expected"]) == ("throughput", 20.0, 51.0)
    (summary,) = service.client.get("/api/benchmarks/summary").json()["items"]
    assert (summary["runs"], summary["regressions"], summary["throughput"]["best"]) == (4, 1, 52.0)
    assert [each["tradesPerSecond"] for each in service.pages("/api/benchmarks", limit="3")] == [20, 51, 52, 50]
    assert service.client.get("/api/benchmarks?testType=profile").json()["items"] == []
    since = service.client.get("/api/benchmarks?testName=loop&since=2026-01-31T12:00:00.002Z").json()["items"]
    assert [each["tradesPerSecond"] for each in since] == [20, 51]
    service.kill()
    again = start(again=service)
    assert again.client.get("/api/benchmarks/summary").json()["items"] == [summary]


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        ({"testType": "sprint"}, "testType"),
        ({"testName": ""}, "testName"),
        ({"totalTrades": -1}, "totalTrades"),
        ({"durationSeconds": -1}, "durationSeconds"),
        ({"latencyStats": {"p99Us": "x"}}, "latencyStats.p99Us"),
        ({"timestamp": 5}, "timestamp"),
    ],
)
def test_bad_benchmarks_are_refused(service: Service, bad: dict[str, object], field: str) -> None:
    run = {"testType": "burst", "testName": "a", "totalTrades": 1, "durationSeconds": 1, "tradesPerSecond": 1}
    answer = service.client.post("/api/benchmarks", json=run | bad)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)


def test_number_of_tests_is_limited(start: Callable[..., Service]) -> None:
    service = start(BENCHMARKS__MAX_TESTS="2")
    run = {"testType": "burst", "totalTrades": 1, "durationSeconds": 1, "tradesPerSecond": 1}
    statuses = [
        service.client.post("/api/benchmarks", json=run | {"testName": name}, headers=DURABLE).status_code
        for name in ("a", "b", "c", "a")
    ]
    assert statuses == [200, 200, 400, 200]
    assert eventually(lambda: service.client.get("/metrics").text.count("benchmark_tests_total{") == 2)


def test_candles_have_prices_and_both_volumes(start: Callable[..., Service]) -> None:
    service = start(STORAGE__CHECKPOINT_INTERVAL_SECONDS="0.2")
    noon = 1769860800000
    post(
        service,
        trade("A", "buy", "0.1", price=10, timestamp=noon),
        trade("A", "sell", "0.2", price=12, timestamp=noon + 30_000),
        trade("A", "buy", "0.2", timestamp=noon + 59_999),
        trade("A", "sell", 1, timestamp=noon + 60_000),
    )
    # Late: it corrects the candle that it belongs to.
    post(service, trade("A", "buy", 1, price=9, timestamp=noon + 1000))
    path, minute = "/api/trades/a/candles", {"interval": "1m"}
    first, second = service.client.get(path, params=minute).json()["items"]
    assert first == {
        "symbol": "A",
        "interval": "1m",
        "start": "2026-01-31T12:00:00.000Z",
        "open": 10.0,
        "high": 12.0,
        "low": 9.0,
        "close": 12.0,
        "buyVolume": 1.3,
        "sellVolume": 0.2,
        "count": 4,
        "closed": True,
    }
    assert (second["open"], second["sellVolume"], second["closed"]) == (None, 1, False)
    (day,) = service.client.get(path, params={"interval": "1d"}).json()["items"]
    assert (day["count"], day["buyVolume"], day["sellVolume"]) == (5, 1.3, 1.2)
    service.kill()
    again = start(again=service)
    assert again.client.get(path, params=minute).json()["items"] == [first, second]
    post(again, trade("A", "buy", 1, price=20, timestamp=noon + 2000))
    newest = again.client.get(path, params=minute | {"order": "desc", "limit": "1"}).json()
    assert newest["items"] == [second]
    older = again.client.get(path, params=minute | {"cursor": newest["nextCursor"], "order": "desc"}).json()
    assert [(each["high"], each["count"]) for each in older["items"]] == [(20.0, 5)]
    again.client.delete("/api/trades/A")
    post(again, trade("A", "buy", 7, timestamp=noon))
    assert [each["buyVolume"] for each in again.client.get(path, params=minute).json()["items"]] == [7]
