"""Options: contracts, chains, and what they say."""

from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache
from typing import Any

import msgspec

from api.timestamps import to_rfc3339
from api.views.view import View, significant
from application.options.chain_analysis import ChainAnalysis
from application.options.queries.get_chain_since import ChainSince
from application.options.queries.get_option_contract import ContractFound
from application.options.queries.list_chain_summaries import SummaryList
from domain.options.chain import ProductChains
from domain.options.open_interest import at_the_close, build_up
from domain.options.option_book import SummaryPoint
from domain.options.option_quote import OptionQuote
from domain.options.positions import Position
from domain.options.valuation import Valuation

_Amount = float | Decimal | None


class QuoteView(View, frozen=True):
    """A quote as it came; null for what it did not say.

    symbol: the feeder's name of the contract, or else the service's. contract: the service's.
    """

    symbol: str
    contract: str
    product: str
    expiry: str
    strike: float | Decimal
    option_type: str
    bid: _Amount
    ask: _Amount
    bid_size: _Amount
    ask_size: _Amount
    last: _Amount
    volume: _Amount
    open_interest: _Amount
    previous_open_interest: _Amount
    previous_close: _Amount
    vendor_iv: _Amount
    timestamp: str

    @classmethod
    def of(cls, quote: OptionQuote) -> "QuoteView":
        return cls(*_quote_fields(quote))


class GreeksView(View, frozen=True):
    """By Black-Scholes-Merton or Black-76 at the implied volatility.

    delta, gamma: by the underlying. vega: by one point of volatility. theta: by one day. rho: by one point of the rate.
    """

    symbol: str
    contract: str
    strike: float | Decimal
    option_type: str
    price_used: float | Decimal | None
    iv: float | Decimal | None
    iv_reason: str | None
    delta: float | Decimal | None
    gamma: float | Decimal | None
    vega: float | Decimal | None
    theta: float | Decimal | None
    rho: float | Decimal | None

    @classmethod
    def of(cls, quote: OptionQuote, found: Valuation) -> "GreeksView":
        contract = quote.contract
        head = (quote.symbol or contract, contract, quote.strike, quote.option_type)
        return cls(*head, *_valuation_fields(found))


class ContractView(QuoteView, frozen=True):
    """A contract with what its price implies.

    flags: `crossed` (bid above ask), `zero_bid`, `expired`. ivReason: why there is no `iv`. buildUp: since the previous
    close, or over the window that was asked for.
    """

    flags: list[str]
    price_used: float | Decimal | None
    iv: float | Decimal | None
    iv_reason: str | None
    delta: float | Decimal | None
    gamma: float | Decimal | None
    vega: float | Decimal | None
    theta: float | Decimal | None
    rho: float | Decimal | None
    build_up: str | None

    @classmethod
    def of_valued(cls, quote: OptionQuote, found: Valuation, before: Position | None = None) -> "ContractView":
        """before: what it was when the window began; at the previous close, if None."""
        building = build_up(Position(found.price, quote.open_interest), before or at_the_close(quote))
        built = None if building is None else building.value
        fields = (*_quote_fields(quote), _flags(quote, found), *_valuation_fields(found), built)
        return cls(*fields)


class OfChain(View, frozen=True):
    """What all answers about a chain begin with.

    asOf: time of its newest quote. staleness: seconds since then. spotSource: `chain`, `prices` or `implied`.
    """

    product: str
    expiry: str
    as_of: str
    staleness: float | Decimal
    spot_price: _Amount
    spot_source: str | None


class ChainSummaryView(View, frozen=True):
    """The figures of a chain; null for what it does not tell."""

    chain: str
    product: str
    expiry: str
    as_of: str
    spot_price: _Amount
    spot_source: str | None
    contracts: int
    pcr_oi: float | Decimal | None
    pcr_volume: float | Decimal | None
    max_pain_strike: _Amount
    atm_strike: _Amount
    atm_straddle_price: float | Decimal | None
    atm_straddle_percent: float | Decimal | None
    atm_iv: float | Decimal | None
    total_call_oi: float | Decimal
    total_put_oi: float | Decimal

    @classmethod
    def of(cls, analysis: ChainAnalysis) -> "ChainSummaryView":
        each = analysis.summary
        return cls(
            analysis.chain.name,
            each.product,
            each.expiry,
            to_rfc3339(each.as_of_us),
            None if each.spot is None else each.spot.price,
            None if each.spot is None else each.spot.source.value,
            each.contracts,
            each.pcr_oi,
            each.pcr_volume,
            each.max_pain_strike,
            each.atm_strike,
            rounded(each.atm_straddle_price),
            rounded(each.atm_straddle_percent),
            each.atm_iv,
            each.total_call_oi,
            each.total_put_oi,
        )


class ChainView(OfChain, frozen=True):
    """A chain with what it says. Calls and puts are sorted by strike.

    forward: implied by put-call parity. yearsToExpiry: of 365 days, at `asOf`. since: what build-ups are measured from,
    null for the previous close, or if nothing is known of so long ago.
    """

    expired: bool
    forward: float | Decimal | None
    years_to_expiry: float | Decimal
    pcr_oi: float | Decimal | None
    pcr_volume: float | Decimal | None
    max_pain_strike: _Amount
    atm_strike: _Amount
    atm_straddle_price: float | Decimal | None
    atm_straddle_percent: float | Decimal | None
    atm_iv: float | Decimal | None
    total_call_oi: float | Decimal
    total_put_oi: float | Decimal
    since: str | None
    calls: list[ContractView]
    puts: list[ContractView]

    @classmethod
    def of(cls, found: ChainSince, now_us: int, strikes: tuple[float, float] | None = None) -> "ChainView":
        analysis = found.analysis
        each = analysis.summary
        low, high = strikes or (0.0, float("inf"))
        rows = [row for row in analysis.chain.rows if low <= row.strike <= high]
        calls, puts = [row.call for row in rows], [row.put for row in rows]
        return cls(
            *chain_head(analysis, now_us),
            analysis.is_expired,
            analysis.forward,
            analysis.model.years(analysis.chain.expiry, analysis.chain.as_of_us),
            each.pcr_oi,
            each.pcr_volume,
            each.max_pain_strike,
            each.atm_strike,
            rounded(each.atm_straddle_price),
            rounded(each.atm_straddle_percent),
            each.atm_iv,
            each.total_call_oi,
            each.total_put_oi,
            since(found),
            _contracts(analysis, calls, found),
            _contracts(analysis, puts, found),
        )


class LiveChainView(View, frozen=True):
    """A chain as the channel `chains` sends it: its figures, and its contracts with what their prices imply."""

    chain: str
    summary: ChainSummaryView
    calls: list[ContractView]
    puts: list[ContractView]

    @classmethod
    def of(cls, analysis: ChainAnalysis) -> "LiveChainView":
        rows = analysis.chain.rows
        return cls(
            analysis.chain.name,
            ChainSummaryView.of(analysis),
            _contracts(analysis, [row.call for row in rows]),
            _contracts(analysis, [row.put for row in rows]),
        )


class ProductView(View, frozen=True):
    """A product with options. contracts: of all its expiries."""

    product: str
    expiries: list[str]
    contracts: int
    as_of: str
    staleness: float | Decimal

    @classmethod
    def of(cls, found: ProductChains, now_us: int) -> "ProductView":
        contracts = sum(len(chain.contracts) for chain in found.chains.values())
        return cls(found.product, list(found.chains), contracts, *age(found.newest_us, now_us))


class ProductsView(View, frozen=True):
    """All products, sorted."""

    items: list[ProductView]


class ExpiryView(View, frozen=True):
    """One expiry. expired: whether its newest quote is not from before it."""

    expiry: str
    contracts: int
    as_of: str
    staleness: float | Decimal
    expired: bool


class ExpiriesView(View, frozen=True):
    """The expiries of a product, the nearest first."""

    product: str
    as_of: str
    staleness: float | Decimal
    items: list[ExpiryView]


class FoundContractView(View, frozen=True):
    """One contract."""

    product: str
    expiry: str
    as_of: str
    staleness: float | Decimal
    spot_price: _Amount
    spot_source: str | None
    contract: ContractView

    @classmethod
    def of(cls, found: ContractFound, now_us: int) -> "FoundContractView":
        quote, analysis = found.quote, found.analysis
        spot = analysis.spot
        return cls(
            quote.product,
            quote.expiry,
            *age(quote.timestamp_us, now_us),
            None if spot is None else spot.price,
            None if spot is None else spot.source.value,
            ContractView.of_valued(quote, analysis.value(quote)),
        )


class SummaryPointView(View, frozen=True):
    """The figures of a chain at the end of the interval that begins at `start`, from what the chain itself tells."""

    start: str
    as_of: str
    spot_price: _Amount
    pcr_oi: float | Decimal | None
    pcr_volume: float | Decimal | None
    max_pain_strike: _Amount
    atm_strike: _Amount
    atm_straddle_price: float | Decimal | None
    atm_straddle_percent: float | Decimal | None
    atm_iv: float | Decimal | None
    total_call_oi: float | Decimal
    total_put_oi: float | Decimal

    @classmethod
    def of(cls, point: SummaryPoint) -> "SummaryPointView":
        each = point.summary
        return cls(
            to_rfc3339(point.start_us),
            to_rfc3339(each.as_of_us),
            None if each.spot is None else each.spot.price,
            each.pcr_oi,
            each.pcr_volume,
            each.max_pain_strike,
            each.atm_strike,
            rounded(each.atm_straddle_price),
            rounded(each.atm_straddle_percent),
            each.atm_iv,
            each.total_call_oi,
            each.total_put_oi,
        )


class SummaryPageView(View, frozen=True):
    """The figures of a chain over time, oldest or newest first. nextCursor: for the next page, null on the last."""

    items: list[SummaryPointView]
    next_cursor: str | None


class GreeksPageView(OfChain, frozen=True):
    """The sensitivities of all contracts of a chain, by strike, calls first."""

    items: list[GreeksView]


def points_of(found: SummaryList | None) -> "list[SummaryPointView] | msgspec.UnsetType":
    """The history that an answer includes, oldest first; nothing if it was not asked for."""
    return msgspec.UNSET if found is None else [SummaryPointView.of(point) for point in reversed(found.items)]


def chain_head(analysis: ChainAnalysis, now_us: int) -> tuple[str, str, str, float, _Amount, str | None]:
    """The fields of `OfChain`."""
    chain, spot = analysis.chain, analysis.spot
    price, source = (None, None) if spot is None else (spot.price, spot.source.value)
    return (chain.product, chain.expiry, *age(chain.as_of_us, now_us), price, source)


def age(as_of_us: int, now_us: int) -> tuple[str, float]:
    """asOf and staleness."""
    return to_rfc3339(as_of_us), max(now_us - as_of_us, 0) // 1000 / 1000


def since(found: ChainSince) -> str | None:
    return None if found.before is None else to_rfc3339(found.before.end_us)


def _contracts(
    analysis: ChainAnalysis, quotes: Iterable[OptionQuote | None], found: ChainSince | None = None
) -> list[ContractView]:
    return [
        ContractView.of_valued(each, analysis.value(each), None if found is None else found.at_start(each))
        for each in quotes
        if each is not None
    ]


def _quote_fields(quote: OptionQuote) -> tuple[Any, ...]:
    contract = quote.contract
    return (
        quote.symbol or contract,
        contract,
        quote.product,
        quote.expiry,
        quote.strike,
        quote.option_type,
        *quote[5:15],
        _moment(quote.timestamp_us),
    )


def _valuation_fields(found: Valuation) -> tuple[Any, ...]:
    reason = None if found.reason is None else found.reason.value
    return (rounded(found.price), found.iv, reason, *(found.greeks or (None,) * 5))


def _flags(quote: OptionQuote, found: Valuation) -> list[str]:
    flags = []
    if quote.is_crossed:
        flags.append("crossed")
    if quote.has_zero_bid:
        flags.append("zero_bid")
    if found.years <= 0:
        flags.append("expired")
    return flags


# Most quotes of a chain have the same.
_moment = lru_cache(maxsize=4096)(to_rfc3339)


def rounded(value: float | None) -> float | None:
    return None if value is None else significant(value)
