"""What surrounds every HTTP request, routed or not: its trace, its measure, and the path made fit for the router."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from api.symbol_paths import routable
from application.ports.clock import Clock
from infrastructure.telemetry.meters import RequestMeter
from infrastructure.telemetry.trace_context import TraceContext, current_trace
from infrastructure.telemetry.tracing import OpenTelemetryTracer

# Anybody can invent methods; what is counted by must be bounded.
_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
UNMATCHED = "unmatched"


Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]


class Edge:
    """Wraps the Litestar app. A plain wrapper and not a middleware, which runs only for requests that have a route."""

    def __init__(self, app: AsgiApp, meter: RequestMeter, tracer: OpenTelemetryTracer, clock: Clock) -> None:
        self.app = app
        self._meter = meter
        self._tracer = tracer
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        method = str(scope["method"])
        path = routable(scope["path"], scope["raw_path"], method)
        # A HEAD is a GET whose body the server does not send.
        inner: Scope = {**scope, "path": path, "method": "GET" if method == "HEAD" else method}
        trace = TraceContext(_traceparent(scope))
        status = 500

        async def counting_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        start = self._clock.monotonic()
        token = current_trace.set(trace)
        try:
            with self._tracer.request(trace, f"{method} request"):
                await self.app(inner, receive, counting_send)
        finally:
            current_trace.reset(token)
            route = str(inner.get("path_template") or UNMATCHED)
            shown = method if method in _METHODS else "OTHER"
            self._meter.observe(route, shown, status, self._clock.monotonic() - start)


def _traceparent(scope: Scope) -> bytes | None:
    for name, value in scope["headers"]:
        if name == b"traceparent":
            return bytes(value)
    return None
