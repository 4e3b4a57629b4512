"""Routes for anomalies and moves."""

from typing import Annotated

import msgspec
from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from api.http.access import Rule, rule
from api.http.cursors import Int64, from_cursor, to_cursor
from api.http.query import Cursor, Descending, From, Limit, Moment, NumberFormat, Numbers, OneQuery, Query, To
from api.http.responses import PageResponse, ValidatedResponse
from api.http.symbol_paths import SymbolPath, symbol_in
from api.reference import price_examples as example
from api.reference.documented import ONE_PAGE, documented
from api.views.prices import AnomalyPageView, AnomalyView, ExplainedAnomalyView, MovePageView, MoveView
from application.mediator import Mediator
from application.paging import Order
from application.prices.ports.event_repository import EventFilter, EventOrder
from application.prices.queries.get_anomaly import GetAnomaly
from application.prices.queries.get_symbol_statistics import GetSymbolStatistics
from application.prices.queries.list_events import GetRecentAnomalies, ListMoves
from domain.access.principal import Principal
from domain.prices.price_anomaly import Direction, Severity
from domain.symbol import SYMBOL_LENGTH_MAX, SYMBOL_PATTERN

_PLACES: msgspec.json.Decoder[EventOrder] = msgspec.json.Decoder(tuple[Int64, str, Int64, str])


_SymbolFilter = Annotated[
    str | None,
    msgspec.Meta(
        description="Only of this symbol.",
        examples=["AAPL"],
        extra_json_schema={"pattern": SYMBOL_PATTERN, "maxLength": SYMBOL_LENGTH_MAX},
    ),
]
_DirectionFilter = Annotated[Direction | None, msgspec.Meta(description="Only moves this way.", examples=["up"])]
_SeverityFilter = Annotated[Severity | None, msgspec.Meta(description="Only of this severity.", examples=["high"])]
_Since = Annotated[
    Moment | None, msgspec.Meta(description="An older name of `from`.", extra_json_schema={"deprecated": True})
]


class _EventsQuery(Query, frozen=True, rename={"from_": "from"}):
    direction: _DirectionFilter = None
    severity: _SeverityFilter = None
    from_: From = None
    to: To = None
    limit: Limit = None
    cursor: Cursor = None
    order: Descending = Order.DESC
    numbers: NumberFormat = Numbers.NUMBER


class SymbolAnomaliesQuery(_EventsQuery, frozen=True, rename={"from_": "from"}):
    since: _Since = None


class AnomaliesQuery(SymbolAnomaliesQuery, frozen=True, rename={"from_": "from"}):
    symbol: _SymbolFilter = None


class MovesQuery(_EventsQuery, frozen=True, rename={"from_": "from"}):
    symbol: _SymbolFilter = None


async def _page(
    mediator: Mediator, params: SymbolAnomaliesQuery, symbol: str | None, principal: Principal
) -> AnomalyPageView:
    from_us = params.since if params.from_ is None else params.from_
    matching = EventFilter(symbol, params.direction, params.severity, from_us, params.to, principal.prefixes)
    after = from_cursor(params.cursor, _PLACES)
    found = await mediator.send(GetRecentAnomalies(matching, params.limit, after, params.order))
    return AnomalyPageView([AnomalyView.of(item) for item in found.items], to_cursor(found.next_after))


class AnomaliesController(Controller):
    tags = ("anomalies",)
    opt = rule(Rule.READ)

    @get(
        "/api/anomalies",
        operation_id="listAnomalies",
        summary="The spikes of all symbols by time",
        response_class=PageResponse,
        opt=documented(ONE_PAGE, example.ANOMALIES, media=example.ANOMALY_LINES, problems=(400, 503)),
    )
    async def list_anomalies(
        self,
        params: NamedDependency[AnomaliesQuery],
        mediator: NamedDependency[Mediator],
        principal: NamedDependency[Principal],
    ) -> AnomalyPageView:
        return await _page(mediator, params, params.symbol, principal)

    @get(
        "/api/prices/{symbol:str}/anomalies",
        operation_id="listSymbolAnomalies",
        summary="The spikes of one symbol by time",
        response_class=PageResponse,
        opt=documented(ONE_PAGE, example.ANOMALIES, media=example.ANOMALY_LINES, problems=(400, 404, 503)),
    )
    async def list_symbol_anomalies(
        self,
        symbol: SymbolPath,
        params: NamedDependency[SymbolAnomaliesQuery],
        mediator: NamedDependency[Mediator],
        principal: NamedDependency[Principal],
    ) -> AnomalyPageView:
        # An unknown symbol is a 404, not an empty page.
        statistics = await mediator.send(GetSymbolStatistics(symbol_in(symbol)))
        return await _page(mediator, params, statistics.symbol, principal)

    @get(
        "/api/anomalies/{id:str}",
        operation_id="getAnomaly",
        summary="One spike, with the ticks that explain it",
        response_class=ValidatedResponse,
        opt=documented("The spike.", example.EXPLAINED, problems=(400, 404, 503)),
    )
    async def get_anomaly(
        self,
        id: FromPath[str],  # noqa: A002  # as on the wire
        params: NamedDependency[OneQuery],
        mediator: NamedDependency[Mediator],
        principal: NamedDependency[Principal],
    ) -> ExplainedAnomalyView:
        return ExplainedAnomalyView.of(await mediator.send(GetAnomaly(id, principal.prefixes)))

    @get(
        "/api/moves",
        operation_id="listMoves",
        summary="The moves of all symbols, by when they started: consecutive spikes in one direction as one event",
        response_class=PageResponse,
        opt=documented(ONE_PAGE, example.MOVES, media=example.MOVE_LINES, problems=(400, 503)),
    )
    async def list_moves(
        self,
        params: NamedDependency[MovesQuery],
        mediator: NamedDependency[Mediator],
        principal: NamedDependency[Principal],
    ) -> MovePageView:
        matching = EventFilter(
            params.symbol, params.direction, params.severity, params.from_, params.to, principal.prefixes
        )
        after = from_cursor(params.cursor, _PLACES)
        found = await mediator.send(ListMoves(matching, params.limit, after, params.order))
        return MovePageView([MoveView.of(item) for item in found.items], to_cursor(found.next_after))
