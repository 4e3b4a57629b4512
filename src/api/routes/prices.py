"""Routes for prices: ticks in, statistics out."""

from typing import Annotated, cast

import msgspec
from litestar import Controller, Response, delete, get, post
from litestar.di import NamedDependency
from litestar.types import ASGIApp

from api.http.access import Rule, rule
from api.http.cursors import from_cursor, to_cursor
from api.http.dependencies import Posted
from api.http.encoded_states import EncodedStates
from api.http.query import (
    MOMENT,
    Ascending,
    Cursor,
    Limit,
    Moment,
    NumberFormat,
    Numbers,
    OneQuery,
    Query,
)
from api.http.request_options import RequestOptions
from api.http.responses import ValidatedResponse, response_of, validated_response_of
from api.http.symbol_paths import SymbolPath, symbol_in
from api.ingest.batch_intake import NDJSON
from api.ingest.tick_intake import ARROW, TickIntake
from api.ingest.tick_stream import TickStream
from api.reference import price_examples as example
from api.reference.documented import IDEMPOTENCY_KEY, documented, header
from api.views.ingest import AcceptedView, BatchView
from api.views.prices import StatisticsPageView, StatisticsView
from application.mediator import Mediator
from application.paging import Order
from application.prices.commands.forget_symbol import ForgetSymbol
from application.prices.queries.get_symbol_statistics import GetSymbolStatistics
from application.prices.queries.list_symbol_statistics import ListSymbolStatistics
from domain.access.principal import Principal
from domain.symbol import SYMBOL_PATTERN

_PLACES = msgspec.json.Decoder(str)
_SYMBOL = SYMBOL_PATTERN[1:-1]
_PREFER = header("Prefer", "`durable`: answer with 200 once the ticks are on disk.", "durable")
_TICK = {"$ref": "#/components/schemas/Tick"}
_TICK_SCHEMA = {"Tick": example.TICK_SCHEMA}
_PROGRESS = '{"accepted":1000,"rejected":0}\n{"accepted":1200,"rejected":0,"errors":[]}\n'
_LINES = {"schema": {"type": "string"}, "example": example.NDJSON_BATCH}
_ARROW = {"schema": example.ARROW_SCHEMA}


class StatisticsQuery(Query, frozen=True, rename={"from_": "from"}):
    symbols: Annotated[
        str | None,
        msgspec.Meta(
            description="Only these, separated by commas.",
            examples=["AAPL,BTCUSD"],
            extra_json_schema={"pattern": f"^({_SYMBOL}(,{_SYMBOL})*)?$"},
        ),
    ] = None
    from_: Annotated[Moment | None, msgspec.Meta(description=f"Last updated at this moment or later: {MOMENT}.")] = None
    to: Annotated[Moment | None, msgspec.Meta(description=f"Last updated before this moment: {MOMENT}.")] = None
    limit: Limit = None
    cursor: Cursor = None
    order: Ascending = Order.ASC
    numbers: NumberFormat = Numbers.NUMBER


class StreamQuery(Query, frozen=True):
    progress: Annotated[
        bool,
        msgspec.Meta(
            description="Answer at once, with a line of `accepted` and `rejected` a second; the accounting comes last.",
            examples=[False],
            extra_json_schema={"default": False},
        ),
    ] = False


class PricesController(Controller):
    path = "/api/prices"
    tags = ("prices",)
    opt = rule(Rule.READ)

    @post(
        "/",
        operation_id="postPrice",
        summary="Take one tick",
        status_code=202,
        opt=documented(
            "The tick is in memory, and on disk soon.",
            {"accepted": 1},
            also={200: (AcceptedView, "The tick is on disk.", {"accepted": 0, "duplicates": 1})},
            problems=(400, 413, 415, 503, 507),
            headers=[_PREFER],
            body={"application/json": {"schema": _TICK, "example": example.TICK, "schemas": _TICK_SCHEMA}},
        )
        | rule(Rule.WRITE),
    )
    async def accept_price(
        self, posted: NamedDependency[Posted], intake: NamedDependency[TickIntake]
    ) -> Response[AcceptedView]:
        return response_of(await intake.take_one(posted.options, posted.body))

    @post(
        "/batch",
        operation_id="postPriceBatch",
        summary="Take many ticks",
        status_code=202,
        opt=documented(
            "The valid ticks are accepted, the invalid ones named.",
            example.BATCH_ANSWER,
            also={200: (BatchView, "The valid ticks are on disk.", example.BATCH_ANSWER)},
            problems=(400, 409, 413, 415, 422, 503, 507),
            headers=[_PREFER, IDEMPOTENCY_KEY],
            body={
                "application/json": {
                    "schema": {"type": "array", "items": _TICK, "minItems": 1},
                    "example": example.BATCH,
                },
                NDJSON: _LINES,
                ARROW: _ARROW,
            },
        )
        | rule(Rule.WRITE),
    )
    async def accept_batch(
        self, posted: NamedDependency[Posted], intake: NamedDependency[TickIntake]
    ) -> Response[BatchView]:
        return response_of(await intake.take_many(posted.options, posted.body))

    @post(
        "/stream",
        operation_id="streamPrices",
        summary="Take ticks without end, as they arrive",
        status_code=202,
        opt=documented(
            "The accounting, once the body has ended.",
            content={
                "application/json": {
                    "schema": {"$ref": "#/components/schemas/BatchView"},
                    "example": example.BATCH_ANSWER,
                }
            },
            also={200: (BatchView, "The same, once the ticks are on disk.", example.BATCH_ANSWER)},
            media={NDJSON: _PROGRESS},
            problems=(400, 408, 415, 503, 507),
            headers=[_PREFER],
            body={NDJSON: _LINES, ARROW: _ARROW},
        )
        | rule(Rule.WRITE),
    )
    async def accept_stream(
        self,
        params: NamedDependency[StreamQuery],
        options: NamedDependency[RequestOptions],
        tick_stream: NamedDependency[TickStream],
    ) -> ASGIApp:
        return tick_stream.app(options, params.progress)

    @get(
        "/",
        operation_id="listStatistics",
        summary="List statistics, sorted by symbol",
        response_class=ValidatedResponse,
        opt=documented("One page.", example.PAGE, problems=(400,)),
    )
    async def list_prices(
        self,
        params: NamedDependency[StatisticsQuery],
        mediator: NamedDependency[Mediator],
        states: NamedDependency[EncodedStates],
        principal: NamedDependency[Principal],
    ) -> StatisticsPageView:
        named = params.symbols
        symbols = None if named is None else tuple(name for name in named.split(",") if name.strip())
        after = from_cursor(params.cursor, _PLACES)
        page = await mediator.send(
            ListSymbolStatistics(
                symbols, params.limit, after, params.from_, params.to, params.order, principal.prefixes
            )
        )
        if params.numbers is Numbers.STRING:
            items = [StatisticsView.of(item) for item in page.items]
        else:
            items = cast(
                "list[StatisticsView]", [msgspec.Raw(states.encoded(item.symbol, item)) for item in page.items]
            )
        return StatisticsPageView(items, page.total, to_cursor(page.next_after))

    @get(
        "/{symbol:str}",
        operation_id="getStatistics",
        summary="The statistics of one symbol",
        response_class=ValidatedResponse,
        opt=documented("What is known of it.", example.STATISTICS, problems=(400, 404)),
    )
    async def get_price(
        self,
        symbol: SymbolPath,
        params: NamedDependency[OneQuery],
        mediator: NamedDependency[Mediator],
        states: NamedDependency[EncodedStates],
    ) -> Response[StatisticsView]:
        found = await mediator.send(GetSymbolStatistics(symbol_in(symbol)))
        answer = states.answer(found.symbol, found)
        if params.numbers is Numbers.STRING:
            return ValidatedResponse(StatisticsView.of(found), headers=dict(answer.headers))
        return validated_response_of(answer)

    @delete(
        "/{symbol:str}",
        operation_id="forgetSymbol",
        summary="Remove a symbol and its past: statistics, ticks, candles, anomalies and moves",
        opt=documented("Nothing is known of it any more.", problems=(404, 507)) | rule(Rule.MANAGE),
    )
    async def forget(self, symbol: SymbolPath, mediator: NamedDependency[Mediator]) -> None:
        await mediator.send(ForgetSymbol(symbol_in(symbol)))
