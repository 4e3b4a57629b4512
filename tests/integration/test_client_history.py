"""Both clients read history, and the synchronous one does everything that the other does."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import httpx
import pyarrow as pa
import pytest
from websockets.exceptions import InvalidStatus

from marketdata_client import (
    AnomalySeen,
    Candle,
    Connected,
    Disconnected,
    MarketDataClient,
    Message,
    Prices,
    RequestRefused,
    Snapshot,
    StreamRefused,
    SyncMarketDataClient,
    Tick,
    TickRecord,
)
from support.service import Service

SECONDS = 30
NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def client(service: Service) -> Iterator[SyncMarketDataClient]:
    with SyncMarketDataClient(service.url) as opened:
        yield opened


def next_of(messages: Iterator[Message], *kinds: type) -> Message:
    """The next message of one of these types. Heartbeats keep it from waiting forever."""
    deadline = time.monotonic() + SECONDS
    for message in messages:
        assert time.monotonic() < deadline
        if isinstance(message, kinds):
            return message
    raise AssertionError("the stream has ended")


def test_twin_posts_and_reads_to_the_last_digit(client: SyncMarketDataClient) -> None:
    price = Decimal("0.12345678901234567890123")
    accepted = client.post(Tick("SYNC/1", price, NOON, volume="2.5", id="one"), durable=True)
    assert (accepted.accepted, accepted.duplicates) == (1, 0)
    assert client.post_many([Tick("SYNC/1", price, id="one"), Tick("SYNC/1", -1)]).rejected == 1
    assert client.statistics("sync/1").current_price == price
    (tick,) = client.ticks("sync/1")
    assert tick == TickRecord("SYNC/1", NOON, price, Decimal("2.5"), "one")


async def test_ticks_are_read_to_their_end_in_order_of_arrival(service: Service) -> None:
    async with MarketDataClient(service.url) as client:
        moments = [NOON + timedelta(milliseconds=at) for at in range(2500)]
        await client.post_many(Tick("PAGES", 100 + at, moment) for at, moment in enumerate(moments))
        assert [each.price for each in await client.ticks("PAGES")] == [100 + at for at in range(2500)]
        within = await client.ticks("PAGES", start=moments[10], end=moments[2400])
        assert [each.timestamp for each in within] == moments[10:2400]
        assert len(await client.ticks("PAGES", start=moments[10], limit=1001)) == 1001
        assert await client.ticks("PAGES", start=NOON + MINUTE) == []


async def test_candles_are_read_to_their_end_old_to_new(service: Service) -> None:
    async with MarketDataClient(service.url) as client:
        # A gap of a day, after the first.
        starts = [NOON - timedelta(days=1), *(NOON + at * MINUTE for at in range(1100))]
        await client.post_many((Tick("CANDLES", 100, start, volume=2) for start in starts), durable=True)
        found = await client.candles("CANDLES", "1m")
        assert [each.start for each in found] == starts
        hundred = Decimal("100.0")
        prices = (hundred, hundred, hundred, hundred)
        assert found[0] == Candle("CANDLES", "1m", starts[0], *prices, Decimal(2), vwap=100.0, count=1, closed=True)
        assert [each.start for each in await client.candles("CANDLES", "1m", limit=3)] == starts[-3:]
        assert [each.start for each in await client.candles("CANDLES", "1m", end=NOON + MINUTE, limit=1)] == [NOON]
        assert [each.start for each in await client.candles("CANDLES", "1m", starts[5], limit=1050)] == starts[5:1055]
        assert [each.start for each in await client.candles("CANDLES", "1m", starts[5], starts[7])] == starts[5:7]


async def test_twin_makes_a_frame_where_an_event_loop_runs(client: SyncMarketDataClient) -> None:
    client.post_many([Tick("FRAME", 100, NOON), Tick("FRAME", "103.5", NOON + MINUTE)], durable=True)
    frame = client.candles("FRAME", "1m").to_pandas()
    assert list(frame.index) == [NOON, NOON + MINUTE]
    assert list(frame["close"]) == [100.0, 103.5]
    assert frame["volume"].isna().all()


def test_anomalies_of_a_symbol_come_newest_first(client: SyncMarketDataClient) -> None:
    # Two windows, each with a spike.
    for at, prices in ((NOON, (100, 104)), (NOON + MINUTE, (104, 99))):
        client.post_many((Tick("SPIKES", price, at) for price in prices), durable=True)
    down, up = client.anomalies("spikes")
    assert (down.direction, up.direction, up.change_percent) == ("down", "up", 4.0)
    assert client.anomalies("SPIKES", limit=1) == [down]
    assert client.anomalies("SPIKES", direction="up", severity="high") == [up]
    assert client.anomalies("NEVER") == []


@pytest.mark.parametrize(
    ("refused", "status", "detail"),
    [
        (lambda client: client.ticks("NEVER"), 404, "NEVER"),
        (lambda client: client.candles("NEVER", "1m"), 404, "NEVER"),
        (lambda client: client.candles("KNOWN", "7m"), 400, "interval must be one of"),
        (lambda client: client.ticks("KNOWN", start=NOON.replace(tzinfo=None)), 400, "from must be RFC 3339 with an"),
        (lambda client: client.ticks("KNOWN", start=NOON, end=NOON), 400, "to must be later"),
        (lambda client: client.ticks("KNOWN", limit=0), 400, "limit must be between 1"),
        (lambda client: client.candles("KNOWN", "1m", limit=-1), 400, "limit must be"),
        (lambda client: client.anomalies(severity="mild"), 400, "severity must be one of"),
    ],
    ids=["ticks-404", "candles-404", "interval", "naive", "range", "limit-0", "limit-negative", "severity"],
)
def test_refusals_say_why(
    client: SyncMarketDataClient, refused: Callable[[SyncMarketDataClient], object], status: int, detail: str
) -> None:
    client.post(Tick("KNOWN", 1, NOON), durable=True)
    with pytest.raises(RequestRefused, match=detail) as refusal:
        refused(client)
    assert refusal.value.status == status


def test_twin_streams_and_comes_back_with_its_subscriptions(start: Callable[..., Service]) -> None:
    service = start()
    with (
        closing(SyncMarketDataClient(service.url)) as client,
        closing(client.stream("sync", interval_ms=50)) as messages,
    ):
        client.post(Tick("SYNC", "100.10"), durable=True)
        assert isinstance(next(messages), Connected)
        snapshot = next_of(messages, Snapshot)
        assert isinstance(snapshot, Snapshot)
        assert snapshot.prices[0].current_price == Decimal("100.10")
        client.post_many([Tick("OTHER", 1), Tick("SYNC", 110)])
        assert {type(next_of(messages, AnomalySeen, Prices)) for _ in range(2)} == {AnomalySeen, Prices}
        service.kill()
        assert isinstance(next_of(messages, Disconnected), Disconnected)
        start("--no-simulation", "--port", service.url.rpartition(":")[2], again=service)
        next_of(messages, Connected)
        snapshot = next_of(messages, Snapshot)
        assert isinstance(snapshot, Snapshot)
        assert [item.symbol for item in snapshot.prices] == ["SYNC"]


def test_stream_of_the_twin_that_cannot_be_had_says_why(client: SyncMarketDataClient) -> None:
    with closing(client.stream("no symbol")) as messages, pytest.raises(StreamRefused) as refusal:
        next_of(messages, Snapshot)
    assert refusal.value.code == "invalid_symbol"
    with closing(SyncMarketDataClient(client.url + "/api").stream()) as messages, pytest.raises(InvalidStatus):
        next_of(messages, Snapshot)
    with pytest.raises(ValueError, match="no address of a service"):
        SyncMarketDataClient("127.0.0.1:8000").stream()


def test_service_that_is_down_is_an_error_to_requests_and_told_by_the_stream(start: Callable[..., Service]) -> None:
    service = start()
    service.kill()
    with SyncMarketDataClient(service.url) as client, closing(client.stream()) as messages:
        with pytest.raises(httpx.ConnectError):
            client.candles("AAPL", "1m")
        lost = next(messages)
        assert isinstance(lost, Disconnected)
        assert 0 < lost.retry_seconds <= 0.25


def test_client_given_to_the_twin_is_left_open(service: Service) -> None:
    with httpx.Client() as http:
        SyncMarketDataClient(service.url, http=http).close()
        assert SyncMarketDataClient(service.url, http=http).anomalies("NEVER") == []


def test_client_loads_neither_pandas_nor_pyarrow_until_a_table_is_asked_for() -> None:
    script = "import sys, marketdata_client; sys.exit(not sys.modules.keys().isdisjoint({'pandas', 'pyarrow'}))"
    subprocess.run([sys.executable, "-c", script], check=True)


def test_tables_are_posted_as_arrow_and_read_back(client: SyncMarketDataClient, service: Service) -> None:
    ticks = [Tick("TABLE/1", 100 + at, NOON + at * MINUTE, volume=at or None, id=f"t-{at}") for at in range(3)]
    client.post_many(ticks, durable=True)
    read = client.ticks("TABLE/1")
    assert client.post_table(read.to_arrow()).duplicates == 3
    # Indexed by time, which is a column to Arrow.
    frame = read.to_pandas().assign(symbol="TABLE/2", id=None)
    assert client.post_table(frame, durable=True).accepted == 3
    copies = client.ticks("TABLE/2")
    assert [each.timestamp for each in copies] == [each.timestamp for each in read]
    assert [each.volume for each in copies] == [None, Decimal("1.0"), Decimal("2.0")]


async def test_rows_are_sent_in_lots_and_bad_ones_named_by_their_places(service: Service) -> None:
    prices = [-1.0 if at in (5, 21_000) else 100.0 for at in range(25_000)]
    table = pa.table({"symbol": pa.array(["TABLE/3"] * 25_000).dictionary_encode(), "price": prices})
    async with MarketDataClient(service.url) as client:
        result = await client.post_table(pa.concat_tables([table.slice(0, 7), table.slice(7)]))
        assert (result.accepted, result.rejected) == (24_998, 2)
        assert [(error.index, error.code) for error in result.errors] == [(5, "not_positive"), (21_000, "not_positive")]
        assert (await client.post_table(table.slice(0, 0))).accepted == 0
        with pytest.raises(RequestRefused, match="unknown: bid"):
            await client.post_table({"symbol": ["TABLE/3"], "price": [1.0], "bid": [1.0]})
