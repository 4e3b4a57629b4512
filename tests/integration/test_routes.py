import base64
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from infrastructure.engine import ENGINE
from support.service import Service, assert_balanced, eventually


def test_tick_in_statistics_out(service: Service) -> None:
    answer = service.post({"symbol": " one ", "price": 100, "timestamp": "2026-01-31T13:00:00+01:00"})
    assert (answer.status_code, answer.json()) == (202, {"accepted": 1})
    service.post({"symbol": "ONE", "price": "103.50", "timestamp": 1769860800500, "volume": 2, "id": "t-1"})
    service.settled()
    for path in ("/api/prices/ONE", "/api/prices/one"):
        answer = service.client.get(path)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/json"
        assert answer.json() == {
            "symbol": "ONE",
            "currentPrice": 103.5,
            "movingAverage": 101.75,
            "minPrice": 100.0,
            "maxPrice": 103.5,
            "updateCount": 2,
            "lateCount": 0,
            "anomalyCount": 1,
            "lastUpdateTime": "2026-01-31T12:00:00.500Z",
        }
    page = service.client.get("/api/prices/one/anomalies").json()
    assert page["nextCursor"] is None
    (anomaly,) = page["items"]
    assert re.fullmatch("[0-9a-f]{32}", anomaly.pop("id"))
    assert anomaly == {
        "symbol": "ONE",
        "direction": "up",
        "referencePrice": 100.0,
        "newPrice": 103.5,
        "changePercent": 3.5,
        "severity": "high",
        "detectedAt": "2026-01-31T12:00:00.500Z",
    }


@pytest.mark.parametrize(
    "price", ["0.1", "1e-7", "123456789012345", "64250.10", "1.123456789012345678", "0.10000000000000000001", "1e22"]
)
@pytest.mark.parametrize("quoted", [True, False], ids=["string", "number"])
def test_price_reads_back_as_the_number_that_came_in(service: Service, price: str, quoted: bool) -> None:
    symbol = f"P{price}{quoted}".replace("-", "M")
    written = f'"{price}"' if quoted else price
    body = f'{{"symbol":"{symbol}","price":{written}}}'
    assert (
        service.client.post("/api/prices", content=body, headers={"Content-Type": "application/json"}).status_code
        == 202
    )
    service.settled()
    text = service.client.get(f"/api/prices/{symbol}").text
    shown = re.search('"currentPrice":([^,]+),', text)
    assert shown is not None
    assert Decimal(shown.group(1)) == Decimal(price)


def test_tick_without_a_timestamp_happens_now(service: Service) -> None:
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    service.post({"symbol": "NOW", "price": 1})
    service.settled()
    moment = datetime.fromisoformat(service.client.get("/api/prices/NOW").json()["lastUpdateTime"])
    assert before <= moment <= datetime.now(UTC)


@pytest.mark.parametrize("symbol", ["BTC/USD", "PROBIT:CP-USDT", "BATCH", "ANOMALIES", "X/ANOMALIES", ".", "a_b"])
def test_symbols_of_every_kind_are_found_by_their_address(service: Service, symbol: str) -> None:
    service.post({"symbol": symbol, "price": 1})
    service.post({"symbol": symbol, "price": 2})
    service.settled()
    escaped = symbol.replace("/", "%2F").replace(".", "%2E")
    for spelling in (escaped, escaped.lower()):
        assert service.client.get(f"/api/prices/{spelling}").json()["symbol"] == symbol.upper()
        assert len(service.client.get(f"/api/prices/{spelling}/anomalies").json()["items"]) == 1


def test_batch_takes_the_good_and_names_the_bad(service: Service) -> None:
    good, bad = {"symbol": "MANY", "price": "1"}, {"symbol": "MANY", "price": 0}
    ticks = [good, bad, {"symbol": "MANY"}, good | {"price": 2}]
    answer = service.client.post("/api/prices/batch", json=ticks)
    assert answer.status_code == 202
    assert answer.json() == {
        "accepted": 2,
        "rejected": 2,
        "errors": [
            {"field": "price", "code": "not_positive", "message": "must be greater than 0", "index": 1},
            {"field": "price", "code": "missing", "message": "is required", "index": 2},
        ],
    }
    body = '{"symbol":"MANY","price":3}\n\nnonsense\n{"symbol":"MANY","price":4}'
    answer = service.client.post("/api/prices/batch", content=body, headers={"Content-Type": "application/x-ndjson"})
    assert (answer.status_code, answer.json()["accepted"], answer.json()["rejected"]) == (202, 2, 1)
    accounts = service.settled()
    assert_balanced(accounts)
    assert service.client.get("/api/prices/MANY").json()["updateCount"] == 4


def test_only_the_first_hundred_errors_of_a_batch_are_told(service: Service) -> None:
    answer = service.client.post("/api/prices/batch", json=[{"symbol": "E", "price": 1}] + [{"symbol": "E"}] * 150)
    assert (answer.json()["accepted"], answer.json()["rejected"], len(answer.json()["errors"])) == (1, 150, 100)


def test_list_is_sorted_and_paged(service: Service) -> None:
    names = [f"L{i:03}" for i in range(25)]
    service.client.post("/api/prices/batch", json=[{"symbol": name, "price": 1} for name in reversed(names)])
    service.settled()
    items = list(service.pages("/api/prices", limit="10", symbols=",".join(names).lower()))
    assert [item["symbol"] for item in items] == names
    page = service.client.get("/api/prices", params={"symbols": "L001,NONE"}).json()
    assert ([item["symbol"] for item in page["items"]], page["total"]) == (["L001"], 1)
    everything = [item["symbol"] for item in service.pages("/api/prices", limit="7")]
    assert everything == sorted(set(everything))
    assert set(names) < set(everything)


def test_anomalies_are_filtered_and_paged(service: Service) -> None:
    prices = [100, 104, 90, 95, 100, 94]
    ticks = [{"symbol": "SPIKY", "price": price, "timestamp": 10**12 + 2000 * i} for i, price in enumerate(prices)]
    close = [{"symbol": "SPIKY", "price": price, "timestamp": 10**12 + 100_000 + i} for i, price in enumerate(prices)]
    service.client.post("/api/prices/batch", json=ticks + close)
    service.settled()
    everything = list(service.pages("/api/anomalies", symbol="spiky", limit="2"))
    assert len(everything) == 8
    times = [item["detectedAt"] for item in everything]
    assert times == sorted(times, reverse=True)
    for direction in ("up", "down"):
        some = list(service.pages("/api/anomalies", symbol="SPIKY", direction=direction))
        assert some == [item for item in everything if item["direction"] == direction]
        assert some
    for severity in ("medium", "high", "critical"):
        some = list(service.pages("/api/prices/SPIKY/anomalies", severity=severity))
        assert some == [item for item in everything if item["severity"] == severity]
    since = list(service.pages("/api/anomalies", symbol="SPIKY", since="2001-09-09T01:48:20.003Z"))
    assert since == [item for item in everything if item["detectedAt"] >= "2001-09-09T01:48:20.003Z"]
    assert list(service.pages("/api/anomalies", symbol="SPIKY", **{"from": "1000000100003"})) == since
    until = list(service.pages("/api/anomalies", symbol="SPIKY", to="1000000100003"))
    assert since + until == everything
    for limit in ("1", "3", "100"):
        assert list(service.pages("/api/anomalies", symbol="SPIKY", order="asc", limit=limit)) == everything[::-1]


def test_symbols_come_in_both_orders_and_by_their_last_update(service: Service) -> None:
    names = [f"ORDER{at}" for at in range(5)]
    ticks = [{"symbol": name, "price": 1, "timestamp": 10**12 + at} for at, name in enumerate(names)]
    service.client.post("/api/prices/batch", json=ticks)
    service.settled()
    chosen = {"symbols": ",".join(names), "limit": "2"}

    def listed(**more: str) -> list[str]:
        return [item["symbol"] for item in service.pages("/api/prices", **chosen, **more)]

    assert listed() == listed(order="asc") == names
    assert listed(order="desc") == names[::-1]
    assert listed(**{"from": "1000000000001", "to": "1000000000004"}) == names[1:4]
    assert listed(to="1000000000002", order="desc") == names[1::-1]
    page = service.client.get("/api/prices", params={**chosen, "to": "1000000000004"}).json()
    assert page["total"] == 4


def test_numbers_can_be_strings_with_every_digit(service: Service) -> None:
    service.post({"symbol": "DIGITS", "price": "0.00000638", "timestamp": 10**12, "volume": 2})
    service.post({"symbol": "DIGITS", "price": "0.12345678901234567890123", "timestamp": 10**12 + 1})
    service.settled()
    found = service.client.get("/api/prices/DIGITS", params={"numbers": "string"}).json()
    assert (found["minPrice"], found["maxPrice"]) == ("0.00000638", "0.12345678901234567890123")
    assert found["updateCount"] == 2
    (tick, _) = service.client.get("/api/prices/DIGITS/ticks", params={"numbers": "string"}).json()["items"]
    assert (tick["price"], tick["volume"], tick["id"]) == ("0.00000638", "2.0", None)
    (anomaly,) = service.client.get("/api/prices/DIGITS/anomalies", params={"numbers": "string"}).json()["items"]
    assert anomaly["newPrice"] == "0.12345678901234567890123"
    one = service.client.get(f"/api/anomalies/{anomaly['id']}", params={"numbers": "string"}).json()
    assert one["window"][0]["price"] == "0.00000638"
    lines = service.client.get(
        "/api/prices/DIGITS/ticks", params={"numbers": "string"}, headers={"Accept": "application/x-ndjson"}
    )
    assert json.loads(lines.text.splitlines()[0]) == tick
    service.post({"symbol": "SMALL", "price": "0.0000000012345678901234567", "timestamp": 10**12})
    service.settled()
    table = service.client.get("/api/prices/SMALL/ticks", headers={"Accept": "text/csv"}).text
    assert table.splitlines()[1].startswith("SMALL,0.0000000012345678901234567,")
    assert service.client.get("/api/prices/DIGITS", params={"numbers": "text"}).status_code == 400


def test_a_cursor_that_no_answer_has_given_is_refused(service: Service) -> None:
    nul = base64.urlsafe_b64encode(b'[1,"A\\u0000",1,"up"]').decode().rstrip("=")
    answer = service.client.get("/api/anomalies", params={"cursor": nul})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "invalid_cursor")


def test_averages_go_out_with_the_digits_that_mean_something(service: Service) -> None:
    prices = [137.1391, 137.1392, 137.1397, 137.1402]
    ticks = [{"symbol": "MEAN", "price": price, "timestamp": 10**12} for price in prices]
    service.client.post("/api/prices/batch", json=ticks)
    service.settled()
    assert service.client.get("/api/prices/MEAN").text.count('"movingAverage":137.13955,') == 1


def test_head_is_get_without_its_body(service: Service) -> None:
    answer = service.client.head("/health/live")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == "17"


def test_health_says_that_all_is_well(service: Service) -> None:
    assert service.client.get("/health/live").json() == {"status": "live"}
    assert service.client.get("/health/ready").json() == {"status": "ready"}
    health = service.client.get("/health").json()
    assert (health["status"], health["engine"]) == ("ok", ENGINE)
    assert health["uptimeSeconds"] > 0


def test_documentation_is_a_page(service: Service) -> None:
    page = service.client.get("/schema")
    assert page.headers["content-type"].startswith("text/html")
    assert "/schema/openapi.json" in page.text
    # Whole in itself: it works where there is no internet.
    assert "http://" not in page.text
    assert "https://" not in page.text


def test_trace_of_the_caller_is_taken_over(service: Service) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    headers = {"traceparent": f"00-{trace}-00f067aa0ba902b7-01"}
    assert service.client.get("/nowhere", headers=headers).json()["traceId"] == trace
    for bad in ("00-" + "0" * 32 + "-00f067aa0ba902b7-01", "nonsense", "00-" + trace):
        made_up = service.client.get("/nowhere", headers={"traceparent": bad}).json()["traceId"]
        assert re.fullmatch("[0-9a-f]{32}", made_up)
        assert made_up not in (trace, "0" * 32)


def test_late_ticks_are_counted(service: Service) -> None:
    before = service.settled()["late"]
    service.client.post(
        "/api/prices/batch", json=[{"symbol": "LATE", "price": 1, "timestamp": 10**12 + ms} for ms in (10, 9, 10, 8)]
    )
    assert service.settled()["late"] == before + 2
    assert service.client.get("/api/prices/LATE").json()["lateCount"] == 2


def test_metrics_show_the_accounts_and_never_a_symbol(service: Service) -> None:
    service.post({"symbol": "SECRETNAME", "price": 1})
    service.client.get("/api/prices/SECRETNAME")
    service.client.get("/no/such/path-9")
    service.client.request("PROPFIND", "/api/prices")
    service.settled()
    answer = service.client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    text = answer.text
    accounts = service.accounts()
    for name in ("received", "accepted", "rejected", "processed", "dropped", "failed", "late"):
        assert f"marketdata_ticks_{name}_total {accounts[name]}" in text.replace(".0\n", "\n")
    for expected in (
        'marketdata_queue_depth{partition="0"} 0',
        'marketdata_processing_latency_seconds_bucket{le="+Inf",partition="0"}',
        'marketdata_worker_restarts_total{partition="0"} 0',
        'marketdata_anomalies_total{direction="up",severity="high"}',
        'marketdata_http_request_duration_seconds_count{method="POST",route="/api/prices",status="202"}',
        'route="/api/prices/{symbol}",status="200"',
        'method="GET",route="unmatched",status="404"',
        'method="OTHER",route="unmatched",status="405"',
        'marketdata_message_duration_seconds_count{message="ProcessPriceUpdate",outcome="ok"}',
        "process_resident_memory_bytes",
    ):
        assert expected in text, expected
    assert "SECRETNAME" not in text
    assert "path-9" not in text


def test_a_simulation_is_named_as_one_and_keeps_its_data_apart(start: Callable[..., Service]) -> None:
    simulated = start("--simulation", SIMULATION__SEED="1")
    eventually(lambda: simulated.client.get("/api/prices/AAPL").status_code == 200)
    assert simulated.client.get("/health").json()["simulated"] is True
    assert "marketdata_simulated 1.0" in simulated.client.get("/metrics").text
    assert simulated.terminate() == 0
    data = simulated.directory / "data"
    assert {each.name for each in data.iterdir()} == {"simulation"}
    # The next one is the service as it is without arguments.
    real = start("--port", "0", again=simulated)
    assert real.client.get("/api/prices").json()["total"] == 0
    assert real.client.get("/health").json()["simulated"] is False
    assert "marketdata_simulated 0.0" in real.client.get("/metrics").text
    assert real.terminate() == 0
    again = start("--simulation", SIMULATION__SEED="1", again=real)
    assert again.client.get("/api/prices/AAPL").json()["updateCount"] > 0


def test_simulated_feed_moves_its_symbols(start: Callable[..., Service]) -> None:
    running = start("--simulation", SIMULATION__SEED="1")
    symbols = ["AAPL", "BTCUSD", "EURUSD", "GOOG", "MSFT"]
    eventually(lambda: [item["symbol"] for item in running.pages("/api/prices")] == symbols)
    first = running.accounts()["processed"]
    eventually(lambda: running.accounts()["processed"] > first + 100)
    assert_balanced(running.accounts())
