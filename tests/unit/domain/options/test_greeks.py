import math
import random
from collections.abc import Callable

import pytest
import QuantLib as ql  # noqa: N813  # as its own documentation names it

from domain.options.greeks import Greeks, black76_greeks, black76_price, bsm_greeks, bsm_price

# spot, strike, days, rate, dividend yield, volatility, is call
Case = tuple[float, float, int, float, float, float, bool]


def cases(count: int) -> list[Case]:
    chance = random.Random(11)
    return [
        (
            chance.uniform(50, 200),
            chance.uniform(50, 200),
            chance.randint(1, 1825),
            chance.uniform(-0.02, 0.12),
            chance.uniform(0, 0.08),
            chance.uniform(0.05, 1.5),
            chance.random() < 0.5,
        )
        for _ in range(count)
    ]


def quantlib(case: Case) -> tuple[float, Greeks]:
    spot, strike, days, rate, dividend_yield, volatility, is_call = case
    today = ql.Date(28, 1, 2026)
    ql.Settings.instance().evaluationDate = today
    days_of_365 = ql.Actual365Fixed()
    option = ql.VanillaOption(
        ql.PlainVanillaPayoff(ql.Option.Call if is_call else ql.Option.Put, strike), ql.EuropeanExercise(today + days)
    )
    process = ql.BlackScholesMertonProcess(
        ql.QuoteHandle(ql.SimpleQuote(spot)),
        ql.YieldTermStructureHandle(ql.FlatForward(today, dividend_yield, days_of_365)),
        ql.YieldTermStructureHandle(ql.FlatForward(today, rate, days_of_365)),
        ql.BlackVolTermStructureHandle(ql.BlackConstantVol(today, ql.NullCalendar(), volatility, days_of_365)),
    )
    option.setPricingEngine(ql.AnalyticEuropeanEngine(process))
    greeks = Greeks(option.delta(), option.gamma(), option.vega() / 100, option.theta() / 365, option.rho() / 100)
    return option.NPV(), greeks


def test_prices_and_greeks_equal_those_of_quantlib() -> None:
    for case in cases(400):
        spot, strike, days, rate, dividend_yield, volatility, is_call = case
        arguments = (spot, strike, days / 365, rate, dividend_yield, volatility, is_call)
        price, greeks = quantlib(case)
        assert bsm_price(*arguments) == pytest.approx(price, abs=1e-8)
        assert bsm_greeks(*arguments) == pytest.approx(greeks, abs=1e-8)


def test_greeks_on_a_forward_equal_those_of_quantlib() -> None:
    for forward, strike, days, rate, _, volatility, is_call in cases(400):
        years = days / 365
        kind = ql.Option.Call if is_call else ql.Option.Put
        discount = math.exp(-rate * years)
        black = ql.BlackCalculator(
            ql.PlainVanillaPayoff(kind, strike), forward, volatility * math.sqrt(years), discount
        )
        found = black76_greeks(forward, strike, years, rate, volatility, is_call)
        assert black76_price(forward, strike, years, rate, volatility, is_call) == pytest.approx(
            black.value(), abs=1e-8
        )
        assert found.delta == pytest.approx(black.deltaForward(), abs=1e-8)
        assert found.gamma == pytest.approx(black.gammaForward(), abs=1e-8)
        assert found.vega == pytest.approx(black.vega(years) / 100, abs=1e-8)


def slope(of: Callable[[float], float], at: float, step: float) -> float:
    """The derivative, by Richardson's extrapolation of central differences."""
    near, far = (of(at + step) - of(at - step)) / (2 * step), (of(at + 2 * step) - of(at - 2 * step)) / (4 * step)
    return (4 * near - far) / 3


@pytest.mark.parametrize("case", cases(60))
def test_greeks_equal_finite_differences(case: Case) -> None:
    spot, strike, days, rate, paid, sigma, is_call = case
    years = days / 365 + 0.05
    found = bsm_greeks(spot, strike, years, rate, paid, sigma, is_call)
    delta = slope(lambda each: bsm_price(each, strike, years, rate, paid, sigma, is_call), spot, spot * 1e-4)
    gamma = slope(lambda each: bsm_greeks(each, strike, years, rate, paid, sigma, is_call).delta, spot, spot * 1e-4)
    vega = slope(lambda each: bsm_price(spot, strike, years, rate, paid, each, is_call), sigma, 1e-4)
    theta = -slope(lambda each: bsm_price(spot, strike, each, rate, paid, sigma, is_call), years, 1e-4)
    rho = slope(lambda each: bsm_price(spot, strike, years, each, paid, sigma, is_call), rate, 1e-4)
    assert found == pytest.approx((delta, gamma, vega / 100, theta / 365, rho / 100), abs=1e-8)


@pytest.mark.parametrize("case", cases(60))
def test_greeks_on_a_forward_equal_finite_differences(case: Case) -> None:
    forward, strike, days, rate, _, sigma, is_call = case
    years = days / 365 + 0.05
    found = black76_greeks(forward, strike, years, rate, sigma, is_call)
    delta = slope(lambda each: black76_price(each, strike, years, rate, sigma, is_call), forward, forward * 1e-4)
    gamma = slope(lambda each: black76_greeks(each, strike, years, rate, sigma, is_call).delta, forward, forward * 1e-4)
    vega = slope(lambda each: black76_price(forward, strike, years, rate, each, is_call), sigma, 1e-4)
    theta = -slope(lambda each: black76_price(forward, strike, each, rate, sigma, is_call), years, 1e-4)
    rho = slope(lambda each: black76_price(forward, strike, years, each, sigma, is_call), rate, 1e-4)
    assert found == pytest.approx((delta, gamma, vega / 100, theta / 365, rho / 100), abs=1e-8)


def test_put_call_parity_holds() -> None:
    for spot, strike, days, rate, dividend, volatility, _ in cases(400):
        years = days / 365
        call = bsm_price(spot, strike, years, rate, dividend, volatility, is_call=True)
        put = bsm_price(spot, strike, years, rate, dividend, volatility, is_call=False)
        worth = spot * math.exp(-dividend * years) - strike * math.exp(-rate * years)
        assert call - put == pytest.approx(worth, abs=1e-10)


def test_textbook_examples_of_hull_are_met() -> None:
    # Options, Futures, and Other Derivatives: S 42, K 40, r 0.1, volatility 0.2, half a year.
    assert bsm_price(42, 40, 0.5, 0.1, 0, 0.2, is_call=True) == pytest.approx(4.76, abs=0.005)
    assert bsm_price(42, 40, 0.5, 0.1, 0, 0.2, is_call=False) == pytest.approx(0.81, abs=0.005)
    # An index: 930, K 900, r 0.08, q 0.03, volatility 0.2, two months.
    assert bsm_price(930, 900, 2 / 12, 0.08, 0.03, 0.2, is_call=True) == pytest.approx(51.83, abs=0.005)
    # A put on a future: F 20, K 20, r 0.09, volatility 0.25, four months.
    assert black76_price(20, 20, 4 / 12, 0.09, 0.25, is_call=False) == pytest.approx(1.12, abs=0.005)
    # The Greeks of the chapter of that name: S 49, K 50, r 0.05, volatility 0.2, twenty weeks.
    greeks = bsm_greeks(49, 50, 0.3846, 0.05, 0, 0.2, is_call=True)
    assert greeks.delta == pytest.approx(0.522, abs=5e-4)
    assert greeks.gamma == pytest.approx(0.066, abs=5e-4)
    assert greeks.vega * 100 == pytest.approx(12.1, abs=0.05)
    assert greeks.theta * 365 == pytest.approx(-4.31, abs=0.005)
    assert greeks.rho * 100 == pytest.approx(8.91, abs=0.005)
