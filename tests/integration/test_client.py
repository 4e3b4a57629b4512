import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from websockets.asyncio.server import ServerConnection
from websockets.asyncio.server import serve as websocket_server
from websockets.exceptions import InvalidStatus

from marketdata_client import (
    AnomalySeen,
    Connected,
    Disconnected,
    Heartbeat,
    MarketDataClient,
    Message,
    Prices,
    RequestRefused,
    Snapshot,
    StreamRefused,
    Tick,
)
from support.service import Service

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
            await next_of(messages, Snapshot)
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


async def test_stream_tells_each_message_as_it_was_received_too(service: Service) -> None:
    async with MarketDataClient(service.url) as client:
        await client.post(Tick("CLIENT7", "1.25", timestamp=datetime(2026, 1, 31, tzinfo=UTC)), durable=True)
        async with aclosing(client.stream("CLIENT7", channels=["prices"]).with_json()) as messages, asyncio.timeout(30):
            assert await anext(messages) == (Connected(), "")
            message, text = await anext(messages)
    assert isinstance(message, Snapshot)
    received = json.loads(text)
    assert (received["type"], received["prices"][0]["currentPrice"]) == ("snapshot", 1.25)
    assert received["prices"][0]["lastUpdateTime"] == "2026-01-31T00:00:00.000Z"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_stream_says_in_plain_words_why_there_is_no_connection(host: str) -> None:
    with socket.socket() as unused:
        # Bound and not listening, so that nobody else listens there.
        unused.bind(("127.0.0.1", 0))
        stream = MarketDataClient(f"http://{host}:{unused.getsockname()[1]}").stream()
        async with aclosing(aiter(stream)) as messages:
            refused = await next_of(messages, Disconnected)
    assert isinstance(refused, Disconnected)
    assert refused.reason == "connection refused"


async def test_stream_that_cannot_be_had_says_why(service: Service) -> None:
    async with MarketDataClient(service.url) as client, aclosing(aiter(client.stream("no symbol"))) as messages:
        with pytest.raises(StreamRefused, match="symbols") as refusal:
            await next_of(messages, Snapshot)
        assert refusal.value.code == "invalid_symbol"
    async with MarketDataClient(service.url + "/api") as client, aclosing(aiter(client.stream())) as messages:
        with pytest.raises(InvalidStatus):
            await next_of(messages, Snapshot)


async def test_stream_forgets_what_is_unsubscribed_however_it_is_spelt(start: Callable[..., Service]) -> None:
    service = start()
    async with MarketDataClient(service.url) as client:
        await client.post_many([Tick("SPELT1", 1), Tick("SPELT2", 1)], durable=True)
        stream = client.stream(" spelt1 ", "Spelt2")
        async with aclosing(aiter(stream)) as messages:
            await next_of(messages, Snapshot)
            await stream.unsubscribe("spelt2")
            service.kill()
            start("--no-simulation", "--port", service.url.rpartition(":")[2], again=service)
            await next_of(messages, Connected)
            snapshot = await next_of(messages, Snapshot)
            assert isinstance(snapshot, Snapshot)
            assert [item.symbol for item in snapshot.prices] == ["SPELT1"]


async def test_refused_subscription_ends_the_iteration_but_not_the_stream(service: Service) -> None:
    async with MarketDataClient(service.url) as client:
        stream = client.stream("GOOD")
        async with aclosing(aiter(stream)) as messages:
            await next_of(messages, Snapshot)
            await stream.subscribe("no good")
            with pytest.raises(StreamRefused):
                await next_of(messages, Snapshot)
        async with aclosing(aiter(stream)) as messages, aclosing(aiter(stream)) as others:
            await next_of(messages, Snapshot)
            with pytest.raises(RuntimeError, match="already"):
                await next_of(others, Snapshot)
            await client.post(Tick("GOOD", 1))
            await next_of(messages, Prices)


async def test_messages_of_a_later_service_are_passed_over_and_a_missing_one_begins_anew() -> None:
    connections = 0

    async def later_service(socket: ServerConnection) -> None:
        nonlocal connections
        connections += 1
        await socket.send('{"type":"notice","seq":1,"text":"hello"}')
        await socket.send('{"type":"heartbeat","seq":2,"time":"2026-01-31T12:00:00.000Z"}')
        await socket.send('{"type":"heartbeat","seq":4,"time":"2026-01-31T12:00:00.000Z"}')
        await socket.wait_closed()

    async with websocket_server(later_service, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        stream = MarketDataClient(f"http://127.0.0.1:{port}").stream()
        async with aclosing(aiter(stream)) as messages:
            assert isinstance(await next_of(messages, Connected, Heartbeat), Connected)
            assert isinstance(await next_of(messages, Disconnected, Heartbeat), Heartbeat)
            lost = await next_of(messages, Disconnected, Heartbeat)
            assert isinstance(lost, Disconnected)
            assert "message 4 came where 3" in lost.reason
            assert isinstance(await next_of(messages, Connected, Heartbeat), Connected)
    assert connections == 2
