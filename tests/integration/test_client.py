import asyncio
import os
import pty
import select
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from decimal import Decimal

import pytest
from websockets.exceptions import InvalidStatus

from marketdata_client import (
    AnomalySeen,
    Connected,
    Disconnected,
    MarketDataClient,
    Message,
    Prices,
    RequestRefused,
    Snapshot,
    StreamRefused,
    Tick,
)
from support.service import MARKETDATA, Service, environment

SECONDS = 30


async def next_of(messages: AsyncIterator[Message], *kinds: type) -> Message:
    """The next message of one of these types."""
    async with asyncio.timeout(SECONDS):
        async for message in messages:
            if isinstance(message, kinds):
                return message
    raise AssertionError("the stream has ended")


async def test_posts_and_reads_to_the_last_digit(service: Service) -> None:
    async with MarketDataClient(service.url) as client:
        price = Decimal("0.12345678901234567890123")
        accepted = await client.post(Tick("CLIENT/1", price, id="one"), durable=True)
        assert (accepted.accepted, accepted.duplicates) == (1, 0)
        assert (await client.post(Tick("CLIENT/1", price, id="one"))).duplicates == 1
        statistics = await client.statistics("client/1")
        assert statistics.current_price == price
        assert statistics.last_update_time.utcoffset() is not None


async def test_many_are_sent_in_lots_and_bad_ones_are_named_by_their_places(service: Service) -> None:
    async with MarketDataClient(service.url) as client:
        prices = [-1 if at in (5, 2100) else 100 for at in range(2500)]
        result = await client.post_many(Tick("CLIENT2", price) for price in prices)
        assert (result.accepted, result.rejected) == (2498, 2)
        assert [(error.index, error.code) for error in result.errors] == [(5, "not_positive"), (2100, "not_positive")]
        service.settled()
        assert (await client.statistics("CLIENT2")).update_count == 2498


async def test_refusals_say_why(service: Service) -> None:
    async with MarketDataClient(service.url) as client:
        with pytest.raises(RequestRefused, match="price") as refusal:
            await client.post(Tick("CLIENT3", 0))
        assert (refusal.value.status, refusal.value.kind) == (400, "validation-failed")
        with pytest.raises(RequestRefused) as refusal:
            await client.statistics("NEVER")
        assert (refusal.value.status, refusal.value.kind) == (404, "symbol-not-found")


async def test_stream_tells_snapshot_changes_and_anomalies(service: Service) -> None:
    async with MarketDataClient(service.url) as client:
        await client.post(Tick("CLIENT4", "100.10"), durable=True)
        stream = client.stream("CLIENT4", interval_ms=50)
        async with aclosing(aiter(stream)) as messages:
            assert await next_of(messages, Connected)
            snapshot = await next_of(messages, Snapshot)
            assert isinstance(snapshot, Snapshot)
            assert snapshot.prices[0].current_price == Decimal("100.10")
            await client.post(Tick("CLIENT4", 110))
            seen = {type(await next_of(messages, AnomalySeen, Prices)) for _ in range(2)}
            assert seen == {AnomalySeen, Prices}
            await stream.subscribe("CLIENT5")
            await client.post(Tick("CLIENT5", 7))
            prices = await next_of(messages, Prices)
            assert isinstance(prices, Prices)
            assert [item.symbol for item in prices.prices] == ["CLIENT5"]
            await stream.unsubscribe("CLIENT4", "CLIENT5")
            await client.post(Tick("CLIENT5", 8))
            await client.post(Tick("CLIENT4", 8))
            await stream.subscribe("CLIENT6")
            await next_of(messages, Snapshot)
            await client.post(Tick("CLIENT6", 1))
            prices = await next_of(messages, Prices, AnomalySeen)
            assert isinstance(prices, Prices)
            assert [item.symbol for item in prices.prices] == ["CLIENT6"]


async def test_stream_comes_back_with_all_its_subscriptions(start: Callable[..., Service]) -> None:
    service = start()
    port = service.url.rpartition(":")[2]
    async with MarketDataClient(service.url) as client:
        await client.post(Tick("BACK1", 1), durable=True)
        stream = client.stream("BACK1")
        async with aclosing(aiter(stream)) as messages:
            await next_of(messages, Snapshot)
            await stream.subscribe("BACK2")
            await next_of(messages, Snapshot)
            service.kill()
            assert isinstance(await next_of(messages, Disconnected), Disconnected)
            start("--no-simulation", "--port", port, again=service)
            await next_of(messages, Connected)
            snapshot = await next_of(messages, Snapshot)
            assert isinstance(snapshot, Snapshot)
            assert [item.symbol for item in snapshot.prices] == ["BACK1"]
            await client.post(Tick("BACK2", 5))
            prices = await next_of(messages, Prices)
            assert isinstance(prices, Prices)
            assert [item.symbol for item in prices.prices] == ["BACK2"]


async def test_stream_that_cannot_be_had_says_why(service: Service) -> None:
    async with MarketDataClient(service.url) as client, aclosing(aiter(client.stream("no symbol"))) as messages:
        with pytest.raises(StreamRefused, match="symbols") as refusal:
            await next_of(messages, Snapshot)
        assert refusal.value.code == "invalid_symbol"
    async with MarketDataClient(service.url + "/api") as client, aclosing(aiter(client.stream())) as messages:
        with pytest.raises(InvalidStatus):
            await next_of(messages, Snapshot)


def test_watch_shows_a_live_table_and_survives_a_restart(start: Callable[..., Service]) -> None:
    service = start()
    for price in (100, 104):
        service.client.post("/api/prices", json={"symbol": "TTY", "price": price}, headers={"Prefer": "durable"})
    ours, theirs = pty.openpty()
    watch = subprocess.Popen(
        [MARKETDATA, "watch", "TTY", "--url", service.url],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment() | {"COLUMNS": "110", "LINES": "30", "TERM": "xterm"},
    )
    os.close(theirs)
    seen = ""

    def wait_for(text: str) -> None:
        nonlocal seen
        deadline = time.monotonic() + SECONDS
        while text not in seen:
            assert time.monotonic() < deadline, seen[-2000:]
            ready, _, _ = select.select([ours], [], [], SECONDS)
            assert ready, seen[-2000:]
            seen += os.read(ours, 65536).decode(errors="replace")
        seen = seen[seen.index(text) + len(text) :]

    try:
        wait_for("connected to")
        wait_for("104")
        service.client.post("/api/prices/batch", json=[{"symbol": "TTY", "price": price} for price in (104, 90.5)])
        wait_for("▼ -12.98 %")
        service.kill()
        wait_for("no connection to")
        start("--no-simulation", "--port", service.url.rpartition(":")[2], again=service)
        wait_for("connected to")
        watch.send_signal(signal.SIGINT)
        assert watch.wait(timeout=SECONDS) == 0
    finally:
        watch.kill()
        watch.wait()
        os.close(ours)
