"""`GET /api/stream`: a watcher on server-sent events.

The format is that of https://html.spec.whatwg.org/multipage/server-sent-events.html. Each event carries one message of
the WebSocket; its id is the message's `seq`.
"""

import asyncio
from contextlib import suppress

from litestar import Request

from api.answer import answer_to, send_answer, start_answer
from api.asgi import Receive, Scope, Send
from api.live.client_messages import CHANNELS, Channel, Refused
from api.live.hub import Hub
from api.live.session import Session
from api.query_parameters import QueryParameters
from application.errors import FieldError, ValidationFailed

EVENTS_PATH = "/api/stream"
EVENTS_TYPE = "text/event-stream"

_BUFFER_BYTES = 65_536
# How long a browser waits before it comes again.
_RETRY = b"retry: 1000\n\n"


class EventStream:
    """Answers the requests for events, until the client or the service goes."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> int:
        """The status that was sent."""
        wire = _Wire()
        try:
            session = self._subscribed(scope, wire)
        except Exception as error:  # each of them is an answer
            return await send_answer(send, answer_to(error, EVENTS_PATH))
        try:
            await start_answer(
                send,
                200,
                EVENTS_TYPE,
                (b"cache-control", b"no-store"),
                # Proxies that would collect it are asked not to.
                (b"x-accel-buffering", b"no"),
            )
            await self._run(wire, session, receive, send)
        finally:
            self._hub.leave(session)
        return 200

    def _subscribed(self, scope: Scope, wire: "_Wire") -> Session:
        query = QueryParameters(Request(scope), ("symbols", "channels", "intervalMs"))  # type: ignore[arg-type]  # the scope of any request
        symbols = query.text("symbols")
        names = (query.text("channels") or ",".join(CHANNELS)).split(",")
        channels: list[Channel] = [channel for channel in CHANNELS if channel in names]
        if len(channels) < len(set(names)):
            raise ValidationFailed([FieldError("channels", "unknown_value", f"must be out of {', '.join(CHANNELS)}")])
        session = self._hub.join(wire)
        try:
            wanted = ["*"] if symbols is None else symbols.split(",")
            session.subscribe(wanted, channels, query.integer("intervalMs"), None)
        except BaseException as error:
            self._hub.leave(session)
            if isinstance(error, Refused):
                raise ValidationFailed([FieldError("", error.code, str(error).rstrip("."))]) from None
            raise
        return session

    async def _run(self, wire: "_Wire", session: Session, receive: Receive, send: Send) -> None:
        gone = asyncio.create_task(_gone(receive))
        gone.add_done_callback(lambda _: wire.wake())
        try:
            await send({"type": "http.response.body", "body": _RETRY, "more_body": True})
            while not gone.done():
                body = await wire.taken()
                # What waits for room may go on behind this.
                await send({"type": "http.response.body", "body": body, "more_body": not wire.closed})
                if wire.closed:
                    return
                self._hub.ready(session)
        finally:
            gone.cancel()
            with suppress(asyncio.CancelledError):
                await gone


class _Wire:
    """Collects events until they are sent."""

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
        """The event that goes with it is enough: a connection that takes nothing has its own deadline."""

    def close(self, code: int, reason: str) -> None:
        self.closed = True
        self.wake()

    def wake(self) -> None:
        self._something.set()

    async def taken(self) -> bytes:
        """Everything there is, once there is something."""
        await self._something.wait()
        self._something.clear()
        body = b"".join(self._parts)
        self._parts = []
        self._size = 0
        return body


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
