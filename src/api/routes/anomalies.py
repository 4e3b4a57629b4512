"""Spikes, newest first."""

from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler

from api.cursors import Int64, from_cursor, to_cursor
from api.query_parameters import QueryParameters
from api.routes.answers import answer, page_answer
from api.schemas import AnomalyPageView, AnomalyView, ExplainedAnomalyView
from api.symbol_paths import symbol_of
from application.mediator import Mediator
from application.ports.anomaly_repository import AnomalyFilter, AnomalyOrder
from application.queries.get_anomaly import GetAnomaly
from application.queries.get_recent_anomalies import GetRecentAnomalies
from application.queries.get_symbol_statistics import GetSymbolStatistics
from domain.price_anomaly import Direction, Severity

_PLACES: msgspec.json.Decoder[AnomalyOrder] = msgspec.json.Decoder(tuple[Int64, str, Int64, str])
_FILTERS = ("direction", "severity", "since", "limit", "cursor")


def anomaly_routes(mediator: Mediator) -> list[HTTPRouteHandler]:
    @get("/api/anomalies")
    async def list_anomalies(request: Request[Any, Any, Any]) -> Response[Any]:
        query = QueryParameters(request, ("symbol", *_FILTERS))
        return await page(query, query.text("symbol"))

    @get("/api/prices/{symbol:str}/anomalies")
    async def list_symbol_anomalies(request: Request[Any, Any, Any]) -> Response[Any]:
        query = QueryParameters(request, _FILTERS)
        # Nothing known of a symbol is another answer than nothing wrong with it.
        statistics = await mediator.send(GetSymbolStatistics(symbol_of(request)))
        return await page(query, statistics.symbol)

    async def page(query: QueryParameters, symbol: str | None) -> Response[Any]:
        matching = AnomalyFilter(
            symbol, query.one_of("direction", Direction), query.one_of("severity", Severity), query.moment("since")
        )
        limit = query.integer("limit")
        before = from_cursor(query.text("cursor"), _PLACES)
        found = await mediator.send(GetRecentAnomalies(matching, limit, before))
        items = [AnomalyView.of(item) for item in found.items]
        return page_answer(query.request, AnomalyPageView(items, to_cursor(found.next_before)), AnomalyView)

    @get("/api/anomalies/{anomaly_id:str}")
    async def get_anomaly(request: Request[Any, Any, Any]) -> Response[Any]:
        QueryParameters(request, ())
        found = await mediator.send(GetAnomaly(request.path_params["anomaly_id"]))
        return answer(ExplainedAnomalyView.of(found))

    return [list_anomalies, list_symbol_anomalies, get_anomaly]
