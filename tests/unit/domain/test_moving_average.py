from collections import deque
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.moving_average import MovingAverage

PRICES = st.floats(min_value=1e-300, max_value=1.7976931348623157e308)


def exact_mean(prices: deque[float]) -> Fraction:
    return sum(map(Fraction, prices), Fraction(0)) / len(prices)


def test_no_price_has_no_mean() -> None:
    assert MovingAverage(3).average == 0.0


def test_fewer_prices_than_the_window_are_all_in_the_mean() -> None:
    average = MovingAverage(4)
    average.add_to_average(1.0)
    average.add_to_average(2.0)
    assert average.average == 1.5


def test_the_oldest_price_leaves_when_the_window_is_full() -> None:
    average = MovingAverage(2)
    for price in (1.0, 2.0, 4.0):
        average.add_to_average(price)
    assert average.average == 3.0


@given(st.integers(1, 70), st.lists(PRICES, min_size=1, max_size=300))
def test_mean_is_that_of_the_last_prices_after_every_push(size: int, prices: list[float]) -> None:
    average = MovingAverage(size)
    last: deque[float] = deque(maxlen=size)
    for price in prices:
        average.add_to_average(price)
        last.append(price)
        exact = exact_mean(last)
        # The very largest mean may round up to infinity; SymbolState keeps it within the prices.
        value = min(average.average, 1.7976931348623157e308)
        assert abs(Fraction(value) - exact) <= exact * Fraction(1, 10**12)


@pytest.mark.parametrize("outlier", [1e12, 1e300])
def test_an_outlier_leaves_no_error_behind(outlier: float) -> None:
    average = MovingAverage(64)
    average.add_to_average(0.001)
    average.add_to_average(outlier)
    for _ in range(64):
        average.add_to_average(0.001)
    assert average.average == pytest.approx(0.001, rel=1e-14)


def test_a_million_updates_do_not_drift() -> None:
    average = MovingAverage(64)
    last: deque[float] = deque(maxlen=64)
    price = 100.0
    for i in range(1_000_000):
        price = 100.0 + (i * 7919 % 1000) / 7
        average.add_to_average(price)
        last.append(price)
    assert average.average == pytest.approx(float(exact_mean(last)), rel=1e-14)
