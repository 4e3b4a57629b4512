"""HTTP/1.1 as uvicorn speaks it, with a fast path for the requests that feeders send all day, and deadlines.

A request whose head is known (`HeadCache`) is answered here, without a parser, a task or an ASGI cycle. Everything
else, and every such request as soon as there is anything unusual about it, is uvicorn's: it is handed the bytes as they
came. Single-threaded; invariant: bytes are never held here while uvicorn's parser is in the middle of a request.
"""

import asyncio
import sys
import time
from collections.abc import Coroutine, Sized
from functools import partial
from typing import Any

import httptools
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api.http.answer import Answer
from api.http.answer_writer import AnswerWriter
from api.http.gateway import Gateway
from api.http.head_cache import CachedHead, HeadCache
from api.http.inline import Suspended, run_inline, timed
from api.http.problems import BadHandshake, HeadTooLarge, MalformedRequest, TooSlow
from api.http.request_options import RequestOptions
from api.http.shares import SHARE
from api.ingest.tick_stream import STREAM_PATH
from application.errors import Overloaded
from infrastructure.processing.admission import Share, Verdict
from infrastructure.settings import LimitsSettings

# The head of a request that comes in many pieces; one that comes at once is as long as a read, 256 KiB.
_HEAD_BYTES_MAX = 65_536
# How long a client that does not read is waited for when the service stops.
_SHUTDOWN_SECONDS = 1.0


class _Flow(FlowControl):
    """Reads no more while requests read before wait for their turn, or answers for the client to take them."""

    def __init__(self, transport: asyncio.Transport, waiting: Sized) -> None:
        super().__init__(transport)
        self._waiting = waiting

    def resume_reading(self) -> None:
        if not self._waiting and not self.write_paused:
            super().resume_reading()


class HttpProtocol(HttpToolsProtocol):
    """One connection.

    Its deadlines are `limits`; `check_deadline` is to be called about every second.
    """

    def __init__(
        self, gateway: Gateway, heads: HeadCache, writer: AnswerWriter, limits: LimitsSettings, **of_uvicorn: Any
    ) -> None:
        super().__init__(**of_uvicorn)
        self._gateway = gateway
        self._admission = gateway.admission
        self._heads = heads
        self._writer = writer
        self._limits = limits
        # A known request whose body is not all here yet, the bytes of it that are, and how many are missing.
        self._begun: CachedHead | None = None
        self._parts: list[bytes] = []
        self._missing = 0
        # A known request is held, or its answer has to wait for something.
        self._waiting = False
        # What this connection has had of the intake.
        self._share = Share()
        # Whether uvicorn's parser is in the middle of a request, and past its head.
        self._in_request = False
        self._in_body = False
        self._upgraded = False
        self._stopping = False
        self._head_bytes = 0
        # What uvicorn's parser was given last.
        self._read = b""
        self._since = self.loop.time()
        # Since when the client has not taken what is written for it.
        self._stuck_since: float | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self.flow = _Flow(transport, self.pipeline)

    def resume_writing(self) -> None:
        super().resume_writing()
        if not self._waiting:
            self.flow.resume_reading()

    def data_received(self, data: bytes) -> None:
        if self._waiting:
            # Whoever sends more than the request that waits is read no further.
            self._parts.append(data)
            self.flow.pause_reading()
            return
        if self._begun is not None:
            data = self._go_on(self._begun, data)
        while data:
            found = self._heads.find(data) if self._may_take_fast_path() else None
            if found is None:
                self._leave_to_uvicorn(data)
                return
            data = self._take(*found, data)

    def shutdown(self) -> None:
        self._stopping = True
        if self.flow.write_paused:
            # Whoever takes nothing would be waited for in vain.
            self.loop.call_later(_SHUTDOWN_SECONDS, self.transport.abort)
        self._hand_over()
        if self._waiting:
            # The task that works on the answer closes the connection behind it.
            return
        super().shutdown()

    def connection_lost(self, exc: Exception | None) -> None:
        # So that it is counted as any request whose client left.
        self._hand_over()
        super().connection_lost(exc)

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
        if self._waiting:
            return
        if self.flow.read_paused:
            # It is we who keep the client waiting.
            self._since = now
        elif self._in_request or self._begun is not None:
            if self._in_body and self.scope["path"] == STREAM_PATH:
                allowed = limits.stream_idle_seconds
            else:
                allowed = limits.body_seconds if self._in_body or self._begun is not None else limits.head_seconds
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
        if self.scope["path"] == STREAM_PATH:
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

    # The fast path.

    def _may_take_fast_path(self) -> bool:
        cycle = self.cycle
        return (
            not self._in_request
            and (cycle is None or (cycle.response_complete and cycle.keep_alive))
            and not self._upgraded
            and not self.flow.write_paused
            and not self.transport.is_closing()
            and not self._stopping
        )

    def _take(self, head: CachedHead, head_bytes: int, data: bytes) -> bytes:
        """Take the request that starts with a known head, or what there is of it; the bytes behind it."""
        if self.timeout_keep_alive_task is not None:
            self._unset_keepalive_if_required()
        self._since = self.loop.time()
        end = head_bytes + head.body_bytes
        if len(data) < end:
            self._begun = head
            self._parts = [data[:head_bytes], data[head_bytes:]]
            self._missing = end - len(data)
            return b""
        return self._work(head, data[head_bytes:end], data[end:])

    def _go_on(self, head: CachedHead, data: bytes) -> bytes:
        """Take more of the request begun, and work on it once it is whole; the bytes behind it."""
        if len(data) < self._missing:
            self._parts.append(data)
            self._missing -= len(data)
            return b""
        self._parts.append(data[: self._missing])
        body = b"".join(self._parts[1:])
        self._begun = None
        self._parts = []
        return self._work(head, body, data[self._missing :])

    def _work(self, head: CachedHead, body: bytes, behind: bytes) -> bytes:
        if head.route.brings_observations and not self._admission.is_open:
            return self._hold(head, body, behind)
        return self._respond(head, head.options, body, behind)

    def _hold(self, head: CachedHead, body: bytes, behind: bytes) -> bytes:
        """Have the request wait for its turn, or refuse it; the bytes behind it that can be gone on with."""
        try:
            resume = partial(self._resume, head, body)
            self._admission.enqueue(self._share, len(body), resume, bytes_behind=len(behind))
        except Overloaded as error:
            self._write(self._gateway.refuse(error, head.method, head.route))
            return behind
        self._waiting = True
        if behind:
            self._parts = [behind]
            self.flow.pause_reading()
        return b""

    def _resume(self, head: CachedHead, body: bytes, verdict: Verdict) -> bool:
        """Go on with a request that was held."""
        self._waiting = False
        behind = b"".join(self._parts)
        self._parts = []
        if verdict is Verdict.REFUSED:
            self._write(self._gateway.refuse(Overloaded(), head.method, head.route))
        else:
            # Also for a client that has left: it may have sent all it had.
            options = head.options if verdict is Verdict.ADMITTED else head.options.overdue()
            behind = self._respond(head, options, body, behind)
        if not self._waiting:
            self._go_on_reading(behind)
        return not self._gateway.traces

    def _respond(self, head: CachedHead, options: RequestOptions, body: bytes, behind: bytes) -> bytes:
        answer = self._gateway.answer(head.method, head.route, options, body)
        spend = self._admission.spend if head.route.brings_observations else self._gateway.spend_on_reads
        if self._gateway.traces:
            # A span wants to begin and end in the same task.
            self._wait_for(timed(answer, time.monotonic, spend), behind)
            return b""
        start = time.monotonic()
        try:
            self._write(run_inline(answer))
        except Suspended as suspended:
            self._wait_for(timed(suspended.rest, time.monotonic, spend), behind)
            return b""
        finally:
            spend(time.monotonic() - start)
        return behind

    def _wait_for(self, answer: Coroutine[Any, Any, Answer], behind: bytes) -> None:
        self._waiting = True
        self._parts = [behind]
        self.flow.pause_reading()
        task = self.loop.create_task(self._answer_later(answer))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _answer_later(self, coming: Coroutine[Any, Any, Answer]) -> None:
        answer = await coming
        self._waiting = False
        self._write(answer)
        data = b"".join(self._parts)
        self._parts = []
        self._go_on_reading(data)

    def _go_on_reading(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        if self._stopping:
            self.transport.close()
            return
        self._since = self.loop.time()
        self.flow.resume_reading()
        if data:
            self.data_received(data)

    def _write(self, answer: Answer) -> None:
        if self.transport.is_closing():
            return
        self.server_state.total_requests += 1
        self.transport.write(self._writer.written(answer, self.server_state.default_headers))

    def _hand_over(self) -> None:
        """Let uvicorn have the request begun."""
        if self._begun is not None:
            data = b"".join(self._parts)
            self._begun = None
            self._parts = []
            super().data_received(data)

    def _close_with(self, error: Exception) -> None:
        """Say what is wrong, if no answer is under way, and close."""
        if self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
            answer = self._gateway.refuse(error)
            self.transport.write(self._writer.written(answer, self.server_state.default_headers, closing=True))
        self.transport.close()
