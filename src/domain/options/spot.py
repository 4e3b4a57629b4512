"""The price of the underlying, and what a chain says about it."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from math import exp

from domain.numbers import Number, written
from domain.options.chain import Chain, StrikeRow
from domain.options.option_model import OptionModel


class SpotSource(Enum):
    """CHAIN: sent with the chain. PRICES: the newest price of the product. IMPLIED: by put-call parity."""

    CHAIN = "chain"
    PRICES = "prices"
    IMPLIED = "implied"


@dataclass(frozen=True)
class Spot:
    price: Number
    source: SpotSource
    as_of_us: int


@dataclass(frozen=True)
class Straddle:
    """price: of call and put together, None if one has no price. move_percent: of the spot, which it pays for."""

    strike: Number
    price: float | None
    move_percent: float | None


def implied_forward(chain: Chain, model: OptionModel) -> float | None:
    """The forward by put-call parity, F = K + exp(rT)·(C - P), at the strike where C and P are nearest (tie: lower).

    None without a strike of which both have a price, or after the expiry.
    Source: H. R. Stoll, The relationship between put and call option prices, J. Finance 24 (1969), 801-824.
    """
    years = model.years(chain.expiry, chain.as_of_us)
    if years <= 0:
        return None
    best: tuple[float, float, float] | None = None
    for row in chain.rows:
        if row.call is None or row.put is None:
            continue
        call, put = model.price_used(row.call, chain.as_of_us), model.price_used(row.put, chain.as_of_us)
        if call is not None and put is not None and (best is None or abs(call - put) < abs(best[1] - best[2])):
            best = (float(row.strike), call, put)
    if best is None:
        return None
    strike, call, put = best
    forward = strike + exp(model.rate_of(chain.product) * years) * (call - put)
    return forward if forward > 0 else None


def spot_of(chain: Chain, model: OptionModel, priced: Callable[[], Spot | None]) -> Spot | None:
    """The chain's own spot, else the product's price, else the one that the implied forward comes from.

    priced: called only where the chain has none.
    """
    if chain.spot is not None and chain.spot_us is not None:
        return Spot(chain.spot, SpotSource.CHAIN, chain.spot_us)
    found = priced()
    if found is not None:
        return found
    forward = implied_forward(chain, model)
    if forward is None:
        return None
    carry = model.rate_of(chain.product) - model.dividend_yield_of(chain.product)
    price = forward * exp(-carry * model.years(chain.expiry, chain.as_of_us))
    return Spot(price, SpotSource.IMPLIED, chain.as_of_us)


def at_the_money(chain: Chain, spot: Number) -> StrikeRow | None:
    """The strike nearest to the spot, of two the lower; None if the chain is empty."""
    center = written(spot)
    return min(chain.rows, key=lambda row: (abs(written(row.strike) - center), row.strike), default=None)


def straddle(row: StrikeRow, chain: Chain, spot: Number, model: OptionModel) -> Straddle:
    """Call and put at a strike, and the move of the underlying that their price implies."""
    prices = [None if each is None else model.price_used(each, chain.as_of_us) for each in (row.call, row.put)]
    if prices[0] is None or prices[1] is None:
        return Straddle(row.strike, None, None)
    price = prices[0] + prices[1]
    return Straddle(row.strike, price, price / float(spot) * 100)
