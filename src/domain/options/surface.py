"""The volatility surface: implied volatilities of contracts out of the money, by expiry and strike.

Arbitrage is looked for in prices, without interpolating volatilities, so that a flag is a portfolio: J. Gatheral and
A. Jacquier, Arbitrage-free SVI volatility surfaces, Quantitative Finance 14 (2014), 59-71, sections 2.1 and 2.2.
"""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from math import log, sqrt

from domain.numbers import Number
from domain.options.black import undiscounted
from domain.options.chain import Chain
from domain.options.option_quote import OptionQuote
from domain.options.valuation import Valuation

# Differences of prices below this share of the forward are rounding.
_TOLERANCE = 1e-9
# The moneyness at which smiles are interpolated.
_GRID = [0.7 + 0.025 * step for step in range(25)]


class Arbitrage(Enum):
    """CALENDAR: a later option costs less than an earlier one. BUTTERFLY: prices are not convex in the strike."""

    CALENDAR = "calendar"
    BUTTERFLY = "butterfly"


@dataclass(frozen=True)
class SurfacePoint:
    """moneyness: strike over forward. total_variance: iv² times years. call: normalised price of the call, over F."""

    strike: Number
    is_call: bool
    moneyness: float
    iv: float
    total_variance: float
    call: float


@dataclass(frozen=True)
class Smile:
    """One expiry. points: by strike, ascending. interpolated: moneyness and volatility, within the points."""

    expiry: str
    years: float
    forward: float
    points: tuple[SurfacePoint, ...]
    interpolated: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class ArbitrageFlag:
    """kind; expiry and strike of the option that is too cheap (calendar) or too dear (butterfly).

    amount: by how much, in units of the underlying, undiscounted.
    """

    kind: Arbitrage
    expiry: str
    strike: Number
    amount: float


def smile_of(
    chain: Chain, valued: Callable[[OptionQuote], Valuation], wanted: Callable[[OptionQuote], bool]
) -> Smile | None:
    """The smile of a chain, None if no wanted contract out of the money has a volatility."""
    points: list[SurfacePoint] = []
    last: Valuation | None = None
    for quote in chain.quotes:
        if not wanted(quote):
            continue
        found = valued(quote)
        if found.iv is None or found.forward is None:
            continue
        moneyness = float(quote.strike) / found.forward
        if quote.is_call != (moneyness >= 1.0):
            continue
        variance = found.iv * found.iv * found.years
        call = undiscounted(1.0, moneyness, sqrt(variance), is_call=True)
        points.append(SurfacePoint(quote.strike, quote.is_call, moneyness, found.iv, variance, call))
        last = found
    if last is None or last.forward is None:
        return None
    return Smile(chain.expiry, last.years, last.forward, tuple(points), _interpolated(points, last.years))


def arbitrage(smiles: Sequence[Smile]) -> list[ArbitrageFlag]:
    """The flags of all smiles, the nearest expiry first."""
    flags: list[ArbitrageFlag] = []
    for smile in smiles:
        flags += _butterflies(smile)
    for near, far in pairwise(smiles):
        flags += _calendars(near, far)
    return flags


def volatility_at(points: Sequence[SurfacePoint], years: float, moneyness: float) -> float | None:
    """The volatility by linear interpolation of total variance in log-moneyness; None outside the points."""
    at = bisect_left(points, moneyness, key=lambda point: point.moneyness)
    if at < len(points) and points[at].moneyness == moneyness:
        return points[at].iv
    if at in (0, len(points)):
        return None
    left, right = points[at - 1], points[at]
    share = log(moneyness / left.moneyness) / log(right.moneyness / left.moneyness)
    return sqrt((left.total_variance * (1 - share) + right.total_variance * share) / years)


def _interpolated(points: Sequence[SurfacePoint], years: float) -> tuple[tuple[float, float], ...]:
    found = [(round(each, 3), volatility_at(points, years, each)) for each in _GRID]
    return tuple((moneyness, iv) for moneyness, iv in found if iv is not None)


def _butterflies(smile: Smile) -> list[ArbitrageFlag]:
    """Points above the line between their neighbours: selling two and buying one of each neighbour pays at once."""
    flags = []
    for left, middle, right in zip(smile.points, smile.points[1:], smile.points[2:], strict=False):
        excess = middle.call - _line(left, right, middle.moneyness)
        if excess > _TOLERANCE:
            flags.append(ArbitrageFlag(Arbitrage.BUTTERFLY, smile.expiry, middle.strike, excess * smile.forward))
    return flags


def _calendars(near: Smile, far: Smile) -> list[ArbitrageFlag]:
    """Where the later price is below the earlier one at the same moneyness.

    Prices are convex, so the line between two later ones is an upper bound of what lies between: no false flag.
    """
    flags = []
    for point in near.points:
        at = bisect_left(far.points, point.moneyness, key=lambda each: each.moneyness)
        if at == len(far.points) or (at == 0 and far.points[0].moneyness > point.moneyness):
            continue
        bound = far.points[at] if at == 0 else far.points[at - 1]
        later = _line(bound, far.points[at], point.moneyness)
        if point.call - later > _TOLERANCE:
            strike = far.points[at].strike
            flags.append(ArbitrageFlag(Arbitrage.CALENDAR, far.expiry, strike, (point.call - later) * far.forward))
    return flags


def _line(left: SurfacePoint, right: SurfacePoint, moneyness: float) -> float:
    width = right.moneyness - left.moneyness
    if width <= 0:
        return right.call
    share = (moneyness - left.moneyness) / width
    return left.call * (1 - share) + right.call * share
