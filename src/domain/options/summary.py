"""The figures of a chain that one follows over time."""

from dataclasses import dataclass

from domain.numbers import Number
from domain.options.chain import Chain
from domain.options.max_pain import max_pain_strike, pain_curve
from domain.options.open_interest import totals
from domain.options.option_model import OptionModel
from domain.options.spot import Spot, at_the_money, straddle
from domain.options.valuation import Valuer


@dataclass(frozen=True)
class ChainSummary:
    """None for what the chain does not tell. atm_iv: mean of call and put at the money, of the one that has any."""

    product: str
    expiry: str
    as_of_us: int
    spot: Spot | None
    contracts: int
    pcr_oi: float | None
    pcr_volume: float | None
    max_pain_strike: Number | None
    atm_strike: Number | None
    atm_straddle_price: float | None
    atm_straddle_percent: float | None
    atm_iv: float | None
    total_call_oi: Number
    total_put_oi: Number


def summary_of(chain: Chain, spot: Spot | None, model: OptionModel) -> ChainSummary:
    """O(n log n); one or two implied volatilities."""
    sums = totals(chain)
    row = None if spot is None else at_the_money(chain, spot.price)
    both = None if row is None or spot is None else straddle(row, chain, spot.price, model)
    valuer = Valuer.of(chain, spot, model)
    sides = [] if row is None else [valuer.value(each).iv for each in (row.call, row.put) if each is not None]
    ivs = [iv for iv in sides if iv is not None]
    return ChainSummary(
        chain.product,
        chain.expiry,
        chain.as_of_us,
        spot,
        len(chain.contracts),
        sums.pcr_oi,
        sums.pcr_volume,
        max_pain_strike(pain_curve(chain)),
        None if row is None else row.strike,
        None if both is None else both.price,
        None if both is None else both.move_percent,
        sum(ivs) / len(ivs) if ivs else None,
        sums.call_open_interest,
        sums.put_open_interest,
    )
