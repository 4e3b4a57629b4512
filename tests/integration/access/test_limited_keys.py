"""Keys that are limited to some symbols: others cannot be written, and do not exist for their readers."""

from typing import Any

import pytest

from support.access import bearer
from support.service import Service, eventually
from support.watcher import Watcher

from .conftest import KEYS

ADMIN = bearer(KEYS["admin"])
FEEDER, VIEWER = bearer(KEYS["limited feeder"]), bearer(KEYS["limited viewer"])
NDJSON = {"Content-Type": "application/x-ndjson"}
T0 = 1769860800000


def tick(symbol: str, price: float = 100.0, at: int = 0) -> dict[str, Any]:
    return {"symbol": symbol, "price": price, "timestamp": T0 + at}


@pytest.fixture(scope="module")
def priced(guarded: Service) -> Service:
    """With a spike of each of three symbols, of which the limited keys may see two."""
    ticks = [tick(symbol, price, at) for symbol in ("BTCUSD", "EUR/USD", "GOLD") for price, at in ((100, 0), (110, 5))]
    assert guarded.client.post("/api/prices/batch", json=ticks, headers=ADMIN).json()["accepted"] == 6

    def moves() -> bool:
        return len(guarded.client.get("/api/moves", headers=ADMIN).json()["items"]) == 3

    eventually(moves)
    return guarded


def test_ticks_of_other_symbols_are_refused_one_by_one(priced: Service) -> None:
    client = priced.client
    for symbol in (" btcx ", "BTC"):
        for _ in range(3):
            assert client.post("/api/prices", json=tick(symbol), headers=FEEDER).status_code == 202
    for headers in (FEEDER, {**FEEDER, "Prefer": "durable"}):
        for _ in range(3):
            refused = client.post("/api/prices", json=tick("xbtc"), headers=headers)
            error = {"field": "symbol", "code": "forbidden_symbol", "message": "must be one of the symbols of your key"}
            assert (refused.status_code, refused.json()["errors"]) == (400, [error])
    batch = [tick("GOLD"), tick("BTC"), {"symbol": "BTC", "price": -1}, tick("eur/x"), tick("EUR")]
    answer = client.post("/api/prices/batch", json=batch, headers=FEEDER).json()
    assert (answer["accepted"], answer["rejected"]) == (2, 3)
    assert [(each["index"], each["code"]) for each in answer["errors"]] == [
        (0, "forbidden_symbol"),
        (2, "not_positive"),
        (4, "forbidden_symbol"),
    ]
    lines = b'{"symbol":"GOLD","price":1}\n{"symbol":"BTC","price":1}\n'
    streamed = client.post("/api/prices/stream", content=lines, headers={**FEEDER, **NDJSON}).json()
    assert (streamed["accepted"], streamed["rejected"], streamed["errors"][0]["index"]) == (1, 1, 0)
    for symbol in ("XBTC", "EUR"):
        assert client.get(f"/api/prices/{symbol}", headers=ADMIN).status_code == 404


def test_batch_of_other_symbols_only_is_an_error(priced: Service) -> None:
    refused = priced.client.post("/api/prices/batch", json=[tick("GOLD"), tick("X")], headers=FEEDER)
    assert refused.status_code == 400
    assert [(each["index"], each["code"]) for each in refused.json()["errors"]] == [
        (0, "forbidden_symbol"),
        (1, "forbidden_symbol"),
    ]


def test_an_idempotency_key_belongs_to_its_sender(priced: Service) -> None:
    keyed = {"Idempotency-Key": "the-same"}
    body = [tick("BTCKEY")]
    first = priced.client.post("/api/prices/batch", json=body, headers={**FEEDER, **keyed})
    other = priced.client.post("/api/prices/batch", json=[tick("GOLD", at=7)], headers={**ADMIN, **keyed})
    again = priced.client.post("/api/prices/batch", json=body, headers={**FEEDER, **keyed})
    assert (first.status_code, other.status_code) == (202, 202)
    assert "Idempotency-Replayed" not in other.headers
    assert again.headers["Idempotency-Replayed"] == "true"


def test_other_symbols_do_not_exist_for_a_reader(priced: Service) -> None:
    client = priced.client
    for path in (
        "/api/prices/{}",
        "/api/prices/{}/candles?interval=1m",
        "/api/prices/{}/ticks",
        "/api/prices/{}/anomalies",
    ):
        for symbol in ("BTCUSD", "btcusd", "EUR/USD", "eur%2Fusd"):
            assert client.get(path.format(symbol), headers=VIEWER).status_code == 200, path
        for symbol in ("GOLD", "gold", "NOSUCH", "E%55R"):
            assert client.get(path.format(symbol), headers=VIEWER).status_code == 404, path
        assert client.get(path.format("GOLD"), headers=ADMIN).status_code == 200
    hidden = client.get("/api/prices/GOLD", headers=VIEWER).json()
    unknown = client.get("/api/prices/NOSUCH", headers=VIEWER).json()
    assert hidden["detail"].replace("GOLD", "NOSUCH") == unknown["detail"]


def test_lists_and_their_totals_have_only_the_symbols_of_the_key(priced: Service) -> None:
    client = priced.client
    page = client.get("/api/prices?limit=1000", headers=VIEWER).json()
    symbols = {each["symbol"] for each in page["items"]}
    assert {"BTCUSD", "EUR/USD"} <= symbols
    assert all(symbol.startswith(("BTC", "EUR/")) for symbol in symbols)
    assert page["total"] == len(symbols)
    assert {each["symbol"] for each in priced_pages(client, VIEWER)} == symbols
    named = client.get("/api/prices?symbols=GOLD,BTCUSD", headers=VIEWER).json()
    assert ([each["symbol"] for each in named["items"]], named["total"]) == (["BTCUSD"], 1)
    for path in ("/api/anomalies", "/api/moves"):
        seen = {each["symbol"] for each in client.get(path, headers=VIEWER).json()["items"]}
        assert seen == {"BTCUSD", "EUR/USD"}
        assert client.get(f"{path}?symbol=GOLD", headers=VIEWER).json()["items"] == []
    for anomaly in client.get("/api/anomalies", headers=ADMIN).json()["items"]:
        status = client.get(f"/api/anomalies/{anomaly['id']}", headers=VIEWER).status_code
        assert status == (404 if anomaly["symbol"] == "GOLD" else 200)


def priced_pages(client: Any, headers: dict[str, str]) -> Any:
    """All statistics, in pages of one."""
    cursor: dict[str, str] = {}
    while True:
        page = client.get("/api/prices", params={"limit": "1", **cursor}, headers=headers).json()
        yield from page["items"]
        if page["nextCursor"] is None:
            return
        cursor = {"cursor": page["nextCursor"]}


def test_subscriptions_are_narrowed_to_the_symbols_of_the_key(priced: Service) -> None:
    with Watcher(priced, additional_headers=VIEWER) as watcher:
        watcher.say("subscribe", symbols=["*"])
        assert watcher.until("subscribed")["subscriptions"]["prices"] == ["BTC*", "EUR/*"]
        seen = {item["symbol"] for item in watcher.until("snapshot", last=True)["prices"]}
        assert "GOLD" not in seen
        assert {"BTCUSD", "EUR/USD"} <= seen
        watcher.say("subscribe", symbols=["GOLD"])
        assert watcher.until("error")["code"] == "forbidden_symbol"
        watcher.say("unsubscribe", symbols=["*"])
        assert watcher.until("unsubscribed")["subscriptions"]["prices"] == []
    refused = priced.client.get("/api/stream?symbols=GOLD*", headers=VIEWER)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (400, "forbidden_symbol")


def test_stored_events_are_limited_too(priced: Service) -> None:
    found = priced.client.get("/api/anomalies?limit=1&order=asc", headers=VIEWER).json()
    assert [each["symbol"] for each in found["items"]] == ["BTCUSD"]
    rest = priced.client.get("/api/anomalies", params={"cursor": found["nextCursor"], "order": "asc"}, headers=VIEWER)
    assert [each["symbol"] for each in rest.json()["items"]] == ["EUR/USD"]


def test_benchmarks_are_those_whose_names_begin_like_the_symbols(guarded: Service) -> None:
    run = {"testType": "burst", "totalTrades": 1, "durationSeconds": 1, "tradesPerSecond": 1}
    for name, sender in (("BTC loop", FEEDER), ("loop", ADMIN)):
        headers = {**sender, "Prefer": "durable"}
        assert guarded.client.post("/api/benchmarks", json=run | {"testName": name}, headers=headers).status_code == 200
    refused = guarded.client.post("/api/benchmarks", json=run | {"testName": "loop"}, headers=FEEDER)
    assert [error["code"] for error in refused.json()["errors"]] == ["forbidden_symbol"]
    for path in ("/api/benchmarks", "/api/benchmarks/summary"):
        for viewer, names in ((VIEWER, {"BTC loop"}), (ADMIN, {"BTC loop", "loop"})):
            items = guarded.client.get(path, headers=viewer).json()["items"]
            assert names == {each["testName"] for each in items}
