"""The past: ticks and candles."""

from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler

from api.cursors import Int64, from_cursor, to_cursor
from api.query_parameters import QueryParameters
from api.routes.answers import page_answer
from api.schemas import CandlePageView, CandleView, TickPageView, TickView
from api.symbol_paths import symbol_of
from application.errors import FieldError, ValidationFailed
from application.mediator import Mediator
from application.queries.list_candles import ListCandles
from application.queries.list_ticks import ListTicks
from domain.candle import Interval

# Of ticks, a place in the log; of candles, what is left of the range.
_PLACES: msgspec.json.Decoder[tuple[int, int]] = msgspec.json.Decoder(tuple[Int64, Int64])


def history_routes(mediator: Mediator) -> list[HTTPRouteHandler]:
    @get("/api/prices/{symbol:str}/ticks")
    async def list_ticks(request: Request[Any, Any, Any]) -> Response[Any]:
        query = QueryParameters(request, ("from", "to", "limit", "cursor"))
        page = await mediator.send(
            ListTicks(
                symbol_of(request),
                query.moment("from"),
                query.moment("to"),
                query.integer("limit"),
                from_cursor(query.text("cursor"), _PLACES),
            )
        )
        view = TickPageView(list(map(TickView.of, page.items)), to_cursor(page.next_after))
        return page_answer(request, view, TickView)

    @get("/api/prices/{symbol:str}/candles")
    async def list_candles(request: Request[Any, Any, Any]) -> Response[Any]:
        query = QueryParameters(request, ("interval", "from", "to", "limit", "cursor"))
        interval = query.one_of("interval", Interval)
        if interval is None:
            names = ", ".join(each.value for each in Interval)
            raise ValidationFailed([FieldError("interval", "missing", f"is required; it is one of {names}")])
        from_us, to_us = query.moment("from"), query.moment("to")
        # A cursor holds the rest of the range, so that a page of a moving range goes on where it was.
        place = from_cursor(query.text("cursor"), _PLACES)
        if place is not None:
            from_us, to_us = place
        symbol = symbol_of(request)
        found = await mediator.send(ListCandles(symbol, interval, from_us, to_us, query.integer("limit")))
        items = [CandleView.of(each, symbol.strip().upper(), interval, found.still_open_us) for each in found.items]
        cursor = None if found.next_from_us is None else to_cursor((found.next_from_us, found.to_us))
        return page_answer(request, CandlePageView(items, cursor), CandleView)

    return [list_ticks, list_candles]
