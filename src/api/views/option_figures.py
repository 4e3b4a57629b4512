"""Figures of a chain: put-call ratios, max pain, open interest, straddle, volatility surface."""

from decimal import Decimal

import msgspec

from api.views.options import ContractView, OfChain, SummaryPointView, age, chain_head, points_of, rounded, since
from api.views.view import View, significant
from application.options.chain_analysis import ChainAnalysis
from application.options.queries.get_chain_since import ChainSince
from application.options.queries.get_volatility_surface import VolatilitySurface
from application.options.queries.list_chain_summaries import SummaryList
from domain.numbers import Number
from domain.options.exact import difference
from domain.options.open_interest import Split, build_up, resistance, split, support
from domain.options.option_quote import OptionQuote
from domain.options.positions import Position

_Points = list[SummaryPointView] | msgspec.UnsetType


class PcrView(OfChain, frozen=True, omit_defaults=True):
    """Put-call ratios: puts over calls, null if there are no calls. history: the newest intervals, where asked for."""

    pcr_oi: float | Decimal | None
    pcr_volume: float | Decimal | None
    total_call_oi: float | Decimal
    total_put_oi: float | Decimal
    total_call_volume: float | Decimal
    total_put_volume: float | Decimal
    history: _Points = msgspec.UNSET

    @classmethod
    def of(cls, analysis: ChainAnalysis, now_us: int, history: SummaryList | None) -> "PcrView":
        sums = analysis.totals
        return cls(
            *chain_head(analysis, now_us),
            sums.pcr_oi,
            sums.pcr_volume,
            sums.call_open_interest,
            sums.put_open_interest,
            sums.call_volume,
            sums.put_volume,
            points_of(history),
        )


class PainView(View, frozen=True):
    """What writers owe if the underlying settles at the strike."""

    strike: float | Decimal
    pain: float | Decimal


class MaxPainView(OfChain, frozen=True, omit_defaults=True):
    """The strike of the least pain, null without open interest. pain: the curve. history: where asked for."""

    max_pain_strike: float | Decimal | None
    distance_percent: float | Decimal | None
    pain: list[PainView]
    history: _Points = msgspec.UNSET

    @classmethod
    def of(cls, analysis: ChainAnalysis, now_us: int, history: SummaryList | None) -> "MaxPainView":
        strike, spot = analysis.summary.max_pain_strike, analysis.spot
        away = None
        if strike is not None and spot is not None:
            away = significant((float(strike) / float(spot.price) - 1) * 100)
        curve = [PainView(*point) for point in analysis.pain]
        return cls(*chain_head(analysis, now_us), strike, away, curve, points_of(history))


class SplitView(View, frozen=True):
    """Open interest in, at (within 1 % of the spot) and out of the money."""

    itm: float | Decimal
    atm: float | Decimal
    otm: float | Decimal


class LevelView(View, frozen=True):
    """A strike with much open interest."""

    strike: float | Decimal
    open_interest: float | Decimal | None


class StrikeInterestView(View, frozen=True):
    """Open interest, its change, and the build-up, of both sides of a strike."""

    strike: float | Decimal
    call_oi: float | Decimal | None
    put_oi: float | Decimal | None
    call_oi_change: float | Decimal | None
    put_oi_change: float | Decimal | None
    call_build_up: str | None
    put_build_up: str | None


class OpenInterestView(OfChain, frozen=True):
    """Where open interest is. callBuildup, putBuildup: null without a spot.

    resistance: calls above the spot with the most. support: puts below it with the most. since: what changes and
    build-ups are measured from, null for the previous close, or if nothing is known of so long ago.
    """

    total_call_oi: float | Decimal
    total_put_oi: float | Decimal
    call_buildup: SplitView | None
    put_buildup: SplitView | None
    resistance: list[LevelView]
    support: list[LevelView]
    since: str | None
    strikes: list[StrikeInterestView]

    @classmethod
    def of(cls, found: ChainSince, now_us: int, top: int) -> "OpenInterestView":
        analysis = found.analysis
        chain, spot = analysis.chain, analysis.spot
        calls = [row.call for row in chain.rows if row.call is not None]
        puts = [row.put for row in chain.rows if row.put is not None]
        price = None if spot is None else spot.price
        return cls(
            *chain_head(analysis, now_us),
            analysis.totals.call_open_interest,
            analysis.totals.put_open_interest,
            None if price is None else _split(split(calls, price)),
            None if price is None else _split(split(puts, price)),
            [] if price is None else _levels(resistance(chain, price, top)),
            [] if price is None else _levels(support(chain, price, top)),
            since(found),
            [_strike(found, row.strike, row.call, row.put) for row in chain.rows],
        )


class StraddleView(OfChain, frozen=True, omit_defaults=True):
    """Call and put at the money. movePercent: the move of the underlying that their price implies."""

    strike: float | Decimal | None
    straddle_price: float | Decimal | None
    move_percent: float | Decimal | None
    atm_iv: float | Decimal | None
    call: ContractView | None
    put: ContractView | None
    history: _Points = msgspec.UNSET

    @classmethod
    def of(cls, analysis: ChainAnalysis, now_us: int, history: SummaryList | None) -> "StraddleView":
        row, both = analysis.at_the_money, analysis.straddle
        call, put = (None, None) if row is None else (row.call, row.put)
        return cls(
            *chain_head(analysis, now_us),
            None if row is None else row.strike,
            None if both is None else rounded(both.price),
            None if both is None else rounded(both.move_percent),
            analysis.summary.atm_iv,
            None if call is None else ContractView.of_valued(call, analysis.value(call)),
            None if put is None else ContractView.of_valued(put, analysis.value(put)),
            points_of(history),
        )


class SurfacePointView(View, frozen=True):
    """moneyness: strike over forward. totalVariance: iv squared times years."""

    strike: float | Decimal
    option_type: str
    moneyness: float | Decimal
    iv: float | Decimal
    total_variance: float | Decimal


class SmilePointView(View, frozen=True):
    """By linear interpolation of total variance in the logarithm of moneyness."""

    moneyness: float | Decimal
    iv: float | Decimal


class SmileView(View, frozen=True):
    """The smile of one expiry, from contracts out of the money. interpolated: at even steps, within the points."""

    expiry: str
    years_to_expiry: float | Decimal
    forward: float | Decimal
    points: list[SurfacePointView]
    interpolated: list[SmilePointView]


class ArbitrageView(View, frozen=True):
    """kind: `calendar`, a later option costs too little, or `butterfly`, one costs too much. amount: by how much."""

    kind: str
    expiry: str
    strike: float | Decimal
    amount: float | Decimal


class VolatilitySurfaceView(View, frozen=True):
    """Implied volatilities by expiry, the nearest first, and strike."""

    product: str
    as_of: str
    staleness: float | Decimal
    smiles: list[SmileView]
    arbitrage: list[ArbitrageView]

    @classmethod
    def of(cls, found: VolatilitySurface, now_us: int) -> "VolatilitySurfaceView":
        smiles = [
            SmileView(
                smile.expiry,
                smile.years,
                smile.forward,
                [
                    SurfacePointView(
                        each.strike, "CALL" if each.is_call else "PUT", each.moneyness, each.iv, each.total_variance
                    )
                    for each in smile.points
                ],
                [SmilePointView(*each) for each in smile.interpolated],
            )
            for smile in found.smiles
        ]
        flags = [ArbitrageView(each.kind.value, each.expiry, each.strike, each.amount) for each in found.flags]
        return cls(found.product, *age(found.as_of_us, now_us), smiles, flags)


def _split(found: Split) -> SplitView:
    return SplitView(found.itm, found.atm, found.otm)


def _levels(quotes: list[OptionQuote]) -> list[LevelView]:
    return [LevelView(quote.strike, quote.open_interest) for quote in quotes]


def _strike(found: ChainSince, strike: Number, call: OptionQuote | None, put: OptionQuote | None) -> StrikeInterestView:
    changes = [(None, None) if each is None else _change(found, each) for each in (call, put)]
    (call_change, call_word), (put_change, put_word) = changes
    return StrikeInterestView(
        strike,
        None if call is None else call.open_interest,
        None if put is None else put.open_interest,
        call_change,
        put_change,
        call_word,
        put_word,
    )


def _change(found: ChainSince, quote: OptionQuote) -> tuple[Number | None, str | None]:
    """The change of open interest, and the build-up."""
    analysis, before = found.analysis, found.at_start(quote)
    price = analysis.model.price_used(quote, analysis.chain.as_of_us)
    built = build_up(Position(price, quote.open_interest), before)
    word = None if built is None else built.value
    if quote.open_interest is None or before.open_interest is None:
        return None, word
    return difference(quote.open_interest, before.open_interest), word
