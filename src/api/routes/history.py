"""Routes for history: ticks and candles."""

from typing import Annotated

import msgspec
from litestar import Controller, get
from litestar.di import NamedDependency

from api.http.access import Rule, rule
from api.http.cursors import Int64, from_cursor, to_cursor
from api.http.query import Ascending, Cursor, From, Limit, Moment, NumberFormat, Numbers, Query, To
from api.http.responses import PageResponse
from api.http.symbol_paths import SymbolPath, symbol_in
from api.reference import price_examples as example
from api.reference.documented import ONE_PAGE, documented
from api.views.prices import CandlePageView, CandleView, TickPageView, TickView
from application.mediator import Mediator
from application.paging import Order
from application.prices.queries.list_candles import ListCandles
from application.prices.queries.list_ticks import ListTicks
from domain.bars import Interval

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
        opt=documented(ONE_PAGE, example.TICKS, media=example.TICK_LINES, problems=(400, 404, 503)),
    )
    async def list_ticks(
        self, symbol: SymbolPath, params: NamedDependency[TicksQuery], mediator: NamedDependency[Mediator]
    ) -> TickPageView:
        after = from_cursor(params.cursor, _PLACES)
        query = ListTicks(symbol_in(symbol), params.from_, params.to, params.limit, after, params.order)
        page = await mediator.send(query)
        return TickPageView(list(map(TickView.of, page.items)), to_cursor(page.next_after))

    @get(
        "/{symbol:str}/candles",
        operation_id="listCandles",
        summary="The candles of one symbol, oldest first",
        response_class=PageResponse,
        opt=documented(ONE_PAGE, example.CANDLES, media=example.CANDLE_LINES, problems=(400, 404, 503)),
    )
    async def list_candles(
        self, symbol: SymbolPath, params: NamedDependency[CandlesQuery], mediator: NamedDependency[Mediator]
    ) -> CandlePageView:
        interval, from_us, to_us = params.interval, params.from_, params.to
        # A cursor holds the rest of the range, so that pages of a moving range continue where the last one ended.
        place = from_cursor(params.cursor, _PLACES)
        if place is not None:
            from_us, to_us = Moment(place[0]), Moment(place[1])
        name = symbol_in(symbol)
        found = await mediator.send(ListCandles(name, interval, from_us, to_us, params.limit, params.order))
        items = [CandleView.of(each, name.strip().upper(), interval, found.still_open_us) for each in found.items]
        return CandlePageView(items, to_cursor(found.rest))
