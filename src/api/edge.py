"""What surrounds every HTTP request, routed or not: its trace, its measure, and the path made fit for the router."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from api.answer import Answer, answer_to, send_answer
from api.asgi import AsgiApp, Message, Receive, Scope, Send
from api.asked import Asked, asked_of
from api.bodies import ClientGone, whole_body
from api.eager import timed
from api.live.event_stream import EVENTS_PATH, EventStream
from api.shares import share_of
from api.short_way import Route, ShortWay
from api.symbol_paths import routable
from api.tick_stream import STREAM_PATH, TickStream
from application.ports.clock import Clock
from infrastructure.processing.admission import Admission
from infrastructure.telemetry.meters import LoopMeter, RequestMeter
from infrastructure.telemetry.trace_context import TraceContext, current_trace
from infrastructure.telemetry.tracing import OpenTelemetryTracer

# Anybody can invent methods; what is counted by must be bounded.
_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
UNMATCHED = "unmatched"
# What metrics show where nobody was left to answer.
_CLIENT_GONE = 499

Result = TypeVar("Result")


class Edge:
    """Wraps the Litestar app, and lets some requests take the short way past it.

    A plain wrapper and not a middleware, which runs only for requests that have a route.
    """

    def __init__(
        self,
        app: AsgiApp,
        short_way: ShortWay,
        stream: TickStream,
        events: EventStream,
        admission: Admission,
        meter: RequestMeter,
        loop_meter: LoopMeter,
        tracer: OpenTelemetryTracer,
        clock: Clock,
        max_body_bytes: int,
    ) -> None:
        self.app = app
        self.short_way = short_way
        self._stream = stream
        self._events = events
        self.admission = admission
        self.max_body_bytes = max_body_bytes
        self._meter = meter
        self.spend_on_reads = loop_meter.spend_on_reads
        self._tracer = tracer
        self._clock = clock

    @property
    def traces(self) -> bool:
        """Whether any request may be traced."""
        return self._tracer.enabled

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        method = str(scope["method"])
        traceparent = next((value for name, value in scope["headers"] if name == b"traceparent"), None)
        route = None if scope["query_string"] else self.short_way.route(method, scope["path"])
        if method == "POST" and scope["path"] == STREAM_PATH:
            work = self._by_stream(scope, receive, send)
        elif method == "GET" and scope["path"] == EVENTS_PATH:
            work = self._by_events(scope, receive, send)
        elif route is None:
            work = self._by_router(scope, receive, send)
        else:
            work = self._by_short_way(route, scope, receive, send)
        spend = self.admission.spend if method == "POST" else self.spend_on_reads
        await self._observed(method, traceparent, timed(work, self._clock.monotonic, spend))

    async def answer(self, method: str, route: Route, asked: Asked, body: bytes) -> Answer:
        """The answer to a request on the short way whose body is there, and which belongs to no trace."""
        if self._tracer.enabled:
            return await self._observed(method, None, self._answer(route, asked, body))
        start = self._clock.monotonic()
        current_trace.set(None)
        answer = await self.short_way.answer(route, asked, body)
        self._meter.observe(route.template, method, answer.status, self._clock.monotonic() - start)
        return answer

    def refuse(self, error: Exception, method: str = "OTHER", route: Route | None = None) -> Answer:
        """The answer to what never became a request, or is not worked on."""
        current_trace.set(TraceContext())
        answer = answer_to(error, "" if route is None else route.path)
        self._meter.observe(UNMATCHED if route is None else route.template, method, answer.status, 0.0)
        return answer

    async def _observed(
        self, method: str, traceparent: bytes | None, work: Coroutine[Any, Any, tuple[str, int, Result]]
    ) -> Result:
        trace = TraceContext(traceparent)
        start = self._clock.monotonic()
        # Not reset: whatever request comes next sets its own.
        current_trace.set(trace)
        route, status = UNMATCHED, 500
        try:
            span = self._tracer.request(trace, method)
            if span is None:
                route, status, result = await work
            else:
                with span:
                    route, status, result = await work
            return result
        finally:
            shown = method if method in _METHODS else "OTHER"
            self._meter.observe(route, shown, status, self._clock.monotonic() - start)

    async def _answer(self, route: Route, asked: Asked, body: bytes) -> tuple[str, int, Answer]:
        answer = await self.short_way.answer(route, asked, body)
        return route.template, answer.status, answer

    async def _by_short_way(self, route: Route, scope: Scope, receive: Receive, send: Send) -> tuple[str, int, None]:
        try:
            body = await whole_body(scope, receive, self.max_body_bytes)
            asked = asked_of(scope["headers"])
            if route.brings_ticks and not await self.admission.enter(share_of(scope), len(body)):
                asked = asked.overdue()
        except ClientGone:
            return route.template, _CLIENT_GONE, None
        except (Exception, asyncio.CancelledError) as error:
            answer = answer_to(error, route.path)
        else:
            answer = await self.short_way.answer(route, asked, body)
        return route.template, await send_answer(send, answer), None

    async def _by_stream(self, scope: Scope, receive: Receive, send: Send) -> tuple[str, int, None]:
        try:
            return STREAM_PATH, await self._stream.answer(scope, receive, send), None
        except ClientGone:
            return STREAM_PATH, _CLIENT_GONE, None

    async def _by_events(self, scope: Scope, receive: Receive, send: Send) -> tuple[str, int, None]:
        return EVENTS_PATH, await self._events.answer(scope, receive, send), None

    async def _by_router(self, scope: Scope, receive: Receive, send: Send) -> tuple[str, int, None]:
        status = 500

        async def counting_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        path = routable(scope["path"], scope["raw_path"], scope["method"])
        # A HEAD is a GET whose body the server does not send.
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        inner = {**scope, "path": path, "method": method}
        await self.app(inner, receive, counting_send)
        return str(inner.get("path_template") or UNMATCHED), status, None
