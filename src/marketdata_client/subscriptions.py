"""What a stream watches and how it comes back, without I/O. Both streams, asynchronous and synchronous, follow it."""

import random
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import count
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec
from websockets.client import process_exception
from websockets.exceptions import ConnectionClosed, WebSocketException

from marketdata_client.messages import Disconnected, Failed, Message, Received, Subscribed, Unknown, Unsubscribed
from marketdata_client.reasons import in_plain_words

Channel = Literal["prices", "anomalies", "moves"]
# Of a subscription that names none.
CHANNELS: tuple[Channel, ...] = ("prices", "anomalies")
MESSAGE_BYTES_MAX = 16 * 1024 * 1024
# What ends a connection, for the stream to come back or not: see `reason_of`.
LOSSES = (OSError, EOFError, WebSocketException)

_RETRY_FIRST_SECONDS = 0.25
_RETRY_LAST_SECONDS = 10.0
# A connection that lasted this long resets the pause between retries.
_STEADY_SECONDS = 5.0
_SYMBOLS_AT_ONCE = 500

_DECODER: msgspec.json.Decoder[Received] = msgspec.json.Decoder(Received)


class StreamRefused(Exception):
    """The service rejects a subscription. code: for programs; the message is a sentence."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class _SequenceGap(WebSocketException):
    """A message is missing, so the known state may be wrong."""


class Subscriptions:
    """Subscriptions over any number of connections: the frames to send, and what received frames mean."""

    def __init__(self, symbols: Iterable[str], channels: Iterable[Channel], interval_ms: int | None) -> None:
        self._interval_ms = interval_ms
        # Ordered and unique.
        self._wanted: dict[tuple[Channel, str], None] = {}
        # Subscriptions requested, by request id.
        self._asked: dict[int, tuple[Sequence[str], Sequence[Channel]]] = {}
        self._ids = count(1)
        self._seq = 0
        self._want(_normalised(symbols), tuple(channels))

    def on_connection(self) -> Iterator[str]:
        """Begin anew; return the frames that subscribe to everything wanted."""
        self._asked.clear()
        self._seq = 0
        for channel in dict.fromkeys(its for its, _ in self._wanted):
            symbols = [symbol for its, symbol in self._wanted if its == channel]
            for at in range(0, len(symbols), _SYMBOLS_AT_ONCE):
                yield self._operation("subscribe", symbols[at : at + _SYMBOLS_AT_ONCE], (channel,))

    def subscribe(self, symbols: Iterable[str], channels: Iterable[Channel]) -> str:
        """Want more; return the frame that says so."""
        wanted, channels = _normalised(symbols), tuple(channels)
        self._want(wanted, channels)
        return self._operation("subscribe", wanted, channels)

    def unsubscribe(self, symbols: Iterable[str], channels: Iterable[Channel]) -> str:
        """Want less; return the frame that says so."""
        unwanted, channels = _normalised(symbols), tuple(channels)
        self._forget(unwanted, channels)
        return self._operation("unsubscribe", unwanted, channels)

    def on_frame(self, text: str | bytes) -> Message | None:
        """Return the message to pass on, if any. Raises StreamRefused, or a WebSocketException if one is missing."""
        message = _decoded(text)
        self._seq += 1
        if message.seq != self._seq:
            raise _SequenceGap(f"message {message.seq} came where {self._seq} was expected")
        if isinstance(message, Failed):
            if message.id in self._asked:
                self._forget(*self._asked[message.id])
            raise StreamRefused(message.code, message.message)
        return None if isinstance(message, (Subscribed, Unsubscribed, Unknown)) else message

    def _want(self, symbols: Sequence[str], channels: Sequence[Channel]) -> None:
        self._wanted |= {(channel, symbol): None for channel in channels for symbol in symbols}

    def _forget(self, symbols: Sequence[str], channels: Sequence[Channel]) -> None:
        for channel in channels:
            for symbol in symbols:
                self._wanted.pop((channel, symbol), None)

    def _operation(self, op: str, symbols: Sequence[str], channels: Sequence[Channel]) -> str:
        said: dict[str, Any] = {"op": op, "id": next(self._ids), "symbols": symbols, "channels": channels}
        if op == "subscribe":
            self._asked[said["id"]] = (symbols, channels)
            if self._interval_ms is not None:
                said["intervalMs"] = self._interval_ms
        return msgspec.json.encode(said).decode()


class Retries:
    """The pauses between connections: doubled up to ten seconds, until a connection lasts."""

    def __init__(self) -> None:
        self._pause = _RETRY_FIRST_SECONDS
        self._connected: float | None = None

    def on_connection(self) -> None:
        self._connected = time.monotonic()

    def on_loss(self, reason: str) -> Disconnected:
        if self._connected is not None and time.monotonic() - self._connected > _STEADY_SECONDS:
            self._pause = _RETRY_FIRST_SECONDS
        self._connected = None
        delay = self._pause * random.uniform(0.5, 1.0)  # noqa: S311  # jitter, so that clients do not all return at once
        self._pause = min(2 * self._pause, _RETRY_LAST_SECONDS)
        return Disconnected(reason, delay)


def reason_of(error: Exception) -> str:
    """Why a connection was lost. Raises the error if another attempt would fail too."""
    if not isinstance(error, (ConnectionClosed, _SequenceGap)) and process_exception(error) is not None:
        raise error
    return in_plain_words(error)


def address(url: str) -> str:
    """Return the WebSocket address. Raises ValueError."""
    parts = urlsplit(url)
    schemes = {"http": "ws", "https": "wss"}
    if parts.scheme not in schemes or not parts.hostname or parts.port == 0:
        raise ValueError(f"{url!r} is no address of a service, such as http://127.0.0.1:8000")
    return parts._replace(scheme=schemes[parts.scheme], path=parts.path.rstrip("/") + "/ws").geturl()


def _normalised(symbols: Iterable[str]) -> list[str]:
    """Normalise symbols as the service does."""
    return [symbol.strip().upper() for symbol in symbols]


def _decoded(text: str | bytes) -> Received | Unknown:
    try:
        return _DECODER.decode(text)
    except msgspec.ValidationError:
        return msgspec.json.decode(text, type=Unknown)
