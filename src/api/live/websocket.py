"""`GET /ws`: subscriptions over a WebSocket.

The sans-I/O protocol of the `websockets` library handles the handshake and incoming frames. Outgoing text frames are
never masked, compressed or fragmented, so they are written without it. A connection has no task.
"""

import asyncio
import logging
import socket
from http import HTTPStatus
from typing import Any

from uvicorn.server import ServerState
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import OPEN
from websockets.server import ServerProtocol

from api.http.answer import answer_to
from api.http.answer_writer import AnswerWriter
from api.http.connections import Connections, peer_of
from api.http.errors import BadHandshake
from api.http.request_log import RequestLog
from api.live.client_messages import Ping, Refused, Subscribe, Unsubscribe, decode_op, id_of
from api.live.handshakes import WS_PATH, Handshakes
from api.live.hub import POLICY_VIOLATION, Hub
from api.live.server_messages import Error, Pong
from api.live.session import Session
from api.live.text_frame import text_frame
from infrastructure.telemetry.meters import RequestMeter
from infrastructure.telemetry.trace_context import TraceContext, current_trace

_BAD_TEXT = 1007
# Send buffer of the system for a subscriber that does not read. More would only arrive staler.
_SOCKET_BYTES = 131_072
_BUFFER_BYTES = 65_536
# How long the client has to answer a close frame.
_GOODBYE_SECONDS = 1.0

# The library logs "connection open" for every connection.
_library_log = logging.getLogger("websockets.server")
_library_log.setLevel(logging.ERROR)


class WebSocketProtocol(asyncio.Protocol):
    """One connection, from its handshake on. uvicorn creates it like its own protocol when a connection upgrades."""

    transport_name = "websocket"

    def __init__(
        self,
        hub: Hub,
        writer: AnswerWriter,
        meter: RequestMeter,
        log: RequestLog,
        connections: Connections,
        handshakes: Handshakes,
        server_state: ServerState,
        **_of_uvicorn: Any,
    ) -> None:
        self.writable = True
        self._hub = hub
        self._writer = writer
        self._meter = meter
        self._log = log
        self._connections = connections
        self._handshakes = handshakes
        self._server_state = server_state
        self._limits = hub.limits
        self._session: Session | None = None
        self._protocol = ServerProtocol(max_size=hub.limits.max_message_bytes, logger=_library_log)
        self._parts: list[bytes] = []
        self._is_text = True
        self._loop = asyncio.get_running_loop()
        self._heard = self._loop.time()
        # Bytes still to be written when the last ping was due.
        self._unwritten = 0
        self._closing = False
        # Up to when the messages of the client are paid for.
        self._paid_until = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvicorn's signature
        self._transport = transport
        self._server_state.connections.add(self)  # type: ignore[arg-type]  # shut down like uvicorn's own protocols
        transport.set_write_buffer_limits(high=_BUFFER_BYTES)
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SOCKET_BYTES)

    def connection_lost(self, exc: Exception | None) -> None:
        self._server_state.connections.discard(self)
        # Counted when it was one of HTTP.
        self._connections.leave(self._transport)
        self._leave()

    def pause_writing(self) -> None:
        self.writable = False
        # Stop reading from a client that does not read.
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        self.writable = True
        self._transport.resume_reading()
        if self._session is not None:
            self._hub.ready(self._session)

    def data_received(self, data: bytes) -> None:
        self._heard = self._loop.time()
        self._protocol.receive_data(data)
        for event in self._protocol.events_received():
            if isinstance(event, Request):
                self._handshake(event)
            elif isinstance(event, Frame) and self._session is not None:
                self._take(event, self._session)
        if not self._closing and self._protocol.handshake_exc is not None:
            # A problem instead of the library's own answer.
            self._refuse(BadHandshake(f"{self._protocol.handshake_exc}."), WS_PATH)
            return
        self._send_own()
        if not self._closing and self._protocol.state is not OPEN:
            self._part()

    def shutdown(self) -> None:
        """Called when the server stops. The hub has closed the sessions; a connection without one just closes."""
        if not self._closing:
            self._transport.close()

    def frame(self, _kind: str, _seq: int, text: bytes) -> bytes:
        return text_frame(text)

    def write(self, frames: bytes) -> None:
        if self._session is not None:
            self._transport.write(frames)

    def heartbeat(self) -> None:
        idle = self._limits.idle_seconds
        unwritten = self._transport.get_write_buffer_size()
        if unwritten < self._unwritten:
            # The client is slow but alive.
            self._heard = self._loop.time()
        self._unwritten = unwritten
        if self._loop.time() - self._heard > idle:
            self.close(POLICY_VIOLATION, f"nothing was heard for {idle:g} s")
        elif self.writable:
            self._protocol.send_ping(b"")
            self._send_own()

    def close(self, code: int, reason: str) -> None:
        if self._protocol.state is OPEN:
            self._protocol.send_close(code, reason)
            self._send_own()
        self._part()

    def _handshake(self, request: Request) -> None:
        # Not part of the previous request's trace.
        trace = TraceContext()
        current_trace.set(trace)
        path = request.path.partition("?")[0]
        try:
            items = request.headers.raw_items()
            fields = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in items]
            principal = self._handshakes.admit(request.path, fields, peer_of(self._transport))
            self._hub.check_room()
            response = self._protocol.accept(request)
            if response.status_code != HTTPStatus.SWITCHING_PROTOCOLS:
                raise BadHandshake(f"{self._protocol.handshake_exc}.")
        except Exception as error:  # every error becomes an answer
            self._refuse(error, path)
        else:
            response.headers["X-Request-Id"] = trace.trace_id
            self._protocol.send_response(response)
            self._send_own()
            self._session = self._hub.join(self, principal)
            self._meter.observe(WS_PATH, "GET", response.status_code, 0.0)

    def _refuse(self, error: Exception, path: str) -> None:
        trace = TraceContext()
        current_trace.set(trace)
        answer = answer_to(error, path)
        headers = self._server_state.default_headers
        self._transport.write(self._writer.written(answer, trace.trace_id, headers, closing=True))
        self._log.note("GET", path, answer.status, trace.problem)
        self._closing = True
        self._transport.close()
        self._meter.observe(WS_PATH if path == WS_PATH else "unmatched", "GET", answer.status, 0.0)

    def _take(self, frame: Frame, session: Session) -> None:
        rate = self._hub.messages
        if rate.wait(self._paid_until, self._heard) > 0:
            self.close(POLICY_VIOLATION, f"more than {self._limits.messages_per_second:g} messages a second")
            return
        self._paid_until = rate.paid(self._paid_until, self._heard, 1)
        if frame.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            if frame.opcode is not Opcode.CONT:
                self._is_text = frame.opcode is Opcode.TEXT
            self._parts.append(bytes(frame.data))
            if frame.fin:
                message = b"".join(self._parts)
                self._parts = []
                self._understand(message, session)

    def _understand(self, text: bytes, session: Session) -> None:
        try:
            if not self._is_text:
                raise Refused("not_text", "Messages are text frames of JSON; this one was binary.")
            text.decode()
            match decode_op(text):
                case Subscribe() as op:
                    session.subscribe(op.symbols, op.channels, op.interval_ms, op.id)
                case Ping() as op:
                    session.say("pong", Pong(id=op.id, time=self._hub.time()))
                case Unsubscribe() as op:
                    session.unsubscribe(op.symbols, op.channels, op.id)
        except UnicodeDecodeError:
            self.close(_BAD_TEXT, "the text was not UTF-8")
        except Refused as refusal:
            session.say("error", Error(id=id_of(text), code=refusal.code, message=str(refusal)))

    def _send_own(self) -> None:
        """Send the pending output of the library."""
        for data in self._protocol.data_to_send():
            # A pong to what was still coming must not follow the close frame.
            if data and not self._closing:
                self._transport.write(data)
            elif not data and not self._transport.is_closing():
                # TLS has no half-closed connections.
                end = self._transport.write_eof if self._transport.can_write_eof() else self._transport.close
                end()

    def _leave(self) -> None:
        if self._session is not None:
            self._hub.leave(self._session)
            self._session = None

    def _part(self) -> None:
        """Send nothing more but keep reading: unread data would make the system discard the close frame."""
        self._leave()
        self._closing = True
        self._transport.resume_reading()
        self._loop.call_later(_GOODBYE_SECONDS, self._transport.abort)
