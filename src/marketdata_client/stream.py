"""A stream that reconnects by itself."""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import aclosing, suppress

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from marketdata_client.messages import Connected, Message
from marketdata_client.subscriptions import (
    CHANNELS,
    LOSSES,
    MESSAGE_BYTES_MAX,
    Channel,
    Retries,
    Subscriptions,
    address,
    reason_of,
)


class Stream:
    """Messages about symbols; an endless asynchronous iterator. Only one iteration may run at a time.

    It begins with `Connected` or `Disconnected`. When the connection is lost it yields `Disconnected`, retries with
    pauses that double up to ten seconds, resubscribes to everything, and yields `Connected`; a `Snapshot` follows, so
    that a client which overwrites its state with each message is correct again. Of the prices missed meanwhile, the
    latest are sent; anomalies missed are not sent again, and can be listed (`MarketDataClient.anomalies`). Messages of
    a type unknown to this client are ignored.

    Raises:
        ValueError: the address is invalid.
        StreamRefused: the service rejects a subscription, which is forgotten; another iteration runs without it.
        websockets.InvalidStatus, websockets.InvalidHandshake: the peer is not this service, or denies access.
    """

    def __init__(
        self,
        url: str,
        symbols: Iterable[str],
        channels: Iterable[Channel],
        interval_ms: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self._address = address(url)
        self._headers = headers
        self._subscriptions = Subscriptions(symbols, channels, interval_ms)
        self._socket: ClientConnection | None = None
        self._runs = False

    async def subscribe(self, *symbols: str, channels: Iterable[Channel] = CHANNELS) -> None:
        """Subscribe to more, now and after every reconnection."""
        await self._send(self._subscriptions.subscribe(symbols, channels))

    async def unsubscribe(self, *symbols: str, channels: Iterable[Channel] = CHANNELS) -> None:
        """Unsubscribe. symbols: as they were subscribed to."""
        await self._send(self._subscriptions.unsubscribe(symbols, channels))

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
        retries = Retries()
        while True:
            try:
                async with connect(
                    self._address, compression=None, max_size=MESSAGE_BYTES_MAX, additional_headers=self._headers
                ) as socket:
                    retries.on_connection()
                    self._socket = socket
                    for frame in self._subscriptions.on_connection():
                        await self._send(frame)
                    yield Connected(), ""
                    async for received in socket:
                        text = received if isinstance(received, str) else received.decode()
                        if (message := self._subscriptions.on_frame(text)) is not None:
                            yield message, text
                reason = "the service closed the connection"
            except LOSSES as error:
                reason = reason_of(error)
            finally:
                self._socket = None
            lost = retries.on_loss(reason)
            yield lost, ""
            await asyncio.sleep(lost.retry_seconds)

    async def _send(self, frame: str) -> None:
        # A lost connection is detected by the reader, which reconnects and resubscribes.
        if self._socket is not None:
            with suppress(ConnectionClosed):
                await self._socket.send(frame)
