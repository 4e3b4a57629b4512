"""Dependencies of every subject's handlers: the query struct, the request options, the admitted body, the principal."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from litestar import Request
from litestar.di import Provide

from api.http.access import PRINCIPAL
from api.http.asgi import Scope
from api.http.bodies import whole_body
from api.http.content_coding import coding_of, decoded
from api.http.query import NoQuery, Query, read_query
from api.http.rate_limits import client_of
from api.http.request_options import RequestOptions, read_options
from api.http.shares import share_of
from domain.access.principal import ANYBODY, Principal
from infrastructure.processing.admission import Admission
from infrastructure.settings import LimitsSettings

# How many times its size a compressed body counts while nobody has decoded it. JSON is rarely compressed much better.
_COMPRESSION = 8


@dataclass(frozen=True, slots=True)
class Posted:
    """An admitted request with its complete body."""

    options: RequestOptions
    body: bytes


async def provide_query(request: Request[Any, Any, Any]) -> Query:
    """Parse the query into the struct the handler declares. Raises ValidationFailed."""
    wanted = request.route_handler.parsed_fn_signature.parameters.get("params")
    kind: type[Query] = NoQuery if wanted is None else wanted.annotation
    return read_query(kind, request.query_params)


def principal_of(scope: Any) -> Principal:
    """Who a request comes from."""
    principal: Principal = scope.get(PRINCIPAL, ANYBODY)
    return principal


async def provide_principal(request: Request[Any, Any, Any]) -> Principal:
    return principal_of(request.scope)


async def provide_options(request: Request[Any, Any, Any]) -> RequestOptions:
    scope = cast("Scope", request.scope)
    return read_options(scope["headers"]).sent_by(principal_of(scope), client_of(scope))


def posted_by(admission: Admission, limits: LimitsSettings) -> Provide:
    """Read bodies, wait for admission, and decode what is compressed.

    Raises:
        RateLimited, ClientGone, UnsupportedCoding, MalformedBody, BodyTooLarge, Overloaded
    """

    async def provide_posted(request: Request[Any, Any, Any]) -> Posted:
        scope = cast("Scope", request.scope)
        client = client_of(scope)
        if client is not None:
            client.begin_observations()
        coding = coding_of(scope)
        body = await whole_body(scope, cast("Any", request.receive), limits.max_body_bytes)
        options = read_options(scope["headers"]).sent_by(principal_of(scope), client)
        size = len(body) if coding is None else min(len(body) * _COMPRESSION, limits.max_body_bytes)
        admitted = await admission.enter(share_of(scope), size)
        if coding is not None:
            start = time.monotonic()
            try:
                body = decoded(body, coding, limits.max_body_bytes, limits.max_compression_ratio)
            finally:
                admission.spend(time.monotonic() - start)
        return Posted(options if admitted else options.overdue(), body)

    return Provide(provide_posted)


def constant(value: Any) -> Provide:
    """Provide the same value to every request."""

    async def provide() -> Any:
        return value

    return Provide(provide)


COMMON: Mapping[str, Provide] = {
    "params": Provide(provide_query),
    "options": Provide(provide_options),
    "principal": Provide(provide_principal),
}
