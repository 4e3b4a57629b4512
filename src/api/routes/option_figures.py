"""Routes for the figures of option chains."""

from typing import Annotated, Any

import msgspec
from litestar import Controller, Response, get
from litestar.di import NamedDependency

from api.http.access import Rule, rule
from api.http.aged_answers import AgedAnswers
from api.http.query import NumberFormat, Numbers, Query
from api.http.responses import ValidatedResponse
from api.http.symbol_paths import ProductPath, symbol_in
from api.reference import option_examples as example
from api.reference.documented import documented
from api.routes.options import Expiry, ExpiryQuery, Interval, Window
from api.views.option_figures import MaxPainView, OpenInterestView, PcrView, StraddleView, VolatilitySurfaceView
from api.views.options import GreeksPageView, GreeksView, chain_head
from application.errors import FieldError, ValidationFailed
from application.mediator import Mediator
from application.options.chain_analysis import ChainAnalysis
from application.options.queries.get_chain_analysis import GetChainAnalysis
from application.options.queries.get_chain_since import GetChainSince
from application.options.queries.get_volatility_surface import GetVolatilitySurface
from application.options.queries.list_chain_summaries import ListChainSummaries, SummaryList
from application.paging import Order
from domain.options.summary_interval import SummaryInterval

_TOP_MAX = 100
# Whole numbers in a query have at most nine digits.
_WHOLE = {"minimum": 0, "maximum": 999_999_999}


class FigureQuery(Query, frozen=True):
    expiry: Expiry = None
    history: Annotated[
        int | None,
        msgspec.Meta(
            description="Include the figures at the end of so many of the newest intervals.",
            examples=[60],
            extra_json_schema={"minimum": 1, "maximum": 10_000},
        ),
    ] = None
    interval: Interval = SummaryInterval.M1
    numbers: NumberFormat = Numbers.NUMBER


class OpenInterestQuery(Query, frozen=True):
    expiry: Expiry = None
    top: Annotated[
        int,
        msgspec.Meta(
            description="How many strikes of resistance and of support.",
            examples=[3],
            extra_json_schema={"minimum": 1, "maximum": _TOP_MAX, "default": 3},
        ),
    ] = 3
    window_minutes: Window = None
    numbers: NumberFormat = Numbers.NUMBER


class SurfaceQuery(Query, frozen=True):
    min_strike: Annotated[
        int | None,
        msgspec.Meta(description="The lowest strike.", extra_json_schema=_WHOLE),
    ] = None
    max_strike: Annotated[
        int | None,
        msgspec.Meta(description="The highest strike.", extra_json_schema=_WHOLE),
    ] = None
    max_age_seconds: Annotated[
        int | None,
        msgspec.Meta(
            description="Only quotes that are at most so much older than the newest of the product.",
            examples=[60],
            extra_json_schema=_WHOLE,
        ),
    ] = None
    numbers: NumberFormat = Numbers.NUMBER


class OptionFiguresController(Controller):
    path = "/api/options"
    tags = ("options",)
    opt = rule(Rule.READ)

    @get(
        "/{product:str}/pcr",
        operation_id="getPutCallRatio",
        summary="Put-call ratios of a chain",
        response_class=ValidatedResponse,
        opt=documented("The ratios.", example.PCR, problems=(400, 404, 503)),
    )
    async def get_pcr(
        self,
        product: ProductPath,
        params: NamedDependency[FigureQuery],
        mediator: NamedDependency[Mediator],
        aged: NamedDependency[AgedAnswers],
    ) -> Response[PcrView]:
        found, history = await _figures(mediator, product, params)
        return _answer(PcrView.of(found, aged.now_us(), history), aged, found, "pcr", params)

    @get(
        "/{product:str}/max-pain",
        operation_id="getMaxPain",
        summary="The strike of the least pain, and the pain at every strike",
        response_class=ValidatedResponse,
        opt=documented("The curve.", example.MAX_PAIN, problems=(400, 404, 503)),
    )
    async def get_max_pain(
        self,
        product: ProductPath,
        params: NamedDependency[FigureQuery],
        mediator: NamedDependency[Mediator],
        aged: NamedDependency[AgedAnswers],
    ) -> Response[MaxPainView]:
        found, history = await _figures(mediator, product, params)
        return _answer(MaxPainView.of(found, aged.now_us(), history), aged, found, "max-pain", params)

    @get(
        "/{product:str}/open-interest",
        operation_id="getOpenInterest",
        summary="Open interest by strike, in and out of the money, with support and resistance",
        response_class=ValidatedResponse,
        opt=documented("The open interest.", example.OPEN_INTEREST, problems=(400, 404, 503)),
    )
    async def get_open_interest(
        self,
        product: ProductPath,
        params: NamedDependency[OpenInterestQuery],
        mediator: NamedDependency[Mediator],
        aged: NamedDependency[AgedAnswers],
    ) -> Response[OpenInterestView]:
        if not 1 <= params.top <= _TOP_MAX:
            raise ValidationFailed([FieldError("top", "out_of_range", f"must be between 1 and {_TOP_MAX}")])
        found = await mediator.send(GetChainSince(symbol_in(product), params.expiry, params.window_minutes))
        view = OpenInterestView.of(found, aged.now_us(), params.top)
        return _answer(view, aged, found.analysis, "open-interest", params, found.before_us)

    @get(
        "/{product:str}/straddle",
        operation_id="getStraddle",
        summary="Call and put at the money, and the move that they pay for",
        response_class=ValidatedResponse,
        opt=documented("The straddle.", example.STRADDLE, problems=(400, 404, 503)),
    )
    async def get_straddle(
        self,
        product: ProductPath,
        params: NamedDependency[FigureQuery],
        mediator: NamedDependency[Mediator],
        aged: NamedDependency[AgedAnswers],
    ) -> Response[StraddleView]:
        found, history = await _figures(mediator, product, params)
        return _answer(StraddleView.of(found, aged.now_us(), history), aged, found, "straddle", params)

    @get(
        "/{product:str}/greeks",
        operation_id="getGreeks",
        summary="Implied volatility and sensitivities of every contract of a chain",
        response_class=ValidatedResponse,
        opt=documented("All contracts.", example.GREEKS, problems=(400, 404)),
    )
    async def get_greeks(
        self,
        product: ProductPath,
        params: NamedDependency[ExpiryQuery],
        mediator: NamedDependency[Mediator],
        aged: NamedDependency[AgedAnswers],
    ) -> Response[GreeksPageView]:
        found = await mediator.send(GetChainAnalysis(symbol_in(product), params.expiry))
        items = [GreeksView.of(quote, found.value(quote)) for quote in found.chain.quotes]
        view = GreeksPageView(*chain_head(found, aged.now_us()), items)
        return _answer(view, aged, found, "greeks", params)

    @get(
        "/{product:str}/volatility-surface",
        operation_id="getVolatilitySurface",
        summary="Implied volatilities by expiry and strike, with flags of arbitrage",
        response_class=ValidatedResponse,
        opt=documented("The surface.", example.SURFACE, problems=(400, 404)),
    )
    async def get_surface(
        self,
        product: ProductPath,
        params: NamedDependency[SurfaceQuery],
        mediator: NamedDependency[Mediator],
        aged: NamedDependency[AgedAnswers],
    ) -> Response[VolatilitySurfaceView]:
        max_age_us = None if params.max_age_seconds is None else params.max_age_seconds * 1_000_000
        query = GetVolatilitySurface(symbol_in(product), params.min_strike, params.max_strike, max_age_us)
        found = await mediator.send(query)
        tags = aged.headers("surface", params, found.product, found.updates, found.spots)
        return ValidatedResponse(VolatilitySurfaceView.of(found, aged.now_us()), headers=tags)


async def _figures(mediator: Mediator, product: str, params: FigureQuery) -> tuple[ChainAnalysis, SummaryList | None]:
    name = symbol_in(product)
    found = await mediator.send(GetChainAnalysis(name, params.expiry))
    if params.history is None:
        return found, None
    query = ListChainSummaries(name, found.chain.expiry, params.interval, limit=params.history, order=Order.DESC)
    try:
        return found, await mediator.send(query)
    except ValidationFailed as failure:
        # The page size goes by another name here.
        errors = [FieldError("history", each.code, each.message) for each in failure.errors]
        raise ValidationFailed(errors) from None


def _answer(
    view: Any, aged: AgedAnswers, found: ChainAnalysis, name: str, params: Query, *more: object
) -> Response[Any]:
    headers = aged.headers(name, params, found.chain.name, found.chain.updates, found.spot, *more)
    return ValidatedResponse(view, headers=headers)
