"""Black's formula: the value of a European option on a forward, before discounting.

Sources: F. Black, The pricing of commodity contracts, J. Financial Economics 3 (1976), 167-179. Its normalised form,
and how to keep its digits: P. Jäckel, Let's Be Rational, Wilmott (2015) 75, 40-53.
"""

from math import exp, log, sqrt
from typing import Final

from domain.options.normal import cdf, erfcx

_SQRT_HALF: Final = 0.7071067811865476
_ONE_OVER_SQRT_TWO_PI: Final = 0.3989422804014327
_SQRT_HALF_PI: Final = 1.2533141373155001


def undiscounted(forward: float, strike: float, deviation: float, is_call: bool) -> float:
    """The undiscounted value. deviation: the volatility times the square root of the years."""
    intrinsic = max(forward - strike, 0.0) if is_call else max(strike - forward, 0.0)
    if deviation <= 0.0:
        return intrinsic
    x = log(forward / strike)
    # Whatever it is, its time value is that of the option out of the money.
    return intrinsic + sqrt(forward) * sqrt(strike) * normalised(-x if x > 0.0 else x, deviation)


def normalised(x: float, s: float) -> float:
    """The value of a call out of the money, over the root of forward times strike.

    x: logarithm of forward over strike, at most 0. s: the deviation, above 0. At least 11 digits are right.
    """
    h = x / s
    t = 0.5 * s
    if h + t > 0.85:
        return cdf(h + t) * exp(h * t) - cdf(h - t) * exp(-h * t)
    scale = exp(-0.5 * (h * h + t * t))
    if t < 1e-4:
        return _ONE_OVER_SQRT_TWO_PI * scale * _small(h, t * t) * 2.0 * t
    return 0.5 * scale * (erfcx(-_SQRT_HALF * (h + t)) - erfcx(-_SQRT_HALF * (h - t)))


def normalised_vega(x: float, s: float) -> float:
    """The derivative of `normalised` by `s`."""
    h = x / s
    return _ONE_OVER_SQRT_TWO_PI * exp(-0.5 * (h * h + 0.25 * s * s))


def _small(h: float, w: float) -> float:
    """Half the difference of Mills ratios at h ± t over t, as a series in w = t²; differences would lose digits."""
    h2 = h * h
    a = 1.0 + h * _SQRT_HALF_PI * erfcx(-_SQRT_HALF * h)
    second = (-7.0 + 15.0 * a + h2 * (-1.0 + 10.0 * a + a * h2)) / 120.0
    return a + w * ((-1.0 + 3.0 * a + a * h2) / 6.0 + w * second)
