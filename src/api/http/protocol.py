"""uvicorn's HTTP/1.1 protocol with a fast path for the requests that feeders usually send, and deadlines.

A request with a cached head (`HeadCache`) is answered here, without a parser, a task or an ASGI cycle. Everything else,
including a fast-path request that becomes unusual, is passed to uvicorn unchanged.

Single-threaded. Invariant: no bytes are held here while uvicorn's parser is in the middle of a request. Whatever can
hold some is in this file, because this invariant spans all of it.
"""

import asyncio
import time
from collections.abc import Coroutine
from functools import partial
from typing import Any

from api.http.answer import Answer
from api.http.answer_writer import AnswerWriter
from api.http.connections import peer_of
from api.http.errors import RateLimited
from api.http.gateway import Gateway
from api.http.gathering import Outcome
from api.http.head_cache import CachedHead, HeadCache
from api.http.inline import Suspended, run_inline
from api.http.rate_limits import Client, RateLimits
from api.http.request_options import RequestOptions
from api.http.timed_protocol import TimedProtocol
from application.errors import Overloaded
from domain.network import network_of
from infrastructure.processing.admission import Admission, Verdict
from infrastructure.settings import LimitsSettings
from infrastructure.telemetry.timing import timed
from infrastructure.telemetry.trace_context import new_trace_id

# What is read of a connection at once, at most.
_READ_BYTES = 262_144
# How long the rest of a head may take that was cut off between two reads, before uvicorn's deadline for heads begins.
_CUT_SECONDS = 1.0
# How long shutdown waits for a client that does not read.
_SHUTDOWN_SECONDS = 1.0


class HttpProtocol(TimedProtocol):
    """One connection, with the fast path."""

    def __init__(
        self, gateway: Gateway, heads: HeadCache, writer: AnswerWriter, limits: LimitsSettings, **of_uvicorn: Any
    ) -> None:
        super().__init__(gateway, writer, limits, **of_uvicorn)
        self._heads = heads
        # A fast-path request with an incomplete body, its bytes so far, and how many are missing.
        self._begun: CachedHead | None = None
        self._parts: list[bytes] = []
        self._missing = 0
        # The beginning of a head, right behind a fast-path request. A read ends anywhere in what is pipelined.
        self._cut = b""
        # While a request waits, the parts are what is behind it, from this position in the first of them. Pipelined
        # requests are not cut off one by one: each time, that would copy the rest.
        self._at = 0
        # Whether a fast-path request is held, or its answer pending; and its head, if it is gathered with others.
        self._waiting = False
        self._gathered: CachedHead | None = None
        self._stopping = False
        self._rate_limits = gateway.rate_limits
        # Whose requests these are, and what that is counted by; a proxy may say otherwise.
        self._peer = self._address = ""
        # The headers of the pending answer that say how much is left.
        self._limit_fields = b""

    @property
    def _is_held(self) -> bool:
        return self._waiting

    @property
    def _body_is_under_way(self) -> bool:
        return self._begun is not None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvicorn's signature
        self._peer = peer_of(transport)
        self._address = network_of(self._peer)
        super().connection_made(transport)

    def data_received(self, data: bytes, at: int = 0) -> None:
        """Work on the requests from this position in what was read."""
        if self._waiting:
            # Pipelined bytes wait behind the pending request, and reading stops.
            self._parts.append(data)
            self.flow.pause_reading()
            return
        if self._begun is not None:
            at = self._continue_body(data)
        elif self._cut:
            data = self._cut + data
            self._cut = b""
        while at < len(data):
            is_fast = self._may_take_fast_path()
            found = self._heads.find(data, at) if is_fast else None
            if found is not None:
                at = self._take(*found, data, at)
            elif is_fast and at and self._heads.is_cut(data, at):
                self._cut = data[at:]
                return
            else:
                self._leave_to_uvicorn(data[at:])
                return

    def shutdown(self) -> None:
        self._stopping = True
        if self.flow.write_paused:
            # A client that does not read would never let the connection close.
            self.loop.call_later(_SHUTDOWN_SECONDS, self.transport.abort)
        self._hand_over()
        if self._waiting:
            # The connection closes after the pending answer.
            return
        super().shutdown()

    def connection_lost(self, exc: Exception | None) -> None:
        # uvicorn counts it like any request whose client disconnected.
        self._hand_over()
        super().connection_lost(exc)

    def check_deadline(self, now: float) -> None:
        if self._cut and now - self._since > _CUT_SECONDS:
            self._hand_over()
        super().check_deadline(now)

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

    def _take(self, head: CachedHead, head_bytes: int, data: bytes, at: int) -> int:
        """Work on a request with a cached head, or buffer an incomplete one. Returns the position behind it."""
        if self.timeout_keep_alive_task is not None:
            self._unset_keepalive_if_required()
        self._since = self.loop.time()
        start = at + head_bytes
        end = start + head.body_bytes
        if len(data) < end:
            self._begun = head
            self._parts = [data[at:start], data[start:]]
            self._missing = end - len(data)
            return len(data)
        return self._dispatch(head, data, start, end, data, end)

    def _continue_body(self, data: bytes) -> int:
        """Continue a buffered request, and work on it once complete. Returns the position behind it."""
        at = self._missing
        if len(data) < at:
            self._parts.append(data)
            self._missing -= len(data)
            return len(data)
        self._parts.append(data[:at])
        found = self._heads.find(self._parts[0])
        if found is None:
            # Its key has become invalid meanwhile.
            self._hand_over()
            return at
        body = b"".join(self._parts[1:])
        self._begun = None
        self._parts = []
        return self._dispatch(found[0], body, 0, len(body), data, at)

    def _dispatch(self, head: CachedHead, source: bytes, start: int, end: int, data: bytes, at: int) -> int:
        """Work on a request, whose body is from `start` to `end` in `source`. at: behind it, in what was read last."""
        options = head.options
        if self._rate_limits is not None:
            try:
                options = self._count(self._rate_limits, head)
            except RateLimited as error:
                return self._refuse(error, head, data, at)
        admission = head.route.admission
        if admission is not None and not admission.is_open:
            if at == len(data):
                return self._hold(admission, head, options, source[start:end], 0, data, at)
            held_bytes = len(source) + (0 if source is data else len(data))
            return self._hold(admission, head, options, memoryview(source)[start:end], held_bytes, data, at)
        return self._respond(head, options, source[start:end], data, at)

    def _refuse(self, error: Exception, head: CachedHead, data: bytes, at: int) -> int:
        """Refuse a request. Returns the position from which to go on: thousands at once would hold up everybody."""
        self._write(*self._gateway.refuse(error, head.method, head.route))
        if at == len(data):
            return at
        self.loop.call_soon(self._go_on)
        return self._wait(data, at)

    def _go_on(self) -> None:
        self._parse_rest(*self._waited())

    def _count(self, limits: RateLimits, head: CachedHead) -> RequestOptions:
        """Count a request. Returns its options. Raises RateLimited."""
        now = limits.now()
        address, sender = self._address, head.options.sender
        if head.forwarded:
            address = network_of(self._gateway.addresses.of(self._peer, head.forwarded))
        try:
            limits.admit(address, sender.id, now, 1, int(head.route.admission is not None))
        finally:
            self._limit_fields = limits.header_lines(address, sender.id, now)
        if head.gathering is not None:
            return head.options
        return head.options.sent_by(sender, Client(limits, address, sender.id))

    def _hold(
        self,
        admission: Admission,
        head: CachedHead,
        options: RequestOptions,
        body: bytes | memoryview,
        held_bytes: int,
        data: bytes,
        at: int,
    ) -> int:
        """Queue the request for admission, or refuse it. Returns the position from which to go on."""
        try:
            resume = partial(self._resume, head, options, body, self._gateway.clock.monotonic())
            admission.enqueue(self._share, len(body), resume, held_bytes=held_bytes)
        except Overloaded as error:
            return self._refuse(error, head, data, at)
        if admission.held * _READ_BYTES > self._limits.max_held_bytes:
            # What comes behind a held request is not counted: at most once more what is held.
            self.flow.pause_reading()
        return self._wait(data, at)

    def _wait(self, data: bytes, at: int) -> int:
        """Go on later from this position: a request waits. Returns the end."""
        self._waiting = True
        if at < len(data):
            self._parts = [data]
            self._at = at
            self.flow.pause_reading()
        return len(data)

    def _waited(self) -> tuple[bytes, int]:
        """End a wait. Returns what is behind the request that waited, and its position there."""
        self._waiting = False
        parts, at = self._parts, self._at
        self._parts = []
        self._at = 0
        if len(parts) == 1:
            return parts[0], at
        return b"".join(parts)[at:], 0

    def _resume(
        self, head: CachedHead, options: RequestOptions, body: bytes | memoryview, since: float, verdict: Verdict
    ) -> bool:
        """Continue a request that has been held since then."""
        data, at = self._waited()
        held_seconds = self._gateway.clock.monotonic() - since
        if verdict is Verdict.REFUSED:
            self._write(*self._gateway.refuse(Overloaded(), head.method, head.route, seconds=held_seconds))
        else:
            # Even if the client has disconnected: its request is complete.
            options = options if verdict is Verdict.ADMITTED else options.overdue()
            at = self._respond(head, options, bytes(body), data, at, held_seconds)
        if not self._waiting:
            self._parse_rest(data, at)
        return not self._gateway.traces

    def _respond(
        self, head: CachedHead, options: RequestOptions, body: bytes, data: bytes, at: int, held_seconds: float = 0.0
    ) -> int:
        gathering = head.gathering
        if (
            gathering is not None
            and options is head.options
            and gathering.add(head.route.matched or body, self._finish_gathered, held_seconds)
        ):
            self._waiting = True
            self._gathered = head
            return self._wait(data, at) if at < len(data) else at
        answer = self._gateway.answer(head.method, head.route, options, body, held_seconds)
        admission = head.route.admission
        spend = self._gateway.spend_on_reads if admission is None else admission.spend
        if self._gateway.traces:
            # A span must start and end in the same task.
            return self._answer_in_task(timed(answer, time.monotonic, spend), data, at)
        start = time.monotonic()
        try:
            self._write(*run_inline(answer))
        except Suspended as suspended:
            return self._answer_in_task(timed(suspended.rest, time.monotonic, spend), data, at)
        finally:
            spend(time.monotonic() - start)
        return at

    def _finish_gathered(self, outcome: Outcome) -> None:
        self._waiting = False
        if isinstance(outcome, Answer):
            self._write(outcome, new_trace_id())
        else:
            head = self._gathered
            assert head is not None, "the request was gathered"
            self._write(*self._gateway.refuse(outcome, head.method, head.route, head.options.coding))
        if self._parts or self._stopping or self.flow.read_paused:
            self._parse_rest(*self._waited())

    def _answer_in_task(self, answer: Coroutine[Any, Any, tuple[Answer, str]], data: bytes, at: int) -> int:
        self.flow.pause_reading()
        task = self.loop.create_task(self._answer_later(answer))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return self._wait(data, at)

    async def _answer_later(self, coming: Coroutine[Any, Any, tuple[Answer, str]]) -> None:
        answer, request_id = await coming
        data, at = self._waited()
        self._write(answer, request_id)
        self._parse_rest(data, at)

    def _parse_rest(self, data: bytes, at: int) -> None:
        if self.transport.is_closing():
            return
        if self._stopping:
            self.transport.close()
            return
        self._since = self.loop.time()
        self.flow.resume_reading()
        self.data_received(data, at)

    def _write(self, answer: Answer, request_id: str) -> None:
        if self.transport.is_closing():
            return
        self.server_state.total_requests += 1
        self.transport.write(
            self._writer.written(answer, request_id, self.server_state.default_headers, fields=self._limit_fields)
        )

    def _hand_over(self) -> None:
        if self._begun is not None:
            data = b"".join(self._parts)
            self._begun = None
            self._parts = []
            super().data_received(data)
        elif self._cut:
            data, self._cut = self._cut, b""
            super().data_received(data)
