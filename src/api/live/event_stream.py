"""`GET /api/stream`: subscriptions over server-sent events.

The format is that of https://html.spec.whatwg.org/multipage/server-sent-events.html. Each event carries one WebSocket
message; its id is the message's `seq`.
"""

import asyncio
from contextlib import suppress
from typing import Any

from litestar.types import ASGIApp

from api.http.answer import start_answer
from api.http.asgi import IS_HEAD, Receive, Send
from api.http.bodies import until_gone
from api.live.client_messages import Refused
from api.live.hub import Hub
from api.live.session import Session
from application.errors import FieldError, ValidationFailed
from domain.access.principal import Principal

EVENTS_PATH = "/api/stream"
EVENTS_TYPE = "text/event-stream"

_BUFFER_BYTES = 65_536
# How long a browser waits before reconnecting.
_RETRY = b"retry: 1000\n\n"


class EventStream:
    """Streams events until the client disconnects or the service stops."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def app(self, symbols: str | None, channels: str | None, interval_ms: int | None, principal: Principal) -> ASGIApp:
        """Subscribe and stream the events. Raises ValidationFailed, TooManyWatchers, Draining."""
        wire = _Wire()
        session = self._subscribed(wire, symbols, channels, interval_ms, principal)

        async def answer(scope: Any, receive: Any, send: Any) -> None:
            try:
                await start_answer(
                    send,
                    200,
                    EVENTS_TYPE,
                    (b"cache-control", b"no-store"),
                    # Ask proxies not to buffer.
                    (b"x-accel-buffering", b"no"),
                )
                if scope[IS_HEAD]:
                    await send({"type": "http.response.body", "body": b""})
                else:
                    await self._run(wire, session, receive, send)
            finally:
                self._hub.leave(session)

        return answer

    def _subscribed(
        self,
        wire: "_Wire",
        symbols: str | None,
        channels: str | None,
        interval_ms: int | None,
        principal: Principal,
    ) -> Session:
        known = self._hub.channels
        names = (channels or ",".join(self._hub.default_channels)).split(",")
        chosen = [channel for channel in known if channel in names]
        if len(chosen) < len(set(names)):
            raise ValidationFailed([FieldError("channels", "unknown_value", f"must be out of {', '.join(known)}")])
        session = self._hub.join(wire, principal)
        try:
            wanted = ["*"] if symbols is None else symbols.split(",")
            session.subscribe(wanted, chosen, interval_ms, None)
        except BaseException as error:
            self._hub.leave(session)
            if isinstance(error, Refused):
                raise ValidationFailed([FieldError("", error.code, str(error).rstrip("."))]) from None
            raise
        return session

    async def _run(self, wire: "_Wire", session: Session, receive: Receive, send: Send) -> None:
        gone = asyncio.create_task(until_gone(receive))
        gone.add_done_callback(lambda _: wire.wake())
        try:
            await send({"type": "http.response.body", "body": _RETRY, "more_body": True})
            while not gone.done():
                body = await wire.taken()
                await send({"type": "http.response.body", "body": body, "more_body": not wire.closed})
                if wire.closed:
                    return
                # There is room for pending messages again.
                self._hub.ready(session)
        finally:
            gone.cancel()
            with suppress(asyncio.CancelledError):
                await gone


class _Wire:
    """Buffers events until they are sent."""

    transport_name = "events"

    def __init__(self) -> None:
        self.closed = False
        self._parts: list[bytes] = []
        self._size = 0
        self._something = asyncio.Event()

    @property
    def writable(self) -> bool:
        return self._size < _BUFFER_BYTES and not self.closed

    def frame(self, kind: str, seq: int, text: bytes) -> bytes:
        return b"id: %d\nevent: %b\ndata: %b\n\n" % (seq, kind.encode(), text)

    def write(self, frames: bytes) -> None:
        self._parts.append(frames)
        self._size += len(frames)
        self.wake()

    def heartbeat(self) -> None:
        """The heartbeat event is enough: a client that does not read has its own deadline."""

    def close(self, code: int, reason: str) -> None:
        self.closed = True
        self.wake()

    def wake(self) -> None:
        self._something.set()

    async def taken(self) -> bytes:
        """Wait for events, and take all of them."""
        await self._something.wait()
        self._something.clear()
        body = b"".join(self._parts)
        self._parts = []
        self._size = 0
        return body
