import json
from datetime import UTC, datetime
from decimal import Decimal
from inspect import getdoc, signature
from typing import Any

import httpx
import pytest

from marketdata_client import MarketDataClient, RequestRefused, SyncMarketDataClient

URL = "http://service"
START, END = datetime(2026, 1, 31, 12, tzinfo=UTC), datetime(2026, 1, 31, 13, tzinfo=UTC)


def anomaly(number: int) -> dict[str, Any]:
    return {
        "id": str(number),
        "symbol": "AAPL",
        "direction": "up",
        "referencePrice": 100.0,
        "newPrice": 103.5,
        "changePercent": 3.5,
        "severity": "high",
        "detectedAt": "2026-01-31T12:00:00.500Z",
    }


MOVE = {
    "id": "m",
    "symbol": "AAPL",
    "direction": "down",
    "startedAt": "2026-01-31T12:00:00.500Z",
    "endedAt": None,
    "referencePrice": 100.12345678901234567890,
    "peakPrice": 90,
    "peakPercent": -10.1,
    "severity": "critical",
    "count": 3,
    "newer": "than this client",
}


class Lists:
    """A service that has `total` items, at most a thousand a page, and remembers what it was asked."""

    def __init__(self, total: int, item: dict[str, Any] | None = None) -> None:
        self.total = total
        self.item = item
        self.asked: list[httpx.URL] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url)
        at, limit = int(request.url.params.get("cursor", 0)), int(request.url.params["limit"])
        end = min(at + limit, self.total)
        items = [self.item or anomaly(number) for number in range(at, end)]
        return httpx.Response(200, json={"items": items, "nextCursor": str(end) if end < self.total else None})


def client_of(service: Lists) -> SyncMarketDataClient:
    return SyncMarketDataClient(URL, http=httpx.Client(transport=httpx.MockTransport(service)))


def test_list_is_read_page_by_page_to_its_end() -> None:
    service = Lists(2500)
    found = client_of(service).anomalies()
    assert [each.id for each in found] == [str(number) for number in range(2500)]
    assert [url.params.get("cursor") for url in service.asked] == [None, "1000", "2000"]


@pytest.mark.parametrize(
    ("limit", "pages"), [(1, ["1"]), (1000, ["1000"]), (1001, ["1000", "1"]), (9000, ["1000", "1000", "1000"])]
)
def test_no_more_is_asked_for_than_the_limit(limit: int, pages: list[str]) -> None:
    service = Lists(2500)
    assert len(client_of(service).anomalies(limit=limit)) == min(limit, 2500)
    assert [url.params["limit"] for url in service.asked] == pages


@pytest.mark.parametrize("name", ["anomalies", "moves"])
def test_every_filter_is_on_every_page(name: str) -> None:
    service = Lists(1500, MOVE | anomaly(0))
    list_all = getattr(client_of(service), name)
    assert len(list_all("AAPL", direction="up", severity="high", start=START, end=END)) == 1500
    filters = {"symbol": "AAPL", "direction": "up", "severity": "high"}
    times = {"from": "2026-01-31T12:00:00+00:00", "to": "2026-01-31T13:00:00+00:00"}
    assert [url.path for url in service.asked] == [f"/api/{name}"] * 2
    assert [dict(url.params) for url in service.asked] == [
        filters | times | {"limit": "1000"},
        filters | times | {"limit": "1000", "cursor": "1000"},
    ]


async def test_twin_asks_the_same() -> None:
    ours, theirs = Lists(1500), Lists(1500)
    found = client_of(ours).anomalies(symbol="A/B", limit=1200)
    async with MarketDataClient(URL, http=httpx.AsyncClient(transport=httpx.MockTransport(theirs))) as client:
        assert await client.anomalies(symbol="A/B", limit=1200) == found
    assert ours.asked == theirs.asked


def test_twin_has_the_same_methods_in_the_same_words() -> None:
    for name in ("post", "post_many", "statistics", "ticks", "candles", "anomalies", "moves", "stream"):
        ours, theirs = getattr(MarketDataClient, name), getattr(SyncMarketDataClient, name)
        assert getdoc(ours) == getdoc(theirs)
        assert signature(ours).parameters == signature(theirs).parameters
        if name != "stream":
            assert signature(ours) == signature(theirs)


def test_move_that_goes_on_has_no_end_and_every_digit() -> None:
    text = json.dumps({"items": [MOVE], "nextCursor": None}).replace("100.12345678901235", "100.12345678901234567890")
    answer = httpx.MockTransport(lambda _: httpx.Response(200, text=text))
    move = SyncMarketDataClient(URL, http=httpx.Client(transport=answer)).moves()[0]
    assert move.ended_at is None
    assert move.reference_price == Decimal("100.12345678901234567890")
    assert (move.started_at, move.peak_percent, move.count) == (START.replace(microsecond=500_000), -10.1, 3)


def test_answer_that_is_no_problem_document_is_refused_by_its_status() -> None:
    proxy = httpx.MockTransport(lambda _: httpx.Response(502, text="<html>"))
    with pytest.raises(RequestRefused, match="Bad Gateway") as refusal:
        SyncMarketDataClient(URL, http=httpx.Client(transport=proxy)).moves()
    assert (refusal.value.status, refusal.value.kind) == (502, "")
