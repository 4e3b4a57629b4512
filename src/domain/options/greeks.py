"""Prices and sensitivities of European options in closed form.

Sources: F. Black and M. Scholes, The pricing of options and corporate liabilities, J. Political Economy 81 (1973);
R. C. Merton, Theory of rational option pricing, Bell J. Economics 4 (1973), for the dividend yield; F. Black (1976) for
options on forwards. The formulas are those of J. C. Hull, Options, Futures, and Other Derivatives, chapters 17 to 19.
"""

from math import exp, log, sqrt
from typing import NamedTuple

from domain.options.black import undiscounted
from domain.options.normal import cdf, pdf


class Greeks(NamedTuple):
    """delta, gamma: by the underlying. vega: by one point of volatility (0.01). theta: by one day of 365 a year.

    rho: by one point of the rate (0.01).
    """

    delta: float
    gamma: float
    vega: float
    theta: float
    rho: float


def bsm_price(
    spot: float, strike: float, years: float, rate: float, dividend_yield: float, volatility: float, is_call: bool
) -> float:
    """The price by Black, Scholes and Merton."""
    forward = spot * exp((rate - dividend_yield) * years)
    return exp(-rate * years) * undiscounted(forward, strike, volatility * sqrt(years), is_call)


def black76_price(forward: float, strike: float, years: float, rate: float, volatility: float, is_call: bool) -> float:
    """The price by Black's formula on a forward."""
    return exp(-rate * years) * undiscounted(forward, strike, volatility * sqrt(years), is_call)


def bsm_greeks(
    spot: float, strike: float, years: float, rate: float, dividend_yield: float, volatility: float, is_call: bool
) -> Greeks:
    """The sensitivities by Black, Scholes and Merton. years, volatility: above 0."""
    root = sqrt(years)
    deviation = volatility * root
    d1 = (log(spot / strike) + (rate - dividend_yield) * years) / deviation + 0.5 * deviation
    d2 = d1 - deviation
    sign = 1.0 if is_call else -1.0
    paid, discount = exp(-dividend_yield * years), exp(-rate * years)
    n1, n2, density = cdf(sign * d1), cdf(sign * d2), pdf(d1)
    decay = -spot * paid * density * volatility / (2.0 * root)
    carry = sign * (dividend_yield * spot * paid * n1 - rate * strike * discount * n2)
    return Greeks(
        sign * paid * n1,
        paid * density / (spot * deviation),
        spot * paid * density * root / 100.0,
        (decay + carry) / 365.0,
        sign * strike * years * discount * n2 / 100.0,
    )


def black76_greeks(
    forward: float, strike: float, years: float, rate: float, volatility: float, is_call: bool
) -> Greeks:
    """The sensitivities by Black's formula; the underlying is the forward, which stays where the rate moves."""
    root = sqrt(years)
    deviation = volatility * root
    d1 = log(forward / strike) / deviation + 0.5 * deviation
    sign = 1.0 if is_call else -1.0
    discount = exp(-rate * years)
    n1, n2, density = cdf(sign * d1), cdf(sign * (d1 - deviation)), pdf(d1)
    price = discount * sign * (forward * n1 - strike * n2)
    return Greeks(
        sign * discount * n1,
        discount * density / (forward * deviation),
        forward * discount * density * root / 100.0,
        (rate * price - forward * discount * density * volatility / (2.0 * root)) / 365.0,
        -years * price / 100.0,
    )
