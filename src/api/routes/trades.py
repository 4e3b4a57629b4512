"""Routes for trades: executions in, what they add up to out."""

from typing import Annotated, cast

import msgspec
from litestar import Controller, Response, delete, get, post
from litestar.di import NamedDependency

from api.http.access import Rule, rule
from api.http.cursors import Int64, from_cursor, to_cursor
from api.http.dependencies import Posted
from api.http.encoded_states import EncodedStates
from api.http.query import (
    MOMENT,
    Ascending,
    Cursor,
    From,
    Limit,
    Moment,
    NumberFormat,
    Numbers,
    OneQuery,
    Query,
    To,
)
from api.http.responses import PageResponse, ValidatedResponse, response_of, validated_response_of
from api.http.symbol_paths import SymbolPath, symbol_in
from api.ingest.batch_intake import NDJSON
from api.ingest.trade_intake import TradeIntake
from api.reference import trade_examples as example
from api.reference.documented import IDEMPOTENCY_KEY, ONE_PAGE, documented, header
from api.routes.history import CandlesQuery
from api.views.ingest import AcceptedView, BatchView
from api.views.trades import (
    TradeCandlePageView,
    TradeCandleView,
    TradePageView,
    TradeStatisticsPageView,
    TradeStatisticsView,
    TradeView,
)
from application.mediator import Mediator
from application.paging import Order
from application.trades.commands.forget_trades import ForgetTrades
from application.trades.queries.get_trade_statistics import GetTradeStatistics
from application.trades.queries.list_trade_candles import ListTradeCandles
from application.trades.queries.list_trade_statistics import ListTradeStatistics
from application.trades.queries.list_trades import ListTrades
from domain.access.principal import Principal
from domain.symbol import SYMBOL_PATTERN

_SYMBOLS = msgspec.json.Decoder(str)
# Of trades, a position in the log; of candles, the rest of the range.
_PLACES: msgspec.json.Decoder[tuple[int, int]] = msgspec.json.Decoder(tuple[Int64, Int64])
_SYMBOL = SYMBOL_PATTERN[1:-1]
_PREFER = header("Prefer", "`durable`: answer with 200 once the trades are on disk.", "durable")
_TRADE = {"$ref": "#/components/schemas/Trade"}
_LINES = {"schema": {"type": "string"}, "example": example.NDJSON_BATCH}


class TradeStatisticsQuery(Query, frozen=True, rename={"from_": "from"}):
    symbols: Annotated[
        str | None,
        msgspec.Meta(
            description="Only these, separated by commas.",
            examples=["AAPL,BTCUSD"],
            extra_json_schema={"pattern": f"^({_SYMBOL}(,{_SYMBOL})*)?$"},
        ),
    ] = None
    from_: Annotated[Moment | None, msgspec.Meta(description=f"Last traded at this moment or later: {MOMENT}.")] = None
    to: Annotated[Moment | None, msgspec.Meta(description=f"Last traded before this moment: {MOMENT}.")] = None
    limit: Limit = None
    cursor: Cursor = None
    order: Ascending = Order.ASC
    numbers: NumberFormat = Numbers.NUMBER


class TradesQuery(Query, frozen=True, rename={"from_": "from"}):
    from_: From = None
    to: To = None
    limit: Limit = None
    cursor: Cursor = None
    order: Ascending = Order.ASC
    numbers: NumberFormat = Numbers.NUMBER


class TradesController(Controller):
    path = "/api/trades"
    tags = ("trades",)
    opt = rule(Rule.READ)

    @post(
        "/",
        operation_id="postTrade",
        summary="Take one trade",
        status_code=202,
        opt=documented(
            "The trade is in memory, and on disk soon.",
            {"accepted": 1},
            also={200: (AcceptedView, "The trade is on disk.", {"accepted": 0, "duplicates": 1})},
            problems=(400, 413, 415, 503, 507),
            headers=[_PREFER],
            body={
                "application/json": {
                    "schema": _TRADE,
                    "example": example.TRADE,
                    "schemas": {"Trade": example.TRADE_SCHEMA},
                }
            },
        )
        | rule(Rule.WRITE),
    )
    async def accept_trade(
        self, posted_trades: NamedDependency[Posted], trade_intake: NamedDependency[TradeIntake]
    ) -> Response[AcceptedView]:
        return response_of(await trade_intake.take_one(posted_trades.options, posted_trades.body))

    @post(
        "/batch",
        operation_id="postTradeBatch",
        summary="Take many trades",
        status_code=202,
        opt=documented(
            "The valid trades are accepted, the invalid ones named.",
            example.BATCH_ANSWER,
            also={200: (BatchView, "The valid trades are on disk.", example.BATCH_ANSWER)},
            problems=(400, 409, 413, 415, 422, 503, 507),
            headers=[_PREFER, IDEMPOTENCY_KEY],
            body={
                "application/json": {
                    "schema": {"type": "array", "items": _TRADE, "minItems": 1},
                    "example": example.BATCH,
                },
                NDJSON: _LINES,
            },
        )
        | rule(Rule.WRITE),
    )
    async def accept_trades(
        self, posted_trades: NamedDependency[Posted], trade_intake: NamedDependency[TradeIntake]
    ) -> Response[BatchView]:
        return response_of(await trade_intake.take_many(posted_trades.options, posted_trades.body))

    @get(
        "/",
        operation_id="listTradeStatistics",
        summary="List the statistics of trades, sorted by symbol",
        response_class=ValidatedResponse,
        opt=documented("One page.", example.PAGE, problems=(400,)),
    )
    async def list_statistics(
        self,
        params: NamedDependency[TradeStatisticsQuery],
        mediator: NamedDependency[Mediator],
        trade_states: NamedDependency[EncodedStates],
        principal: NamedDependency[Principal],
    ) -> TradeStatisticsPageView:
        named = params.symbols
        symbols = None if named is None else tuple(name for name in named.split(",") if name.strip())
        after = from_cursor(params.cursor, _SYMBOLS)
        page = await mediator.send(
            ListTradeStatistics(symbols, params.limit, after, params.from_, params.to, params.order, principal.prefixes)
        )
        if params.numbers is Numbers.STRING:
            items = [TradeStatisticsView.of(item) for item in page.items]
        else:
            items = cast(
                "list[TradeStatisticsView]",
                [msgspec.Raw(trade_states.encoded(item.symbol, item)) for item in page.items],
            )
        return TradeStatisticsPageView(items, page.total, to_cursor(page.next_after))

    @get(
        "/{symbol:str}",
        operation_id="getTradeStatistics",
        summary="The statistics of the trades of one symbol",
        response_class=ValidatedResponse,
        opt=documented("What is known of them.", example.STATISTICS, problems=(400, 404)),
    )
    async def get_statistics(
        self,
        symbol: SymbolPath,
        params: NamedDependency[OneQuery],
        mediator: NamedDependency[Mediator],
        trade_states: NamedDependency[EncodedStates],
    ) -> Response[TradeStatisticsView]:
        found = await mediator.send(GetTradeStatistics(symbol_in(symbol)))
        answer = trade_states.answer(found.symbol, found)
        if params.numbers is Numbers.STRING:
            return ValidatedResponse(TradeStatisticsView.of(found), headers=dict(answer.headers))
        return validated_response_of(answer)

    @delete(
        "/{symbol:str}",
        operation_id="forgetTrades",
        summary="Remove the trades of a symbol, and what they add up to",
        opt=documented("Nothing is known of them any more.", problems=(404, 507)) | rule(Rule.MANAGE),
    )
    async def forget(self, symbol: SymbolPath, mediator: NamedDependency[Mediator]) -> None:
        await mediator.send(ForgetTrades(symbol_in(symbol)))

    @get(
        "/{symbol:str}/history",
        operation_id="listTrades",
        summary="The trades of one symbol, in order of arrival",
        response_class=PageResponse,
        opt=documented(ONE_PAGE, example.TRADES, media=example.TRADE_LINES, problems=(400, 404, 503)),
    )
    async def list_trades(
        self, symbol: SymbolPath, params: NamedDependency[TradesQuery], mediator: NamedDependency[Mediator]
    ) -> TradePageView:
        after = from_cursor(params.cursor, _PLACES)
        query = ListTrades(symbol_in(symbol), params.from_, params.to, params.limit, after, params.order)
        page = await mediator.send(query)
        return TradePageView(list(map(TradeView.of, page.items)), to_cursor(page.next_after))

    @get(
        "/{symbol:str}/candles",
        operation_id="listTradeCandles",
        summary="The candles of the trades of one symbol, oldest first",
        response_class=PageResponse,
        opt=documented(ONE_PAGE, example.CANDLES, media=example.CANDLE_LINES, problems=(400, 404, 503)),
    )
    async def list_candles(
        self, symbol: SymbolPath, params: NamedDependency[CandlesQuery], mediator: NamedDependency[Mediator]
    ) -> TradeCandlePageView:
        interval, from_us, to_us = params.interval, params.from_, params.to
        # A cursor holds the rest of the range, so that pages of a moving range continue where the last one ended.
        place = from_cursor(params.cursor, _PLACES)
        if place is not None:
            from_us, to_us = Moment(place[0]), Moment(place[1])
        name = symbol_in(symbol)
        found = await mediator.send(ListTradeCandles(name, interval, from_us, to_us, params.limit, params.order))
        items = [TradeCandleView.of(each, name.strip().upper(), interval, found.still_open_us) for each in found.items]
        return TradeCandlePageView(items, to_cursor(found.rest))
