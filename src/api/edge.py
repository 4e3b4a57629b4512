"""What surrounds every HTTP request, routed or not: its trace, its measure, and the path made fit for the router."""

from api.asgi import AsgiApp, Message, Receive, Scope, Send
from api.symbol_paths import routable
from api.tick_intake import TickIntake
from application.ports.clock import Clock
from infrastructure.telemetry.meters import RequestMeter
from infrastructure.telemetry.trace_context import TraceContext, current_trace
from infrastructure.telemetry.tracing import OpenTelemetryTracer

# Anybody can invent methods; what is counted by must be bounded.
_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
UNMATCHED = "unmatched"


class Edge:
    """Wraps the Litestar app, and lets ticks take the short way past it.

    A plain wrapper and not a middleware, which runs only for requests that have a route.
    """

    def __init__(
        self, app: AsgiApp, intake: TickIntake, meter: RequestMeter, tracer: OpenTelemetryTracer, clock: Clock
    ) -> None:
        self.app = app
        self._intake = intake
        self._meter = meter
        self._tracer = tracer
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        method = str(scope["method"])
        trace = TraceContext(_traceparent(scope))
        start = self._clock.monotonic()
        token = current_trace.set(trace)
        route, status = UNMATCHED, 500
        try:
            span = self._tracer.request(trace, method)
            if span is None:
                route, status = await self._pass_on(method, scope, receive, send)
            else:
                with span:
                    route, status = await self._pass_on(method, scope, receive, send)
        finally:
            current_trace.reset(token)
            shown = method if method in _METHODS else "OTHER"
            self._meter.observe(route, shown, status, self._clock.monotonic() - start)

    async def _pass_on(self, method: str, scope: Scope, receive: Receive, send: Send) -> tuple[str, int]:
        """Let the short way or the router answer; the template of the route, and the status."""
        if method == "POST" and scope["path"] in self._intake.paths:
            return scope["path"], await self._intake.answer(scope, receive, send)
        return await self._route(scope, receive, send)

    async def _route(self, scope: Scope, receive: Receive, send: Send) -> tuple[str, int]:
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
        return str(inner.get("path_template") or UNMATCHED), status


def _traceparent(scope: Scope) -> bytes | None:
    for name, value in scope["headers"]:
        if name == b"traceparent":
            return bytes(value)
    return None
