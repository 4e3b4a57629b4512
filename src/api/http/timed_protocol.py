"""uvicorn's HTTP/1.1 protocol with the deadlines and error answers that it lacks.

There are deadlines for the head, the body, an idle connection, a silent stream and a client that does not read. A
malformed request gets a problem. A connection is upgraded to a WebSocket only if nothing else uses it.
"""

import asyncio
import socket
import sys
from collections.abc import Sized
from typing import Any

import httptools
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from api.http.answer_writer import AnswerWriter
from api.http.errors import BadHandshake, HeadTooLarge, MalformedRequest, TooManyConnections, TooSlow
from api.http.gateway import Gateway
from api.http.hosts import AUTHORITY, authority_of
from api.http.shares import SHARE
from infrastructure.processing.admission import Share
from infrastructure.settings import LimitsSettings

_HEAD_BYTES_MAX = 65_536
# What uvicorn's parser gets at once, so that no read becomes thousands of waiting requests; within a body, more.
_PIECE_BYTES = 4096
_BODY_PIECE_BYTES = 65_536
# Send buffer of the system for a client that does not read: answers beyond it wait here, and requests with them.
_SOCKET_BYTES = 131_072


class _Flow(FlowControl):
    """Resumes reading only when no pipelined request waits and the client has read its answers."""

    def __init__(self, transport: asyncio.Transport, waiting: Sized, unparsed: Sized) -> None:
        super().__init__(transport)
        self._waiting = waiting
        self._unparsed = unparsed

    def resume_reading(self) -> None:
        if not self._waiting and not self._unparsed and not self.write_paused:
            super().resume_reading()


class TimedProtocol(HttpToolsProtocol):
    """One connection. limits: its deadlines; call `check_deadline` about once a second."""

    def __init__(self, gateway: Gateway, writer: AnswerWriter, limits: LimitsSettings, **of_uvicorn: Any) -> None:
        super().__init__(**of_uvicorn)
        self._gateway = gateway
        self._writer = writer
        self._limits = limits
        # This connection's share of the intake.
        self._share = Share()
        # Whether uvicorn's parser is in the middle of a request, and past its head.
        self._in_request = False
        self._in_body = False
        self._upgraded = False
        self._head_bytes = 0
        # The last bytes given to uvicorn's parser.
        self._read = b""
        # Bytes that uvicorn's parser gets once fewer requests wait. Until then the newest request is unanswered.
        self._unparsed = bytearray()
        self._since = self.loop.time()
        # The request that is being answered; uvicorn's `cycle` is the newest one.
        self._running: RequestResponseCycle | None = None
        # A request that waits until the client has read the answers before it.
        self._unstarted: tuple[RequestResponseCycle, ASGI3Application] | None = None
        # When the client stopped reading its answers.
        self._stuck_since: float | None = None

    @property
    def _is_held(self) -> bool:
        """Whether a request waits for the service, which has no deadline here."""
        return False

    @property
    def _body_is_under_way(self) -> bool:
        """Whether a subclass is reading a body."""
        return False

    def _hand_over(self) -> None:
        """Pass the bytes that a subclass has buffered to uvicorn."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvicorn's signature
        if not self._gateway.connections.enter(transport):
            answer, request_id = self._gateway.refuse(TooManyConnections())
            headers = self.server_state.default_headers
            transport.write(self._writer.written(answer, request_id, headers, closing=True))
            transport.close()
            # What still comes is nobody's.
            transport.set_protocol(asyncio.Protocol())
            return
        super().connection_made(transport)
        self.flow = _Flow(transport, self.pipeline, self._unparsed)
        connected = transport.get_extra_info("socket")
        if connected is not None:
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SOCKET_BYTES)

    def connection_lost(self, exc: Exception | None) -> None:
        # After a failed TLS handshake there was no connection.
        if self.transport is None:
            return
        self._gateway.connections.leave(self.transport)
        if self._running is not None and not self._running.response_complete:
            # uvicorn tells only the newest request; this one would go on writing.
            self._running.disconnected = True
            self._running.message_event.set()
        super().connection_lost(exc)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._unstarted is not None:
            unstarted, self._unstarted = self._unstarted, None
            self._start_asgi_task(*unstarted)
        if not self._is_held:
            self.flow.resume_reading()

    def handle_websocket_upgrade(self) -> None:
        reason = self._why_no_upgrade()
        if reason is not None:
            self._close_with(BadHandshake(reason))
            return
        failure = sys.exception()
        super().handle_websocket_upgrade()
        # Bytes right behind the handshake belong to the WebSocket.
        behind = self._read[failure.args[0] :] if isinstance(failure, httptools.HttpParserUpgrade) else b""
        if behind:
            self.transport.get_protocol().data_received(behind)  # type: ignore[attr-defined]  # the one just set

    def send_400_response(self, msg: str) -> None:
        self._close_with(MalformedRequest())

    def check_deadline(self, now: float) -> None:
        """Close the connection if it has been idle for too long or its client is too slow."""
        limits = self._limits
        if self.flow.write_paused or self.transport.is_closing():
            self._stuck_since = self._stuck_since or now
            if now - self._stuck_since > limits.body_seconds:
                self.transport.abort()
            return
        self._stuck_since = None
        if self._is_held or self.flow.read_paused:
            # Back-pressure: the client waits for the service.
            self._since = now
        elif self._in_request or self._body_is_under_way:
            if self._in_body and self.scope["path"] in self._gateway.stream_paths:
                allowed = limits.stream_idle_seconds
            else:
                allowed = limits.body_seconds if self._in_body or self._body_is_under_way else limits.head_seconds
            if now - self._since > allowed:
                self._hand_over()
                self._close_with(TooSlow())
        elif (self.cycle is None or self.cycle.response_complete) and now - self._since > limits.keep_alive_seconds:
            self.transport.close()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        # Not while the client leaves answers unread: one that never reads them could make the service work for nothing.
        if self.flow.write_paused:
            self._unstarted = cycle, app
        else:
            self._running = cycle
            super()._start_asgi_task(cycle, app)

    # Callbacks of uvicorn's parser.

    def on_message_begin(self) -> None:
        self._in_request = True
        self._head_bytes = 0
        self._since = self.loop.time()
        super().on_message_begin()
        # Requests on the ordinary path count towards this connection's share too.
        self.scope[SHARE] = self._share  # type: ignore[literal-required]  # uvicorn's type has only its own keys

    def on_headers_complete(self) -> None:
        self._in_body = True
        self._since = self.loop.time()
        self._upgraded = self._upgraded or self.parser.should_upgrade()
        authority = authority_of(self.url)
        if authority is not None:
            self.scope[AUTHORITY] = authority  # type: ignore[literal-required]  # uvicorn's type has only its own keys
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        if self.scope["path"] in self._gateway.stream_paths:
            self._since = self.loop.time()
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._in_request = self._in_body = False
        super().on_message_complete()

    def on_response_complete(self) -> None:
        self._since = self.loop.time()
        super().on_response_complete()
        if self._unparsed and not self.pipeline:
            data = bytes(self._unparsed)
            self._unparsed.clear()
            self._leave_to_uvicorn(data)
            self.flow.resume_reading()

    def _why_no_upgrade(self) -> str | None:
        """Why this connection cannot become a WebSocket now, or None if it can."""
        cycle = self.cycle
        names = {name for name, _ in self.scope["headers"]}
        if self.scope["method"] != "GET" or self.scope["http_version"] != "1.1":
            return "A WebSocket begins with a GET of HTTP/1.1."
        if names & {b"content-length", b"transfer-encoding"}:
            return "The request for a WebSocket has no body."
        if (cycle is not None and not cycle.response_complete) or self.pipeline or self.flow.write_paused:
            return "The requests before this one are not answered yet."
        return None

    def _leave_to_uvicorn(self, data: bytes) -> None:
        at = 0
        while at < len(data) and not self.transport.is_closing():
            if self.pipeline or self._unparsed:
                self._unparsed += data[at:]
                self.flow.pause_reading()
                return
            if at and self._upgraded:
                # The rest is the WebSocket's, or nobody's.
                protocol = self.transport.get_protocol()
                if protocol is not self:
                    protocol.data_received(data[at:])  # type: ignore[attr-defined]  # the one just set
                return
            piece = data[at : at + (_BODY_PIECE_BYTES if self._in_body else _PIECE_BYTES)]
            at += len(piece)
            self._parse(piece)

    def _parse(self, piece: bytes) -> None:
        self._read = piece
        super().data_received(piece)
        if self._in_request and not self._in_body:
            self._head_bytes += len(piece)
            if self._head_bytes > _HEAD_BYTES_MAX and not self.transport.is_closing():
                self._close_with(HeadTooLarge())

    def _close_with(self, error: Exception) -> None:
        """Send the problem, unless an answer is in progress, and close."""
        if self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
            answer, request_id = self._gateway.refuse(error)
            headers = self.server_state.default_headers
            self.transport.write(self._writer.written(answer, request_id, headers, closing=True))
        self.transport.close()
