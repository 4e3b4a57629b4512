"""HTTP/1.1 as uvicorn speaks it, with the deadlines and the answers that it lacks.

Deadlines for a head, a body, an idle connection, a silent stream, and a client that takes no answers; a problem where
what came is no HTTP; a WebSocket only where a connection can become one.
"""

import asyncio
import sys
from collections.abc import Sized
from typing import Any

import httptools
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api.http.answer_writer import AnswerWriter
from api.http.errors import BadHandshake, HeadTooLarge, MalformedRequest, TooSlow
from api.http.gateway import Gateway
from api.http.shares import SHARE
from infrastructure.processing.admission import Share
from infrastructure.settings import LimitsSettings

# The head of a request that comes in many pieces; one that comes at once is as long as a read, 256 KiB.
_HEAD_BYTES_MAX = 65_536


class _Flow(FlowControl):
    """Reads no more while requests read before wait for their turn, or answers for the client to take them."""

    def __init__(self, transport: asyncio.Transport, waiting: Sized) -> None:
        super().__init__(transport)
        self._waiting = waiting

    def resume_reading(self) -> None:
        if not self._waiting and not self.write_paused:
            super().resume_reading()


class TimedProtocol(HttpToolsProtocol):
    """One connection. Its deadlines are `limits`; `check_deadline` is to be called about every second."""

    def __init__(self, gateway: Gateway, writer: AnswerWriter, limits: LimitsSettings, **of_uvicorn: Any) -> None:
        super().__init__(**of_uvicorn)
        self._gateway = gateway
        self._writer = writer
        self._limits = limits
        # What this connection has had of the intake.
        self._share = Share()
        # Whether uvicorn's parser is in the middle of a request, and past its head.
        self._in_request = False
        self._in_body = False
        self._upgraded = False
        self._head_bytes = 0
        # What uvicorn's parser was given last.
        self._read = b""
        self._since = self.loop.time()
        # Since when the client has not taken what is written for it.
        self._stuck_since: float | None = None

    @property
    def _is_held(self) -> bool:
        """Whether a request waits for something of ours, which has no deadline here."""
        return False

    @property
    def _body_is_under_way(self) -> bool:
        """Whether a body is being read by a subclass."""
        return False

    def _hand_over(self) -> None:
        """Let uvicorn have what a subclass has begun to read."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self.flow = _Flow(transport, self.pipeline)

    def resume_writing(self) -> None:
        super().resume_writing()
        if not self._is_held:
            self.flow.resume_reading()

    def handle_websocket_upgrade(self) -> None:
        reason = self._why_no_upgrade()
        if reason is not None:
            self._close_with(BadHandshake(reason))
            return
        failure = sys.exception()
        super().handle_websocket_upgrade()
        # What came right behind the handshake belongs to the WebSocket.
        behind = self._read[failure.args[0] :] if isinstance(failure, httptools.HttpParserUpgrade) else b""
        if behind:
            self.transport.get_protocol().data_received(behind)  # type: ignore[attr-defined]  # the one just set

    def send_400_response(self, msg: str) -> None:
        self._close_with(MalformedRequest())

    def check_deadline(self, now: float) -> None:
        """Close the connection if it has been idle for too long, or its client too slow with a request."""
        limits = self._limits
        if self.flow.write_paused or self.transport.is_closing():
            self._stuck_since = self._stuck_since or now
            if now - self._stuck_since > limits.body_seconds:
                self.transport.abort()
            return
        self._stuck_since = None
        if self._is_held:
            return
        if self.flow.read_paused:
            # It is we who keep the client waiting.
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

    # What uvicorn's parser tells.

    def on_message_begin(self) -> None:
        self._in_request = True
        self._head_bytes = 0
        self._since = self.loop.time()
        super().on_message_begin()
        # So that requests on the ordinary way are admitted as those of this connection.
        self.scope[SHARE] = self._share  # type: ignore[literal-required]  # uvicorn's type knows none but its own keys

    def on_headers_complete(self) -> None:
        self._in_body = True
        self._since = self.loop.time()
        self._upgraded = self._upgraded or self.parser.should_upgrade()
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

    def _why_no_upgrade(self) -> str | None:
        """Why this connection cannot become a WebSocket now: it would be taken from whoever still uses it."""
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
        self._read = data
        super().data_received(data)
        if self._in_request and not self._in_body:
            self._head_bytes += len(data)
            if self._head_bytes > _HEAD_BYTES_MAX and not self.transport.is_closing():
                self._close_with(HeadTooLarge())

    def _close_with(self, error: Exception) -> None:
        """Say what is wrong, if no answer is under way, and close."""
        if self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
            answer = self._gateway.refuse(error)
            self.transport.write(self._writer.written(answer, self.server_state.default_headers, closing=True))
        self.transport.close()
