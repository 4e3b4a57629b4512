"""Wraps every HTTP request, routed or not: traces it, measures it, and rewrites its path for the router."""

import asyncio
from collections.abc import Collection, Coroutine, Mapping
from typing import Any, TypeVar

from api.http.access import PRINCIPAL, Access
from api.http.answer import Answer, answer_to, encoded_answer, send_answer, unless_known
from api.http.asgi import IS_HEAD, AsgiApp, Message, Receive, Scope, Send
from api.http.bodies import CLIENT_GONE, header_bytes
from api.http.client_addresses import ADDRESS, ClientAddresses
from api.http.connections import Connections
from api.http.content_coding import ENCODED_BYTES_MIN, accepted_coding
from api.http.errors import ForbiddenHost, ForeignOrigin, MalformedRequest, RateLimited
from api.http.fast_path import FastPath, FastRoute
from api.http.hosts import AUTHORITY, Hosts
from api.http.methods import Methods
from api.http.origins import Origins
from api.http.outgoing import Outgoing
from api.http.rate_limits import CLIENT, Client, RateLimits
from api.http.request_log import RequestLog
from api.http.request_options import RequestOptions
from application.access.errors import Unauthenticated
from application.ports.clock import Clock
from domain.network import network_of
from infrastructure.processing.admission import Admission
from infrastructure.telemetry.meters import LoopMeter, RequestMeter
from infrastructure.telemetry.timing import timed
from infrastructure.telemetry.trace_context import TraceContext, current_trace, new_trace_id
from infrastructure.telemetry.tracing import OpenTelemetryTracer

# Clients can invent methods; a metric label must be bounded.
_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
UNMATCHED = "unmatched"
# Methods without effects.
_SAFE = frozenset(("GET", "HEAD", "OPTIONS"))
# Of every answer; `AnswerWriter` writes them too. No page of another origin can embed what it may not read.
_GUARDS = [(b"x-content-type-options", b"nosniff"), (b"cross-origin-resource-policy", b"same-origin")]

Result = TypeVar("Result")


class Gateway:
    """Wraps the Litestar app, and answers fast-path requests for the protocol.

    Not a middleware, because those run only for requests that match a route.

    stream_paths: paths that accept unbounded bodies. admissions: of requests that bring observations, by the path of
    their subject.
    """

    def __init__(
        self,
        app: AsgiApp,
        fast_path: FastPath,
        stream_paths: Collection[str],
        methods: Methods,
        connections: Connections,
        hosts: Hosts,
        origins: Origins,
        log: RequestLog,
        admissions: Mapping[str, Admission],
        meter: RequestMeter,
        loop_meter: LoopMeter,
        tracer: OpenTelemetryTracer,
        clock: Clock,
        addresses: ClientAddresses,
        rate_limits: RateLimits | None = None,
        access: Access | None = None,
    ) -> None:
        self.app = app
        self.fast_path = fast_path
        self.stream_paths = frozenset(stream_paths)
        self._admissions = admissions
        self.connections = connections
        self.hosts = hosts
        self._meter = meter
        self.spend_on_reads = loop_meter.spend_on_reads
        self._tracer = tracer
        self.clock = clock
        self._methods = methods
        self._origins = origins
        self._log = log
        self.addresses = addresses
        self.rate_limits = rate_limits
        self._access = access

    @property
    def traces(self) -> bool:
        """Whether any request may be traced."""
        return self._tracer.enabled

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        method = str(scope["method"])
        admission = self._admissions.get(_subject_path(scope["path"])) if method == "POST" else None
        spend = self.spend_on_reads if admission is None else admission.spend
        trace = TraceContext(header_bytes(scope, b"traceparent"))
        work = timed(self._by_router(scope, receive, send, trace), self.clock.monotonic, spend)
        await self._observed(method, scope["path"], trace, work)

    async def answer(
        self, method: str, route: FastRoute, options: RequestOptions, body: bytes, held_seconds: float = 0.0
    ) -> tuple[Answer, str]:
        """The answer to a fast-path request, which never has a parent trace, and its request id.

        held_seconds: how long it has waited for its admission.
        """
        if self._tracer.enabled:
            trace = TraceContext()
            work = self._answer(route, options, body)
            answer = await self._observed(method, route.path, trace, work, held_seconds)
            return answer, trace.trace_id
        start = self.clock.monotonic() - held_seconds
        current_trace.set(None)
        try:
            # Not through `FastPath.answer`: another coroutine is a twentieth of the cost of a GET.
            answer = await route.respond(options, body)
        except (Exception, asyncio.CancelledError) as given:
            answer = answer_to(given, route.path)
        if options.known_tags:
            answer = unless_known(answer, options.known_tags)
        if len(answer.body) > ENCODED_BYTES_MIN:
            answer = encoded_answer(answer, options.coding)
        self._meter.observe(route.template, method, answer.status, self.clock.monotonic() - start)
        if answer.status < 400:
            return answer, new_trace_id()
        return answer, self._failed(method, route.path, answer.status)

    def refuse(
        self,
        error: Exception,
        method: str = "OTHER",
        route: FastRoute | None = None,
        coding: str | None = None,
        seconds: float = 0.0,
    ) -> tuple[Answer, str]:
        """The answer to a malformed, refused or gathered request that fails, and its request id.

        seconds: how long the request has taken.
        """
        current_trace.set(TraceContext())
        path = "" if route is None else route.path
        answer = encoded_answer(answer_to(error, path), coding)
        self._meter.observe(UNMATCHED if route is None else route.template, method, answer.status, seconds)
        return answer, self._failed(method, path, answer.status)

    def _failed(self, method: str, path: str, status: int) -> str:
        """Log a failed request. Returns its id."""
        trace = current_trace.get()
        assert trace is not None, "the problem has its trace id from there"
        self._log.note(method, path, status, trace.problem)
        return trace.trace_id

    async def _observed(
        self,
        method: str,
        path: str,
        trace: TraceContext,
        work: Coroutine[Any, Any, tuple[str, int, Result]],
        held_seconds: float = 0.0,
    ) -> Result:
        start = self.clock.monotonic() - held_seconds
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
            self._meter.observe(route, shown, status, self.clock.monotonic() - start)
            if status >= 400:
                self._failed(shown, path, status)

    async def _answer(self, route: FastRoute, options: RequestOptions, body: bytes) -> tuple[str, int, Answer]:
        answer = unless_known(await self.fast_path.answer(route, options, body), options.known_tags)
        answer = encoded_answer(answer, options.coding)
        return route.template, answer.status, answer

    async def _by_router(
        self, scope: Scope, receive: Receive, send: Send, trace: TraceContext
    ) -> tuple[str, int, None]:
        origin = header_bytes(scope, b"origin")
        headers = [(b"x-request-id", trace.trace_id.encode()), *_GUARDS, *self._origins.answer_headers(origin)]
        coding = accepted_coding((header_bytes(scope, b"accept-encoding") or b"").decode("latin-1"))
        address = self.addresses.of(scope["client"][0] if scope["client"] else "", scope["headers"])
        limited = None if self.rate_limits is None else Client(self.rate_limits, network_of(address))
        outgoing = Outgoing(send, headers, coding, None if limited is None else limited.fields)
        try:
            if limited is not None:
                limited.enter()
            self.hosts.check(scope["headers"], scope["http_version"], scope.get(AUTHORITY))
            if scope["method"] not in _SAFE:
                self._origins.check(scope["headers"])
        except (RateLimited, MalformedRequest, ForbiddenHost, ForeignOrigin) as error:
            return UNMATCHED, await send_answer(outgoing, answer_to(error, scope["path"])), None
        methods = self._methods.of(scope["raw_path"]) if scope["method"] == "OPTIONS" else ""
        if methods:
            more = [(b"allow", methods.encode())]
            if header_bytes(scope, b"access-control-request-method") is not None:
                more += self._origins.preflight_headers(methods)
            await outgoing({"type": "http.response.start", "status": 204, "headers": more})
            await outgoing({"type": "http.response.body", "body": b""})
            return UNMATCHED, 204, None
        path = self._methods.routable(scope["path"], scope["raw_path"], scope["method"])
        # HEAD runs as GET; the server omits the body.
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        inner = {
            **scope,
            "path": path,
            "method": method,
            IS_HEAD: method != scope["method"],
            ADDRESS: address,
            CLIENT: limited,
        }
        client = _Client(receive, inner, self._access)
        try:
            await self.app(inner, client.receive, outgoing)
        except asyncio.CancelledError as stopped:
            # The shutdown deadline has passed.
            if outgoing.status:
                raise
            await send_answer(outgoing, answer_to(stopped, scope["path"]))
        except Exception:
            # The framework fails where a client leaves in the middle of its body or of its answer.
            if not client.gone:
                raise
            return str(inner.get("path_template") or UNMATCHED), CLIENT_GONE, None
        return str(inner.get("path_template") or UNMATCHED), outgoing.status or 500, None


def _subject_path(path: str) -> str:
    """`/api/prices` of `/api/prices/batch`."""
    return "/".join(path.split("/", 3)[:3])


class _Client:
    """Notices when the client disconnects, and when its key becomes invalid in the middle of its body.

    receive: of the server.
    """

    def __init__(self, receive: Receive, scope: Scope, access: Access | None) -> None:
        self.gone = False
        self._receive = receive
        self._scope = scope
        self._access = access

    async def receive(self) -> Message:
        message = await self._receive()
        if self._access is not None:
            principal = self._scope.get(PRINCIPAL)
            if principal is not None and not self._access.knows(principal):
                raise Unauthenticated
        if message["type"] == "http.disconnect":
            self.gone = True
        return message
