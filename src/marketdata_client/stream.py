"""A stream that comes back by itself."""

import asyncio
import random
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import suppress
from typing import Any, Literal

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.client import process_exception
from websockets.exceptions import ConnectionClosed, WebSocketException

from marketdata_client.messages import (
    Connected,
    Disconnected,
    Failed,
    Message,
    Received,
    Subscribed,
    Unsubscribed,
)

Channel = Literal["prices", "anomalies"]

_RETRY_FIRST_SECONDS = 0.25
_RETRY_LAST_SECONDS = 10.0
_MESSAGE_BYTES_MAX = 16 * 1024 * 1024

_DECODER: msgspec.json.Decoder[Received] = msgspec.json.Decoder(Received)


class StreamRefused(Exception):
    """The service does not take a subscription. code: a word for programs; the message is a sentence."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class _OutOfStep(WebSocketException):
    """A message is missing, so that what is known may be wrong."""


class Stream:
    """Messages about symbols; an asynchronous iterator that does not end.

    It begins with `Connected` or `Disconnected`. When the connection is lost it says `Disconnected`, tries again after
    pauses that double up to ten seconds, subscribes to everything again, and says `Connected`; a `Snapshot` follows, so
    that whoever replaces what it knows by what it is told is right again. Prices in between are the latest ones;
    anomalies in between are not sent again, and can be asked for (`GET /api/anomalies?since=`).

    Raises:
        StreamRefused: the service does not take a subscription.
        websockets.InvalidStatus, websockets.InvalidHandshake: what answers is not this service, or lets nobody in.
    """

    def __init__(
        self, url: str, symbols: Iterable[str], channels: Iterable[Channel], interval_ms: int | None = None
    ) -> None:
        self._address = "ws" + url.removeprefix("http") + "/ws"
        self._interval_ms = interval_ms
        # In order, and each once.
        self._wanted: dict[tuple[Channel, str], None] = {}
        self._socket: ClientConnection | None = None
        self._want(symbols, channels)

    async def subscribe(self, *symbols: str, channels: Iterable[Channel] = ("prices", "anomalies")) -> None:
        """Watch more, from now on and after every reconnection."""
        channels = tuple(channels)
        self._want(symbols, channels)
        await self._say("subscribe", symbols, channels)

    async def unsubscribe(self, *symbols: str, channels: Iterable[Channel] = ("prices", "anomalies")) -> None:
        """Watch less. symbols: as they were subscribed to."""
        channels = tuple(channels)
        for channel in channels:
            for symbol in symbols:
                self._wanted.pop((channel, symbol), None)
        await self._say("unsubscribe", symbols, channels)

    async def __aiter__(self) -> AsyncGenerator[Message]:
        pause = _RETRY_FIRST_SECONDS
        while True:
            try:
                async with connect(self._address, compression=None, max_size=_MESSAGE_BYTES_MAX) as socket:
                    self._socket = socket
                    await self._subscribe_again()
                    yield Connected()
                    async for message in self._messages(socket):
                        pause = _RETRY_FIRST_SECONDS
                        yield message
                reason = "the service closed the connection"
            except (OSError, EOFError, WebSocketException) as error:
                if not isinstance(error, (ConnectionClosed, _OutOfStep)) and process_exception(error) is not None:
                    raise
                reason = str(error) or type(error).__name__
            finally:
                self._socket = None
            delay = pause * random.uniform(0.5, 1.0)  # noqa: S311  # so that not all clients come back at once
            yield Disconnected(reason, delay)
            await asyncio.sleep(delay)
            pause = min(2 * pause, _RETRY_LAST_SECONDS)

    async def _messages(self, socket: ClientConnection) -> AsyncIterator[Message]:
        seq = 0
        async for text in socket:
            message = _DECODER.decode(text)
            seq += 1
            if message.seq != seq:
                raise _OutOfStep(f"message {message.seq} came where {seq} was expected")
            if isinstance(message, Failed):
                raise StreamRefused(message.code, message.message)
            if not isinstance(message, (Subscribed, Unsubscribed)):
                yield message

    def _want(self, symbols: Iterable[str], channels: Iterable[Channel]) -> None:
        symbols = tuple(symbols)
        self._wanted |= {(channel, symbol): None for channel in channels for symbol in symbols}

    async def _subscribe_again(self) -> None:
        by_channel: dict[Channel, list[str]] = {}
        for channel, symbol in self._wanted:
            by_channel.setdefault(channel, []).append(symbol)
        for channel, symbols in by_channel.items():
            await self._say("subscribe", symbols, (channel,))

    async def _say(self, op: str, symbols: Iterable[str], channels: Iterable[Channel]) -> None:
        if self._socket is None:
            return
        said: dict[str, Any] = {"op": op, "symbols": tuple(symbols), "channels": tuple(channels)}
        if op == "subscribe" and self._interval_ms is not None:
            said["intervalMs"] = self._interval_ms
        # A connection just lost is noticed where messages are read, and subscribed to again.
        with suppress(ConnectionClosed):
            await self._socket.send(msgspec.json.encode(said).decode())
