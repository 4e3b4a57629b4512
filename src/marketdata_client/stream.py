"""A stream that reconnects by itself."""

import asyncio
import random
import time
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import aclosing, suppress
from itertools import count
from typing import Any, Literal
from urllib.parse import urlsplit

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
    Unknown,
    Unsubscribed,
)
from marketdata_client.reasons import reason_of

Channel = Literal["prices", "anomalies"]
CHANNELS: tuple[Channel, ...] = ("prices", "anomalies")

_RETRY_FIRST_SECONDS = 0.25
_RETRY_LAST_SECONDS = 10.0
# A connection that lasted this long resets the pause between retries.
_STEADY_SECONDS = 5.0
_SYMBOLS_AT_ONCE = 500
_MESSAGE_BYTES_MAX = 16 * 1024 * 1024

_DECODER: msgspec.json.Decoder[Received] = msgspec.json.Decoder(Received)


class StreamRefused(Exception):
    """The service rejects a subscription. code: for programs; the message is a sentence."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class _SequenceGap(WebSocketException):
    """A message is missing, so the known state may be wrong."""


class Stream:
    """Messages about symbols; an endless asynchronous iterator. Only one iteration may run at a time.

    It begins with `Connected` or `Disconnected`. When the connection is lost it yields `Disconnected`, retries with
    pauses that double up to ten seconds, resubscribes to everything, and yields `Connected`; a `Snapshot` follows, so
    that a client which overwrites its state with each message is correct again. Of the prices missed meanwhile, the
    latest are sent; anomalies missed are not sent again, and can be queried (`GET /api/anomalies?since=`). Messages of
    a type unknown to this client are ignored.

    Raises:
        ValueError: the address is invalid.
        StreamRefused: the service rejects a subscription, which is forgotten; another iteration runs without it.
        websockets.InvalidStatus, websockets.InvalidHandshake: the peer is not this service, or denies access.
    """

    def __init__(
        self, url: str, symbols: Iterable[str], channels: Iterable[Channel], interval_ms: int | None = None
    ) -> None:
        self._address = _address(url)
        self._interval_ms = interval_ms
        # Ordered and unique.
        self._wanted: dict[tuple[Channel, str], None] = {}
        self._socket: ClientConnection | None = None
        self._runs = False
        # Subscriptions requested, by request id.
        self._asked: dict[int, tuple[Sequence[str], Sequence[Channel]]] = {}
        self._ids = count(1)
        self._want(_normalised(symbols), tuple(channels))

    async def subscribe(self, *symbols: str, channels: Iterable[Channel] = CHANNELS) -> None:
        """Subscribe to more, now and after every reconnection."""
        wanted, channels = _normalised(symbols), tuple(channels)
        self._want(wanted, channels)
        await self._send_operation("subscribe", wanted, channels)

    async def unsubscribe(self, *symbols: str, channels: Iterable[Channel] = CHANNELS) -> None:
        """Unsubscribe. symbols: as they were subscribed to."""
        unwanted, channels = _normalised(symbols), tuple(channels)
        self._forget(unwanted, channels)
        await self._send_operation("unsubscribe", unwanted, channels)

    async def __aiter__(self) -> AsyncGenerator[Message]:
        async with aclosing(self.with_json()) as messages:
            async for message, _ in messages:
                yield message

    async def with_json(self) -> AsyncGenerator[tuple[Message, str]]:
        """Iterate likewise, with each message as it was received: "" for `Connected` and `Disconnected`."""
        if self._runs:
            raise RuntimeError("this stream is iterated over already")
        self._runs = True
        try:
            async with aclosing(self._reconnecting()) as messages:
                async for message in messages:
                    yield message
        finally:
            self._runs = False

    async def _reconnecting(self) -> AsyncGenerator[tuple[Message, str]]:
        pause = _RETRY_FIRST_SECONDS
        while True:
            connected = None
            try:
                async with connect(self._address, compression=None, max_size=_MESSAGE_BYTES_MAX) as socket:
                    connected = time.monotonic()
                    self._socket = socket
                    await self._subscribe_again()
                    yield Connected(), ""
                    async with aclosing(self._messages(socket)) as messages:
                        async for message in messages:
                            yield message
                reason = "the service closed the connection"
            except (OSError, EOFError, WebSocketException) as error:
                if not isinstance(error, (ConnectionClosed, _SequenceGap)) and process_exception(error) is not None:
                    raise
                reason = reason_of(error)
            finally:
                self._socket = None
            if connected is not None and time.monotonic() - connected > _STEADY_SECONDS:
                pause = _RETRY_FIRST_SECONDS
            delay = pause * random.uniform(0.5, 1.0)  # noqa: S311  # jitter, so that clients do not all return at once
            yield Disconnected(reason, delay), ""
            await asyncio.sleep(delay)
            pause = min(2 * pause, _RETRY_LAST_SECONDS)

    async def _messages(self, socket: ClientConnection) -> AsyncGenerator[tuple[Message, str]]:
        seq = 0
        async for frame in socket:
            text = frame if isinstance(frame, str) else frame.decode()
            message = _decoded(text)
            seq += 1
            if message.seq != seq:
                raise _SequenceGap(f"message {message.seq} came where {seq} was expected")
            if isinstance(message, Failed):
                if message.id in self._asked:
                    self._forget(*self._asked[message.id])
                raise StreamRefused(message.code, message.message)
            if not isinstance(message, (Subscribed, Unsubscribed, Unknown)):
                yield message, text

    def _want(self, symbols: Sequence[str], channels: Sequence[Channel]) -> None:
        self._wanted |= {(channel, symbol): None for channel in channels for symbol in symbols}

    def _forget(self, symbols: Sequence[str], channels: Sequence[Channel]) -> None:
        for channel in channels:
            for symbol in symbols:
                self._wanted.pop((channel, symbol), None)

    async def _subscribe_again(self) -> None:
        self._asked.clear()
        for channel in CHANNELS:
            symbols = [symbol for its, symbol in self._wanted if its == channel]
            for at in range(0, len(symbols), _SYMBOLS_AT_ONCE):
                await self._send_operation("subscribe", symbols[at : at + _SYMBOLS_AT_ONCE], (channel,))

    async def _send_operation(self, op: str, symbols: Sequence[str], channels: Sequence[Channel]) -> None:
        if self._socket is None:
            return
        said: dict[str, Any] = {"op": op, "id": next(self._ids), "symbols": symbols, "channels": channels}
        if op == "subscribe":
            self._asked[said["id"]] = (symbols, channels)
            if self._interval_ms is not None:
                said["intervalMs"] = self._interval_ms
        # A lost connection is detected by the reader, which reconnects and resubscribes.
        with suppress(ConnectionClosed):
            await self._socket.send(msgspec.json.encode(said).decode())


def _address(url: str) -> str:
    """Return the WebSocket address. Raises ValueError."""
    parts = urlsplit(url)
    schemes = {"http": "ws", "https": "wss"}
    if parts.scheme not in schemes or not parts.hostname or parts.port == 0:
        raise ValueError(f"{url!r} is no address of a service, such as http://127.0.0.1:8000")
    return parts._replace(scheme=schemes[parts.scheme], path=parts.path.rstrip("/") + "/ws").geturl()


def _normalised(symbols: Iterable[str]) -> list[str]:
    """Normalise symbols as the service does."""
    return [symbol.strip().upper() for symbol in symbols]


def _decoded(text: str) -> Received | Unknown:
    try:
        return _DECODER.decode(text)
    except msgspec.ValidationError:
        return msgspec.json.decode(text, type=Unknown)
