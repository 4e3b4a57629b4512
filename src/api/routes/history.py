"""Routes for history: ticks and candles."""

from dataclasses import replace
from typing import Annotated, Any

import msgspec
from litestar import Controller, Request, Response, get
from litestar.di import NamedDependency

from api.http.access import Rule, rule
from api.http.cursors import Int64, from_cursor, to_cursor
from api.http.downloads import PARQUET, Downloads, Part, wants_parquet
from api.http.query import Ascending, Cursor, From, Limit, NumberFormat, Numbers, Query, To
from api.http.responses import PageResponse
from api.http.symbol_paths import SymbolPath, symbol_in
from api.reference import price_examples as example
from api.reference.documented import ONE_PAGE_OR_ALL, documented
from api.views.prices import CandlePageView, CandleView, TickPageView, TickView
from application.mediator import Mediator
from application.paging import Order
from application.prices.queries.list_candles import ListCandles
from application.prices.queries.list_ticks import ListTicks
from domain.bars import Interval
from infrastructure.prices.price_parquet import CANDLE_TABLE, TICK_TABLE

# Of ticks, a position in the log; of candles, the rest of the range.
_PLACES: msgspec.json.Decoder[tuple[int, int]] = msgspec.json.Decoder(tuple[Int64, Int64])


class TicksQuery(Query, frozen=True, rename={"from_": "from"}):
    from_: From = None
    to: To = None
    limit: Limit = None
    cursor: Cursor = None
    order: Ascending = Order.ASC
    numbers: NumberFormat = Numbers.NUMBER


class CandlesQuery(Query, frozen=True, rename={"from_": "from"}):
    interval: Annotated[Interval, msgspec.Meta(description="How long a candle is.", examples=["1m"])]
    from_: From = None
    to: To = None
    limit: Limit = None
    cursor: Cursor = None
    order: Ascending = Order.ASC
    numbers: NumberFormat = Numbers.NUMBER


class HistoryController(Controller):
    path = "/api/prices"
    tags = ("history",)
    opt = rule(Rule.READ)

    @get(
        "/{symbol:str}/ticks",
        operation_id="listTicks",
        summary="The ticks of one symbol, in order of arrival",
        response_class=PageResponse,
        opt=documented(
            ONE_PAGE_OR_ALL, example.TICKS, media=example.TICK_LINES, files=(PARQUET,), problems=(400, 404, 503)
        ),
    )
    async def list_ticks(
        self,
        request: Request[Any, Any, Any],
        symbol: SymbolPath,
        params: NamedDependency[TicksQuery],
        mediator: NamedDependency[Mediator],
        downloads: NamedDependency[Downloads],
    ) -> Response[TickPageView]:
        after = from_cursor(params.cursor, _PLACES)
        query = ListTicks(symbol_in(symbol), params.from_, params.to, params.limit, after, params.order)

        async def part(after: Any, limit: int) -> Part:
            found = await mediator.send(replace(query, after=after, limit=limit))
            return Part(found.items, found.next_after)

        if wants_parquet(request):
            return await downloads.begin(TICK_TABLE, part, after, params.limit)
        page = await mediator.send(query)
        return PageResponse(TickPageView(list(map(TickView.of, page.items)), to_cursor(page.next_after)))

    @get(
        "/{symbol:str}/candles",
        operation_id="listCandles",
        summary="The candles of one symbol, oldest first",
        response_class=PageResponse,
        opt=documented(
            ONE_PAGE_OR_ALL, example.CANDLES, media=example.CANDLE_LINES, files=(PARQUET,), problems=(400, 404, 503)
        ),
    )
    async def list_candles(
        self,
        request: Request[Any, Any, Any],
        symbol: SymbolPath,
        params: NamedDependency[CandlesQuery],
        mediator: NamedDependency[Mediator],
        downloads: NamedDependency[Downloads],
    ) -> Response[CandlePageView]:
        interval, asked = params.interval, symbol_in(symbol)
        name = asked.strip().upper()
        # A cursor holds the rest of the range, so that pages of a moving range continue where the last one ended.
        from_us, to_us = from_cursor(params.cursor, _PLACES) or (params.from_, params.to)
        query = ListCandles(asked, interval, from_us, to_us, params.limit, params.order)

        async def part(rest: Any, limit: int) -> Part:
            found = await mediator.send(replace(query, from_us=rest[0], to_us=rest[1], limit=limit))
            closed_us = found.still_open_us - interval.width_us
            return Part([(name, each, each.start_us <= closed_us) for each in found.items], found.rest)

        if wants_parquet(request):
            return await downloads.begin(CANDLE_TABLE, part, (from_us, to_us), params.limit)
        found = await mediator.send(query)
        items = [CandleView.of(each, name, interval, found.still_open_us) for each in found.items]
        return PageResponse(CandlePageView(items, to_cursor(found.rest)))
