import math
import random

import pytest
import QuantLib as ql  # noqa: N813  # as its own documentation names it
from hypothesis import given
from hypothesis import strategies as st

from domain.options.black import undiscounted
from domain.options.implied_volatility import ABOVE_BOUND, BELOW_INTRINSIC, implied_volatility
from domain.options.normal import cdf, erfcx

FORWARD = 100.0


def quantlib(strike: float, years: float, volatility: float, is_call: bool) -> float:
    kind = ql.Option.Call if is_call else ql.Option.Put
    return float(ql.blackFormula(kind, strike, FORWARD, volatility * math.sqrt(years)))


def grid(count: int) -> list[tuple[float, float, float, bool]]:
    """Strikes at up to ten deviations and four fifths away, an hour to five years, volatilities from 1 % to 300 %."""
    chance = random.Random(7)
    found = []
    for _ in range(count):
        years = math.exp(chance.uniform(math.log(1 / 8760), math.log(5)))
        volatility = math.exp(chance.uniform(math.log(0.01), math.log(3)))
        reach = min(10 * volatility * math.sqrt(years), 1.6)
        found.append((FORWARD * math.exp(chance.uniform(-reach, reach)), years, volatility, chance.random() < 0.5))
    return found


def test_prices_of_a_grid_come_back_and_equal_those_of_quantlib() -> None:
    implied = 0
    for strike, years, volatility, is_call in grid(100_000):
        price = quantlib(strike, years, volatility, is_call)
        assert abs(undiscounted(FORWARD, strike, volatility * math.sqrt(years), is_call) - price) < 1e-8
        found = implied_volatility(price, FORWARD, strike, years, is_call)
        if found == BELOW_INTRINSIC:
            # Only where what the option is worth beyond its intrinsic value is below the digits of the price.
            assert price - max(FORWARD - strike if is_call else strike - FORWARD, 0) < 1e-11
            continue
        implied += 1
        assert abs(quantlib(strike, years, found, is_call) - price) < 1e-8
    assert implied > 80_000


def test_volatilities_of_options_out_of_the_money_come_back() -> None:
    for strike, years, volatility, _ in grid(20_000):
        is_call = strike >= FORWARD
        price = undiscounted(FORWARD, strike, volatility * math.sqrt(years), is_call)
        if price > 1e-250:
            assert implied_volatility(price, FORWARD, strike, years, is_call) == pytest.approx(volatility, rel=1e-9)


@given(
    strike=st.floats(1, 10_000),
    years=st.floats(1e-6, 10),
    volatility=st.floats(0.001, 5),
    is_call=st.booleans(),
)
def test_whatever_the_option_its_price_comes_back(
    strike: float, years: float, volatility: float, is_call: bool
) -> None:
    price = undiscounted(FORWARD, strike, volatility * math.sqrt(years), is_call)
    found = implied_volatility(price, FORWARD, strike, years, is_call)
    if found > 0:
        assert undiscounted(FORWARD, strike, found * math.sqrt(years), is_call) == pytest.approx(price, rel=1e-9)


@pytest.mark.parametrize(
    ("price", "strike", "is_call", "reason"),
    [
        (9.0, 90.0, True, BELOW_INTRINSIC),
        (10.0, 90.0, True, BELOW_INTRINSIC),
        (0.0, 110.0, True, BELOW_INTRINSIC),
        (-1.0, 110.0, True, BELOW_INTRINSIC),
        (9.0, 110.0, False, BELOW_INTRINSIC),
        (100.0, 110.0, True, ABOVE_BOUND),
        (110.0, 110.0, False, ABOVE_BOUND),
        (500.0, 100.0, True, ABOVE_BOUND),
    ],
)
def test_a_price_that_no_volatility_gives_has_none(price: float, strike: float, is_call: bool, reason: float) -> None:
    assert implied_volatility(price, FORWARD, strike, 0.5, is_call) == reason


def test_smallest_and_largest_prices_have_volatilities() -> None:
    for price in (1e-200, 1e-100, 1e-12, 99.9, 99.999999, FORWARD * (1 - 1e-13)):
        found = implied_volatility(price, FORWARD, 130.0, 1.0, is_call=True)
        assert undiscounted(FORWARD, 130.0, found, is_call=True) == pytest.approx(price, rel=1e-9)


def test_the_textbook_example_of_hull_is_found() -> None:
    # Options, Futures, and Other Derivatives, section "Implied volatilities": S 21, K 20, r 0.1, T 0.25, c 1.875.
    forward = 21 * math.exp(0.1 * 0.25)
    assert implied_volatility(1.875 * math.exp(0.025), forward, 20, 0.25, is_call=True) == pytest.approx(
        0.235, abs=5e-4
    )


@pytest.mark.parametrize("x", [-5.0, -2.0, -0.4, -1e-9, 0.0, 0.3, 0.46875, 1.0, 3.9, 4.1, 12.0])
def test_scaled_complement_equals_its_definition(x: float) -> None:
    assert erfcx(x) == pytest.approx(math.exp(x * x) * math.erfc(x), rel=1e-13)


def test_distribution_keeps_its_digits_far_out() -> None:
    assert erfcx(-30) == math.inf
    assert cdf(-38) == pytest.approx(0.5 * math.erfc(38 / math.sqrt(2)), rel=1e-12)
    assert cdf(9) == 1
    assert cdf(1.5) == pytest.approx(0.5 * math.erfc(-1.5 / math.sqrt(2)), rel=1e-15)
