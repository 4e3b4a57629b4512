"""Routes for options: quotes and chains in, what they say out."""

from typing import Annotated

import msgspec
from litestar import Controller, Response, delete, get, post
from litestar.di import NamedDependency

from api.http.access import Rule, rule
from api.http.aged_answers import AgedAnswers
from api.http.cursors import Int64, from_cursor, to_cursor
from api.http.dependencies import Posted
from api.http.query import Ascending, Cursor, From, Limit, Moment, NumberFormat, Numbers, OneQuery, Query, To
from api.http.responses import PageResponse, ValidatedResponse, response_of
from api.http.symbol_paths import ProductPath, SymbolPath, symbol_in
from api.ingest.batch_intake import NDJSON
from api.ingest.option_intake import OptionIntake
from api.reference import option_examples as example
from api.reference.documented import ONE_PAGE, documented, header
from api.views.ingest import AcceptedView, BatchView
from api.views.options import (
    ChainView,
    ExpiriesView,
    ExpiryView,
    FoundContractView,
    ProductsView,
    ProductView,
    SummaryPageView,
    SummaryPointView,
    age,
)
from application.errors import FieldError, ValidationFailed
from application.mediator import Mediator
from application.options.commands.forget_product import ForgetProduct
from application.options.queries.get_chain_since import WINDOW_MINUTES_MAX, GetChainSince
from application.options.queries.get_option_contract import GetOptionContract
from application.options.queries.list_chain_summaries import ListChainSummaries
from application.options.queries.list_expiries import ListExpiries
from application.options.queries.list_products import ListOptionProducts
from application.paging import Order
from domain.access.principal import Principal
from domain.numbers import InvalidNumber, read_number
from domain.options.option_model import OptionModel
from domain.options.summary_interval import SummaryInterval

_PREFER = header("Prefer", "`durable`: answer with 200 once the quotes are on disk.", "durable")
_KEY = header(
    "Idempotency-Key",
    "A retry with the same key gets the first answer.",
    schema={"type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[!#-~]+$"},
)
_QUOTE = {"$ref": "#/components/schemas/OptionQuote"}
_CHAIN = {"$ref": "#/components/schemas/OptionChain"}
_SCHEMAS = {"OptionQuote": example.QUOTE_SCHEMA, "OptionChain": example.CHAIN_SCHEMA}
_PLACES: msgspec.json.Decoder[tuple[int, int]] = msgspec.json.Decoder(tuple[Int64, Int64])

Expiry = Annotated[
    str | None,
    msgspec.Meta(
        description="A day; without it, the nearest expiry that is not over.",
        examples=["2026-01-29"],
        extra_json_schema={"pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"},
    ),
]


Interval = Annotated[
    SummaryInterval,
    msgspec.Meta(
        description="The length of the intervals of the history.",
        examples=["5m"],
        extra_json_schema={"default": "1m"},
    ),
]
Window = Annotated[
    int | None,
    msgspec.Meta(
        description="Build-ups over so many minutes before `asOf`; without it, since the previous close.",
        examples=[15],
        extra_json_schema={"minimum": 1, "maximum": WINDOW_MINUTES_MAX},
    ),
]


class ExpiryQuery(Query, frozen=True):
    expiry: Expiry = None
    numbers: NumberFormat = Numbers.NUMBER


class ChainQuery(Query, frozen=True):
    expiry: Expiry = None
    strikes: Annotated[
        str | None,
        msgspec.Meta(
            description="The lowest and the highest strike, both included; either may be left out.",
            examples=["21000:22000"],
            extra_json_schema={"pattern": r"^([0-9]{1,15}(\.[0-9]{1,10})?)?:([0-9]{1,15}(\.[0-9]{1,10})?)?$"},
        ),
    ] = None
    window_minutes: Window = None
    numbers: NumberFormat = Numbers.NUMBER


class SummariesQuery(Query, frozen=True, rename={"from_": "from"}):
    expiry: Expiry = None
    interval: Interval = SummaryInterval.M1
    from_: From = None
    to: To = None
    limit: Limit = None
    cursor: Cursor = None
    order: Ascending = Order.ASC
    numbers: NumberFormat = Numbers.NUMBER


class OptionsController(Controller):
    path = "/api/options"
    tags = ("options",)
    opt = rule(Rule.READ)

    @post(
        "/quotes",
        operation_id="postOptionQuote",
        summary="Take one option quote",
        status_code=202,
        opt=documented(
            "The quote is in memory, and on disk soon.",
            {"accepted": 1},
            also={200: (AcceptedView, "The quote is on disk.", {"accepted": 0, "duplicates": 1})},
            problems=(400, 413, 415, 503, 507),
            headers=[_PREFER],
            body={"application/json": {"schema": _QUOTE, "example": example.QUOTE, "schemas": _SCHEMAS}},
        )
        | rule(Rule.WRITE),
    )
    async def accept_quote(
        self, option_posted: NamedDependency[Posted], option_intake: NamedDependency[OptionIntake]
    ) -> Response[AcceptedView]:
        return response_of(await option_intake.take_one(option_posted.options, option_posted.body))

    @post(
        "/quotes/batch",
        operation_id="postOptionQuotes",
        summary="Take many option quotes",
        status_code=202,
        opt=documented(
            "The valid quotes are accepted, the invalid ones named.",
            example.BATCH_ANSWER,
            also={200: (BatchView, "The valid quotes are on disk.", example.BATCH_ANSWER)},
            problems=(400, 409, 413, 415, 422, 503, 507),
            headers=[_PREFER, _KEY],
            body={
                "application/json": {
                    "schema": {"type": "array", "items": _QUOTE, "minItems": 1},
                    "example": [example.QUOTE],
                },
                NDJSON: {"schema": {"type": "string"}, "example": example.QUOTE_LINES},
            },
        )
        | rule(Rule.WRITE),
    )
    async def accept_quotes(
        self, option_posted: NamedDependency[Posted], option_intake: NamedDependency[OptionIntake]
    ) -> Response[BatchView]:
        return response_of(await option_intake.take_many(option_posted.options, option_posted.body))

    @post(
        "/chains",
        operation_id="postOptionChain",
        summary="Take a chain: quotes of one product and expiry",
        status_code=202,
        opt=documented(
            "The valid quotes are accepted, the invalid ones named by their index, calls first.",
            example.BATCH_ANSWER,
            also={200: (BatchView, "The valid quotes are on disk.", example.BATCH_ANSWER)},
            problems=(400, 409, 413, 415, 422, 503, 507),
            headers=[_PREFER, _KEY],
            body={"application/json": {"schema": _CHAIN, "example": example.CHAIN}},
        )
        | rule(Rule.WRITE),
    )
    async def accept_chain(
        self, option_posted: NamedDependency[Posted], option_intake: NamedDependency[OptionIntake]
    ) -> Response[BatchView]:
        return response_of(await option_intake.take_chain(option_posted.options, option_posted.body))

    @get(
        "/",
        operation_id="listOptionProducts",
        summary="List the products that have options",
        response_class=ValidatedResponse,
        opt=documented("All of them.", example.PRODUCTS, problems=(400,)),
    )
    async def list_products(
        self,
        params: NamedDependency[OneQuery],
        mediator: NamedDependency[Mediator],
        aged: NamedDependency[AgedAnswers],
        principal: NamedDependency[Principal],
    ) -> Response[ProductsView]:
        found = await mediator.send(ListOptionProducts(principal.prefixes))
        view = ProductsView([ProductView.of(each, aged.now_us()) for each in found])
        tags = aged.headers("products", params.numbers, [(each.product, each.updates) for each in found])
        return ValidatedResponse(view, headers=tags)

    @delete(
        "/{product:str}",
        operation_id="forgetOptionProduct",
        summary="Remove the options of a product and their past: quotes, chains, history and alerts",
        opt=documented("Nothing is known of them any more.", problems=(404, 507)) | rule(Rule.MANAGE),
    )
    async def forget(self, product: ProductPath, mediator: NamedDependency[Mediator]) -> None:
        await mediator.send(ForgetProduct(symbol_in(product)))

    @get(
        "/{product:str}/expiries",
        operation_id="listOptionExpiries",
        summary="The expiries of a product, the nearest first",
        response_class=ValidatedResponse,
        opt=documented("All of them.", example.EXPIRIES, problems=(400, 404)),
    )
    async def list_expiries(
        self,
        product: ProductPath,
        params: NamedDependency[OneQuery],
        mediator: NamedDependency[Mediator],
        aged: NamedDependency[AgedAnswers],
        option_model: NamedDependency[OptionModel],
    ) -> Response[ExpiriesView]:
        found = await mediator.send(ListExpiries(symbol_in(product)))
        now_us = aged.now_us()
        items = [
            ExpiryView(
                chain.expiry,
                len(chain.contracts),
                *age(chain.as_of_us, now_us),
                chain.as_of_us >= option_model.expires_us(chain.expiry),
            )
            for chain in found.chains.values()
        ]
        view = ExpiriesView(found.product, *age(found.newest_us, now_us), items)
        tags = aged.headers("expiries", params.numbers, found.product, found.updates)
        return ValidatedResponse(view, headers=tags)

    @get(
        "/{product:str}/chain",
        operation_id="getOptionChain",
        summary="A chain with what its prices imply",
        response_class=ValidatedResponse,
        opt=documented("The chain.", example.CHAIN_ANSWER, problems=(400, 404, 503)),
    )
    async def get_chain(
        self,
        product: ProductPath,
        params: NamedDependency[ChainQuery],
        mediator: NamedDependency[Mediator],
        aged: NamedDependency[AgedAnswers],
    ) -> Response[ChainView]:
        strikes = _strikes(params.strikes)
        found = await mediator.send(GetChainSince(symbol_in(product), params.expiry, params.window_minutes))
        chain, spot = found.analysis.chain, found.analysis.spot
        tags = aged.headers("chain", params, chain.name, chain.updates, spot, found.before_us)
        return ValidatedResponse(ChainView.of(found, aged.now_us(), strikes), headers=tags)

    @get(
        "/{product:str}/history",
        operation_id="listOptionSummaries",
        summary="The figures of a chain over time, oldest first",
        response_class=PageResponse,
        opt=documented(ONE_PAGE, example.SUMMARIES, media=example.SUMMARY_LINES, problems=(400, 404, 503)),
    )
    async def list_summaries(
        self, product: ProductPath, params: NamedDependency[SummariesQuery], mediator: NamedDependency[Mediator]
    ) -> SummaryPageView:
        from_us, to_us = params.from_, params.to
        # A cursor holds the rest of the range.
        place = from_cursor(params.cursor, _PLACES)
        if place is not None:
            from_us, to_us = Moment(place[0]), Moment(place[1])
        query = ListChainSummaries(
            symbol_in(product), params.expiry, params.interval, from_us, to_us, params.limit, params.order
        )
        found = await mediator.send(query)
        return SummaryPageView(list(map(SummaryPointView.of, found.items)), to_cursor(found.rest))

    @get(
        "/{product:str}/contracts/{contract:str}",
        operation_id="getOptionContract",
        summary="One contract, by the service's name or the feeder's",
        response_class=ValidatedResponse,
        opt=documented("The contract.", example.FOUND_CONTRACT, problems=(400, 404)),
    )
    async def get_contract(
        self,
        product: ProductPath,
        contract: SymbolPath,
        params: NamedDependency[OneQuery],
        mediator: NamedDependency[Mediator],
        aged: NamedDependency[AgedAnswers],
    ) -> Response[FoundContractView]:
        found = await mediator.send(GetOptionContract(symbol_in(product), symbol_in(contract)))
        chain = found.analysis.chain
        tags = aged.headers("contract", params.numbers, found.quote, chain.updates, found.analysis.spot)
        return ValidatedResponse(FoundContractView.of(found, aged.now_us()), headers=tags)


def _strikes(given: str | None) -> tuple[float, float] | None:
    """Raises ValidationFailed."""
    if given is None:
        return None
    low, colon, high = given.partition(":")
    try:
        if not colon:
            raise InvalidNumber
        bounds = (float(read_number(low)) if low else 0.0, float(read_number(high)) if high else float("inf"))
    except InvalidNumber:
        raise ValidationFailed(
            [FieldError("strikes", "invalid_range", "must be two numbers with a colon, such as 21000:22000")]
        ) from None
    if bounds[0] > bounds[1]:
        raise ValidationFailed([FieldError("strikes", "invalid_range", "must begin with the lower strike")])
    return bounds
