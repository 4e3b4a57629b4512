"""Implied volatility: the volatility with which Black's formula gives a price.

The method is that of P. Jäckel, Let's Be Rational, Wilmott (2015) 75, 40-53: four regions of the price, in each an
initial guess by rational cubic interpolation, then Householder's iteration of the third order on an objective that is
nearly linear there. Two or three steps reach what a double can hold; a bracket keeps them from leaving.
docs/decisions/0055-implied-volatility.md compares it with others.
"""

from math import exp, fabs, log, sqrt
from statistics import NormalDist
from typing import Final

from domain.options.black import normalised, normalised_vega
from domain.options.normal import cdf

# Instead of a volatility: the price is not above the intrinsic value, or not below what the option can be worth.
BELOW_INTRINSIC: Final = -1.0
ABOVE_BOUND: Final = -2.0

_SQRT_THREE: Final = 1.7320508075688772
_TWO_PI: Final = 6.283185307179586
_STEPS_MAX: Final = 60
_EPSILON: Final = 2.3e-16
# A time value below this share of the price is rounding.
_NOISE: Final = 1e-14
_SMALLEST: Final = 1e-290
_NORMAL: Final = NormalDist()


def implied_volatility(price: float, forward: float, strike: float, years: float, is_call: bool) -> float:
    """The volatility of an undiscounted price, or BELOW_INTRINSIC or ABOVE_BOUND.

    forward, strike, years: above 0. With the result, Black's formula gives the price to 1e-11 of it, or of the rounding
    of the price where that is more.
    """
    intrinsic = forward - strike if is_call else strike - forward
    time_value = price if intrinsic < 0.0 else price - intrinsic
    if time_value <= _NOISE * price or time_value <= 0.0:
        return BELOW_INTRINSIC
    if price >= (forward if is_call else strike):
        return ABOVE_BOUND
    x = -fabs(log(forward / strike))
    return implied_deviation(time_value / (sqrt(forward) * sqrt(strike)), x) / sqrt(years)


def implied_deviation(beta: float, x: float) -> float:
    """The deviation s with normalised(x, s) = beta, for x of at most 0; or one of the constants above."""
    if beta < _SMALLEST:
        return BELOW_INTRINSIC
    beta_max = exp(0.5 * x)
    if beta >= beta_max:
        return ABOVE_BOUND
    if x == 0.0:
        return -2.0 * _NORMAL.inv_cdf(0.5 * (1.0 - beta))
    center = sqrt(-2.0 * x)
    beta_center = normalised(x, center)
    vega = normalised_vega(x, center)
    if beta < beta_center:
        return _below_center(beta, x, center, beta_center, vega)
    high = center + (beta_max - beta_center) / vega
    beta_high = normalised(x, high)
    if beta > beta_high:
        return _refined(beta, x, _upper_guess(beta, x, beta_max, high, beta_high), high, 1e3, beta_max)
    slope = 1.0 / normalised_vega(x, high)
    guess = _cubic(beta, beta_center, beta_high, center, high, 1.0 / vega, slope)
    return _refined(beta, x, guess, center, high, beta_max)


def _below_center(beta: float, x: float, center: float, beta_center: float, vega: float) -> float:
    low = center - beta_center / vega
    beta_low = normalised(x, low)
    if beta >= beta_low:
        slope = 1.0 / normalised_vega(x, low)
        guess = _cubic(beta, beta_low, beta_center, low, center, slope, 1.0 / vega)
        return _refined(beta, x, guess, low, center, 0.0)
    return _refined_low(beta, x, _lower_guess(beta, x, low, beta_low), low)


def _lower_guess(beta: float, x: float, low: float, beta_low: float) -> float:
    """Interpolates f = 2π|x|/√27·Φ(-|x|/(√3·s))³, which is nearly linear in beta down to 0."""
    z = -x / (_SQRT_THREE * low)
    tail = cdf(-z)
    scale = _TWO_PI * -x / (3.0 * _SQRT_THREE)
    slope = _TWO_PI * z * z * tail * tail * exp(z * z + 0.125 * low * low)
    f = _cubic(beta, 0.0, beta_low, 0.0, scale * tail * tail * tail, 1.0, slope)
    share = (f / scale) ** (1.0 / 3.0) if f > 0.0 else 0.0
    if not 1e-300 < share < 0.5:
        return 0.5 * low
    return x / (_SQRT_THREE * _NORMAL.inv_cdf(share))


def _upper_guess(beta: float, x: float, beta_max: float, high: float, beta_high: float) -> float:
    """Interpolates f = Φ(-s/2), which is nearly linear in beta up to its largest value."""
    slope = -0.5 * exp(0.5 * (x / high) * (x / high))
    f = _cubic(beta, beta_high, beta_max, cdf(-0.5 * high), 0.0, slope, -0.5)
    return -2.0 * _NORMAL.inv_cdf(f) if 1e-300 < f < 0.5 else 1.5 * high


def _refined_low(beta: float, x: float, guess: float, high: float) -> float:
    """Householder's iteration on 1/ln(normalised) - 1/ln(beta)."""
    low = 0.0
    s = guess
    log_beta = log(beta)
    for _ in range(_STEPS_MAX):
        if not low < s < high:
            s = 0.5 * (low + high)
        b = normalised(x, s)
        if b < beta:
            low = s
        else:
            high = s
        vega = normalised_vega(x, s)
        if b <= _SMALLEST or vega <= _SMALLEST:
            s = 0.5 * (low + high)
            continue
        log_b = log(b)
        ratio = vega / b
        curve = x * x / (s * s * s) - 0.25 * s
        newton = (log_beta - log_b) * log_b / (log_beta * ratio)
        halley = curve - ratio * (1.0 + 2.0 / log_b)
        third = curve * curve - 3.0 * x * x / (s * s * s * s) - 0.25
        third += 2.0 * ratio * ratio * (1.0 + 3.0 / log_b * (1.0 + 1.0 / log_b))
        third -= 3.0 * curve * ratio * (1.0 + 2.0 / log_b)
        step = _householder(newton, halley, third)
        s += step
        if fabs(step) <= _EPSILON * s * 16.0:
            break
    return s


def _refined(beta: float, x: float, guess: float, low: float, high: float, beta_max: float) -> float:
    """Householder's iteration on normalised - beta, or, near the largest value, on the logarithm of what is left."""
    s = guess
    by_logarithm = beta > 0.5 * beta_max > 0.0
    for _ in range(_STEPS_MAX):
        if not low <= s <= high:
            s = 0.5 * (low + high)
        b = normalised(x, s)
        if b < beta:
            low = s
        else:
            high = s
        vega = normalised_vega(x, s)
        curve = x * x / (s * s * s) - 0.25 * s
        third = curve * curve - 3.0 * x * x / (s * s * s * s) - 0.25
        rest = beta_max - b
        if vega <= _SMALLEST or (by_logarithm and rest <= 0.0):
            s = 0.5 * (low + high)
            continue
        if by_logarithm:
            ratio = vega / rest
            newton = -log((beta_max - beta) / rest) / ratio
            third += ratio * (2.0 * ratio + 3.0 * curve)
            curve += ratio
        else:
            newton = (beta - b) / vega
        step = _householder(newton, curve, third)
        s += step
        if fabs(step) <= _EPSILON * s * 16.0:
            break
    return s


def _householder(newton: float, halley: float, third: float) -> float:
    below = 1.0 + newton * (halley + third * newton / 6.0)
    return newton * (1.0 + 0.5 * halley * newton) / below if below > 0.1 else newton


def _cubic(x: float, left: float, right: float, at_left: float, at_right: float, from_: float, to: float) -> float:
    """Monotonic rational cubic interpolation between two points with slopes.

    Source: R. Delbourgo and J. A. Gregory, Shape preserving piecewise rational interpolation, SIAM J. Sci. Stat.
    Comput. 6 (1985), 967-976.
    """
    width = right - left
    if width <= 0.0:
        return 0.5 * (at_left + at_right)
    secant = (at_right - at_left) / width
    r = 3.0 if secant == 0.0 else max((from_ + to) / secant, 3.0)
    t = (x - left) / width
    u = 1.0 - t
    upper = (at_right * t + (r * at_right - width * to) * u) * t * t
    lower = (at_left * u + (r * at_left + width * from_) * t) * u * u
    return (upper + lower) / (1.0 + (r - 3.0) * t * u)
