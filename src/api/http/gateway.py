"""Wraps every HTTP request, routed or not: traces it, measures it, and rewrites its path for the router."""

import asyncio
from collections.abc import Collection, Coroutine
from typing import Any, TypeVar

from api.http.answer import Answer, answer_to, send_answer
from api.http.asgi import IS_HEAD, AsgiApp, Message, Receive, Scope, Send
from api.http.fast_path import FastPath, FastRoute
from api.http.inline import timed
from api.http.request_options import RequestOptions
from api.http.symbol_paths import routable
from application.ports.clock import Clock
from infrastructure.processing.admission import Admission
from infrastructure.telemetry.meters import LoopMeter, RequestMeter
from infrastructure.telemetry.trace_context import TraceContext, current_trace
from infrastructure.telemetry.tracing import OpenTelemetryTracer

# Clients can invent methods; a metric label must be bounded.
_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
UNMATCHED = "unmatched"

Result = TypeVar("Result")


class Gateway:
    """Wraps the Litestar app, and answers fast-path requests for the protocol.

    Not a middleware, because those run only for requests that match a route.

    stream_paths: paths that accept unbounded bodies.
    """

    def __init__(
        self,
        app: AsgiApp,
        fast_path: FastPath,
        stream_paths: Collection[str],
        admission: Admission,
        meter: RequestMeter,
        loop_meter: LoopMeter,
        tracer: OpenTelemetryTracer,
        clock: Clock,
    ) -> None:
        self.app = app
        self.fast_path = fast_path
        self.stream_paths = frozenset(stream_paths)
        self.admission = admission
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
        spend = self.admission.spend if method == "POST" else self.spend_on_reads
        work = timed(self._by_router(scope, receive, send), self._clock.monotonic, spend)
        await self._observed(method, traceparent, work)

    async def answer(self, method: str, route: FastRoute, options: RequestOptions, body: bytes) -> Answer:
        """Answer a fast-path request, which never has a parent trace."""
        if self._tracer.enabled:
            return await self._observed(method, None, self._answer(route, options, body))
        start = self._clock.monotonic()
        current_trace.set(None)
        answer = await self.fast_path.answer(route, options, body)
        self._meter.observe(route.template, method, answer.status, self._clock.monotonic() - start)
        return answer

    def refuse(self, error: Exception, method: str = "OTHER", route: FastRoute | None = None) -> Answer:
        """The answer to a malformed or refused request."""
        current_trace.set(TraceContext())
        answer = answer_to(error, "" if route is None else route.path)
        self._meter.observe(UNMATCHED if route is None else route.template, method, answer.status, 0.0)
        return answer

    async def _observed(
        self, method: str, traceparent: bytes | None, work: Coroutine[Any, Any, tuple[str, int, Result]]
    ) -> Result:
        trace = TraceContext(traceparent)
        start = self._clock.monotonic()
        # Not reset: the next request sets its own.
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

    async def _answer(self, route: FastRoute, options: RequestOptions, body: bytes) -> tuple[str, int, Answer]:
        answer = await self.fast_path.answer(route, options, body)
        return route.template, answer.status, answer

    async def _by_router(self, scope: Scope, receive: Receive, send: Send) -> tuple[str, int, None]:
        status = 0

        async def counting_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        path = routable(scope["path"], scope["raw_path"], scope["method"])
        # HEAD runs as GET; the server omits the body.
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        inner = {**scope, "path": path, "method": method, IS_HEAD: method != scope["method"]}
        try:
            await self.app(inner, receive, counting_send)
        except asyncio.CancelledError as stopped:
            # The shutdown deadline has passed.
            if status:
                raise
            await send_answer(counting_send, answer_to(stopped, scope["path"]))
        return str(inner.get("path_template") or UNMATCHED), status or 500, None
