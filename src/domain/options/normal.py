"""The normal distribution, accurate in both tails."""

from math import exp, fabs
from typing import Final

_SQRT_HALF: Final = 0.7071067811865476
_ONE_OVER_SQRT_PI: Final = 0.5641895835477563
_ONE_OVER_SQRT_TWO_PI: Final = 0.3989422804014327
# Below it, the result exceeds the largest double.
_LOWEST: Final = -26.6


def pdf(z: float) -> float:
    """The density of the standard normal distribution."""
    return _ONE_OVER_SQRT_TWO_PI * exp(-0.5 * z * z)


def cdf(z: float) -> float:
    """The probability that a standard normal variable is below `z`, with full relative accuracy for z < 0."""
    tail = 0.5 * exp(-0.5 * z * z) * erfcx(fabs(z) * _SQRT_HALF)
    return tail if z < 0.0 else 1.0 - tail


def erfcx(x: float) -> float:
    """The scaled complementary error function exp(x²)·erfc(x), to about 16 digits; infinite below -26.6.

    Source: W. J. Cody, Rational Chebyshev approximations for the error function, Math. Comp. 23 (1969), 631-638.
    """
    y = fabs(x)
    if y <= 0.46875:
        return exp(x * x) * (1.0 - x * _near(x * x))
    result = _middle(y) if y <= 4.0 else _far(y)
    if x > 0.0:
        return result
    return float("inf") if x < _LOWEST else 2.0 * exp(x * x) - result


def _near(w: float) -> float:
    """erf(x) / x for w = x²."""
    above = 0.185777706184603153
    above = (above * w + 3.1611237438705656) * w
    above = (above + 113.864154151050156) * w
    above = (above + 377.485237685302021) * w
    below = (w + 23.6012909523441209) * w
    below = (below + 244.024637934444173) * w
    below = (below + 1282.61652607737228) * w
    return (above + 3209.37758913846947) / (below + 2844.23683343917062)


def _middle(y: float) -> float:
    above = 2.15311535474403846e-8
    above = (above * y + 0.564188496988670089) * y
    above = (above + 8.88314979438837594) * y
    above = (above + 66.1191906371416295) * y
    above = (above + 298.635138197400131) * y
    above = (above + 881.95222124176909) * y
    above = (above + 1712.04761263407058) * y
    above = (above + 2051.07837782607147) * y
    below = (y + 15.7449261107098347) * y
    below = (below + 117.693950891312499) * y
    below = (below + 537.181101862009858) * y
    below = (below + 1621.38957456669019) * y
    below = (below + 3290.79923573345963) * y
    below = (below + 4362.61909014324716) * y
    below = (below + 3439.36767414372164) * y
    return (above + 1230.33935479799725) / (below + 1230.33935480374942)


def _far(y: float) -> float:
    w = 1.0 / (y * y)
    above = 0.0163153871373020978
    above = (above * w + 0.305326634961232344) * w
    above = (above + 0.360344899949804439) * w
    above = (above + 0.125781726111229246) * w
    above = (above + 0.0160837851487422766) * w
    below = (w + 2.56852019228982242) * w
    below = (below + 1.87295284992346047) * w
    below = (below + 0.527905102951428412) * w
    below = (below + 0.0605183413124413191) * w
    return (_ONE_OVER_SQRT_PI - w * (above + 6.58749161529837803e-4) / (below + 0.00233520497626869185)) / y
