import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest

from support.service import Service, eventually

START_MS = 1_700_000_040_000  # on a minute


def post(service: Service, symbol: str, *ticks: tuple[Any, int] | tuple[Any, int, Any]) -> None:
    """(price, milliseconds after the start, volume)."""
    batch = [
        {"symbol": symbol, "price": price, "timestamp": START_MS + ms, **({"volume": volume[0]} if volume else {})}
        for price, ms, *volume in ticks
    ]
    assert service.client.post("/api/prices/batch", json=batch).status_code == 202
    service.settled()


def stamp(ms: int) -> str:
    """ms after the start, as answers show it."""
    moment = datetime.fromtimestamp((START_MS + ms) / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def candles(service: Service, symbol: str, **parameters: Any) -> list[dict[str, Any]]:
    return list(service.pages(f"/api/prices/{symbol}/candles", **parameters))


def test_candles_show_what_the_price_did_and_which_is_still_open(service: Service) -> None:
    post(service, "CANDLE", (100, 0, 1), (103, 20_000, "2"), (99.5, 59_999, 1), (101, 60_000))
    first, second = candles(service, "candle", interval="1m")
    assert first == {
        "symbol": "CANDLE",
        "interval": "1m",
        "start": "2023-11-14T22:14:00.000Z",
        "open": 100.0,
        "high": 103.0,
        "low": 99.5,
        "close": 99.5,
        "volume": 4,
        "vwap": 101.375,
        "count": 3,
        "closed": True,
    }
    assert (second["open"], second["volume"], second["vwap"], second["closed"]) == (101.0, None, None, False)
    # A late tick is corrected in.
    post(service, "CANDLE", (90, 30_000))
    assert [each["low"] for each in candles(service, "CANDLE", interval="1m")] == [90.0, 101.0]
    assert [each["count"] for each in candles(service, "CANDLE", interval="1d")] == [5]


def test_the_newest_candles_and_ticks_come_first_where_asked_for(service: Service) -> None:
    post(service, "NEWEST", *[(100 + minute, minute * 60_000) for minute in range(10)])
    newest = {"interval": "1m", "limit": "3", "order": "desc"}
    page = service.client.get("/api/prices/NEWEST/candles", params=newest).json()
    assert [each["open"] for each in page["items"]] == [109.0, 108.0, 107.0]
    assert [each["open"] for each in candles(service, "NEWEST", **newest)] == [109.0 - at for at in range(10)]
    ticks = service.client.get("/api/prices/NEWEST/ticks", params={"limit": "3", "order": "desc"}).json()
    assert [each["price"] for each in ticks["items"]] == [109.0, 108.0, 107.0]
    every = list(service.pages("/api/prices/NEWEST/ticks", limit="3", order="desc"))
    assert every == list(service.pages("/api/prices/NEWEST/ticks"))[::-1]
    assert len(every) == 10


@pytest.mark.parametrize("limit", [1, 3, 7, 1000])
def test_candles_of_a_range_come_page_by_page(service: Service, limit: int) -> None:
    symbol = f"PAGES{limit}"
    # With gaps, as in any market.
    minutes = [minute for minute in range(200) if minute % 5]
    post(service, symbol, *[(100 + minute, minute * 60_000) for minute in minutes])
    span = {"from": str(START_MS + 60_000), "to": str(START_MS + 150 * 60_000), "interval": "1m"}
    found = candles(service, symbol, limit=str(limit), **span)
    assert [each["open"] - 100 for each in found] == [minute for minute in minutes if 1 <= minute < 150]
    assert candles(service, symbol, limit=str(limit), order="desc", **span) == found[::-1]


def test_ticks_come_as_they_were_in_order_of_arrival(service: Service) -> None:
    post(service, "TICKS", (100, 0, 1), ("0.10000000000000000000000000000001", 5), (99, 2))
    items = list(service.pages("/api/prices/ticks/ticks", limit="2"))
    assert [(each["timestamp"][-4:], each["volume"]) for each in items] == [
        ("000Z", 1.0),
        ("005Z", None),
        ("002Z", None),
    ]
    text = service.client.get("/api/prices/TICKS/ticks").text
    assert '"price":0.10000000000000000000000000000001' in text
    span = {"from": str(START_MS + 1), "to": str(START_MS + 5)}
    assert [each["price"] for each in service.pages("/api/prices/TICKS/ticks", **span)] == [99.0]


def test_an_anomaly_is_explained_by_the_ticks_of_its_window(service: Service) -> None:
    post(service, "WHY", (90, 0), (100, 1), (99, 500), (100.5, 1000), (103, 1001), (104, 1001))
    (page,) = [item for item in service.pages("/api/anomalies", symbol="WHY") if item["newPrice"] == 103.0]
    found = service.client.get(f"/api/anomalies/{page['id']}").json()
    assert {key: found[key] for key in page} == page
    # One second back from the spike, both ends included, and nothing that came after it.
    assert [tick["price"] for tick in found["window"]] == [100.0, 99.0, 100.5, 103.0]
    assert found["windowComplete"] is True
    unknown = service.client.get("/api/anomalies/0123")
    assert (unknown.status_code, unknown.json()["type"]) == (404, "urn:marketdata:problem:anomaly-not-found")


def test_lists_come_as_ndjson_and_csv_too(service: Service) -> None:
    post(service, "FORMS", (100, 0, 1.5), (103, 1), ("1e-7", 2))
    for path, count in (
        ("/api/prices/FORMS/ticks", 3),
        ("/api/prices/FORMS/candles?interval=1s", 1),
        ("/api/prices/FORMS/anomalies", 2),
        ("/api/anomalies?symbol=FORMS", 2),
    ):
        items = service.client.get(path).json()["items"]
        lines = service.client.get(path, headers={"Accept": "application/x-ndjson"})
        assert lines.headers["content-type"].startswith("application/x-ndjson")
        assert [json.loads(line) for line in lines.text.splitlines()] == items
        table = service.client.get(path, headers={"Accept": "text/csv"})
        assert table.headers["content-type"].startswith("text/csv")
        rows = list(csv.DictReader(io.StringIO(table.text)))
        assert [list(row) for row in rows] == [list(item) for item in items]
        assert [row["symbol"] for row in rows] == ["FORMS"] * count
    text = service.client.get("/api/prices/FORMS/ticks", headers={"Accept": "text/csv"}).text
    assert text.splitlines()[3] == "FORMS,0.0000001,2023-11-14T22:14:00.002Z,,"


@pytest.mark.parametrize("start", ["=", "+", "-", "@"])
def test_no_cell_of_csv_is_a_formula(service: Service, start: str) -> None:
    symbol, tick_id = f"{start}1+1", f'{start}HYPERLINK("x")'
    ticks = [
        {"symbol": symbol, "price": price, "timestamp": START_MS + 200 - price, "id": tick_id} for price in (100, 90)
    ]
    service.client.post("/api/prices/batch", json=[ticks[0], ticks[1] | {"id": "plain"}]).raise_for_status()
    service.settled()
    path = f"/api/prices/{quote(symbol)}"
    for what in ("ticks", "candles?interval=1s", "anomalies"):
        items = service.client.get(f"{path}/{what}").json()["items"]
        table = service.client.get(f"{path}/{what}", headers={"Accept": "text/csv"}).text
        lines = service.client.get(f"{path}/{what}", headers={"Accept": "application/x-ndjson"}).text
        rows = list(csv.DictReader(io.StringIO(table)))
        assert {row["symbol"] for row in rows} == {f"'{symbol}"}
        # Elsewhere it stays as it is.
        assert {each["symbol"] for each in items} == {symbol}
        assert [json.loads(line) for line in lines.splitlines()] == items
    ids = csv.DictReader(io.StringIO(service.client.get(f"{path}/ticks", headers={"Accept": "text/csv"}).text))
    assert [row["id"] for row in ids] == [f"'{tick_id}", "plain"]
    # A number with a sign is no formula.
    changes = csv.DictReader(io.StringIO(service.client.get(f"{path}/anomalies", headers={"Accept": "text/csv"}).text))
    assert [float(row["changePercent"]) for row in changes] == [-10.0]


def test_the_cursor_of_a_list_without_a_place_for_it_is_in_a_header(service: Service) -> None:
    post(service, "CURSOR", (1, 0), (2, 1), (3, 2))
    path, form = "/api/prices/CURSOR/ticks", {"Accept": "application/x-ndjson"}
    first = service.client.get(path, params={"limit": "2"}, headers=form)
    assert len(first.text.splitlines()) == 2
    cursor = first.headers["Next-Cursor"]
    second = service.client.get(path, params={"limit": "2", "cursor": cursor}, headers=form)
    assert [json.loads(line)["price"] for line in second.text.splitlines()] == [3.0]
    assert "Next-Cursor" not in second.headers


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("candles", 400, "missing"),
        ("candles?interval=2m", 400, "unknown_value"),
        ("candles?interval=1m&from=200000000005&to=200000000005", 400, "out_of_range"),
        ("candles?interval=1m&limit=0", 400, "out_of_range"),
        ("candles?interval=1m&limit=10001", 400, "out_of_range"),
        ("candles?interval=1m&cursor=x", 400, "invalid_cursor"),
        ("candles?interval=1m&form=csv", 400, "unknown_parameter"),
        ("ticks?from=yesterday", 400, "invalid_timestamp"),
        ("ticks?cursor=WzFd", 400, "invalid_cursor"),
        ("ticks?cursor=WzEsOTk5OTk5OTk5OTk5OTk5OTk5OTk5OV0", 400, "invalid_cursor"),
    ],
)
def test_bad_questions_get_a_clear_answer(service: Service, path: str, status: int, code: str) -> None:
    post(service, "BAD", (1, 0))
    answer = service.client.get(f"/api/prices/BAD/{path}")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (status, code)


@pytest.mark.parametrize("what", ["candles?interval=1m", "ticks", "anomalies"])
def test_the_past_of_an_unknown_symbol_is_not_found(service: Service, what: str) -> None:
    assert service.client.get(f"/api/prices/NOBODY/{what}").status_code == 404
    assert service.client.get(f"/api/prices/no%20body/{what}").status_code == 404


def test_anomalies_beyond_those_in_memory_come_from_the_store(start: Any) -> None:
    service = start(PROCESSING__RECENT_ANOMALIES_CAPACITY="5")
    post(service, "MANY", *[(100 if at % 2 else 110, at) for at in range(60)])
    eventually(lambda: len(list(service.pages("/api/anomalies", limit="7"))) >= 59)
    found = list(service.pages("/api/anomalies", limit="7"))
    assert len({each["id"] for each in found}) == len(found) == service.accounts()["anomalies"]
    assert [each["detectedAt"] for each in found] == sorted((each["detectedAt"] for each in found), reverse=True)
    down = list(service.pages("/api/anomalies", limit="4", direction="down"))
    assert down == [each for each in found if each["direction"] == "down"]


def test_a_burst_is_one_move_and_stays_one_after_a_restart(start: Callable[..., Service]) -> None:
    service = start()
    post(service, "BURST", (100, 0), *[(103 + at * 0.01, 1 + at) for at in range(300)])
    (move,) = service.client.get("/api/moves?symbol=burst").json()["items"]
    assert (move["count"], move["referencePrice"], move["peakPrice"], move["endedAt"]) == (300, 100.0, 105.99, None)
    assert (move["peakPercent"], move["severity"], move["direction"]) == (5.99, "critical", "up")
    first = next(iter(service.pages("/api/anomalies", symbol="BURST", order="asc")))
    assert (move["id"], move["startedAt"]) == (first["id"], first["detectedAt"])
    service.terminate()
    again = start(again=service)
    assert again.client.get("/api/moves").json()["items"] == [move]
    post(again, "BURST", (106.5, 400), (106.5, 5_000))
    (move,) = again.client.get("/api/moves").json()["items"]
    assert (move["count"], move["peakPrice"], move["endedAt"]) == (301, 106.5, stamp(400))
    for query in ("severity=high", "direction=down", "symbol=NONE", f"from={START_MS + 2}", f"to={START_MS + 1}"):
        assert again.client.get(f"/api/moves?{query}").json()["items"] == []
    # Everything before it is on disk too.
    again.client.post("/api/prices", json={"symbol": "OTHER", "price": 1}, headers={"Prefer": "durable"})
    again.kill()
    # What the last checkpoint did not have is applied again from the log.
    third = start(again=again)
    assert third.client.get("/api/moves").json()["items"] == [move]
