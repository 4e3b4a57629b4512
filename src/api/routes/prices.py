"""Ticks in, statistics out."""

from typing import Any, cast

import msgspec
from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler

from api.asgi import Scope
from api.asked import Asked, asked_of
from api.cursors import from_cursor, to_cursor
from api.query_parameters import QueryParameters
from api.routes.answers import answer, response_of
from api.schemas import StatisticsPageView, StatisticsView
from api.shares import share_of
from api.symbol_paths import symbol_of
from api.tick_intake import TickIntake
from application.mediator import Mediator
from application.queries.get_symbol_statistics import GetSymbolStatistics
from application.queries.list_symbol_statistics import ListSymbolStatistics
from infrastructure.processing.admission import Admission

_PLACES = msgspec.json.Decoder(str)


def price_routes(mediator: Mediator, intake: TickIntake, admission: Admission) -> list[HTTPRouteHandler]:
    async def admitted(request: Request[Any, Any, Any]) -> tuple[Asked, bytes]:
        body = await request.body()
        asked = asked_of(request.scope["headers"])
        return asked if await admission.enter(
            share_of(cast("Scope", request.scope)), len(body)
        ) else asked.overdue(), body

    @post("/api/prices")
    async def post_price(request: Request[Any, Any, Any]) -> Response[Any]:
        return response_of(await intake.take_one(*await admitted(request)))

    @post("/api/prices/batch")
    async def post_batch(request: Request[Any, Any, Any]) -> Response[Any]:
        return response_of(await intake.take_many(*await admitted(request)))

    @get("/api/prices")
    async def list_prices(request: Request[Any, Any, Any]) -> Response[bytes]:
        query = QueryParameters(request, ("symbols", "limit", "cursor"))
        names = query.text("symbols")
        symbols = None if names is None else tuple(name for name in names.split(",") if name.strip())
        limit = query.integer("limit")
        page = await mediator.send(ListSymbolStatistics(symbols, limit, from_cursor(query.text("cursor"), _PLACES)))
        items = [StatisticsView.of(item) for item in page.items]
        return answer(StatisticsPageView(items, page.total, to_cursor(page.next_after)))

    @get("/api/prices/{symbol:str}")
    async def get_price(request: Request[Any, Any, Any]) -> Response[bytes]:
        QueryParameters(request, ())
        statistics = await mediator.send(GetSymbolStatistics(symbol_of(request)))
        return answer(StatisticsView.of(statistics))

    return [post_price, post_batch, list_prices, get_price]
