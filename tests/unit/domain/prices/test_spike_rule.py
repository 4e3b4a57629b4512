from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.numbers import NUMBER_MAX, NUMBER_MIN, Number, read_number, written
from domain.prices.spike_rule import SpikeRule

TWO_PERCENT = SpikeRule(Decimal("2.0"))


@pytest.mark.parametrize(
    ("lowest", "price", "is_spike"),
    [
        ("100", "102", False),
        ("100", "102.00000000001", True),
        ("0.1", "0.102", False),
        ("0.1", "0.10200000001", True),
        ("0.1", "0.1020000000000000000000000001", True),
        ("0.1000000000000000000000000001", "0.102", False),
        ("1e-300", "1.02e-300", False),
        ("1.79e308", "1.7976931348623157e308", False),
    ],
)
def test_up_is_strictly_above_the_line(lowest: str, price: str, is_spike: bool) -> None:
    assert TWO_PERCENT.is_up(read_number(lowest), read_number(price)) is is_spike


@pytest.mark.parametrize(
    ("highest", "price", "is_spike"),
    [
        ("100", "98", False),
        ("100", "97.99999999999", True),
        ("0.3", "0.294", False),
        ("0.3", "0.29399999999", True),
        ("0.3", "0.293999999999999999999999", True),
    ],
)
def test_down_is_strictly_below_the_line(highest: str, price: str, is_spike: bool) -> None:
    assert TWO_PERCENT.is_down(read_number(highest), read_number(price)) is is_spike


def prices() -> st.SearchStrategy[Number]:
    near = st.decimals(min_value=Decimal("0.9"), max_value=Decimal("1.1"), places=6).map(str).map(read_number)
    return near | st.floats(min_value=NUMBER_MIN, max_value=NUMBER_MAX)


@given(prices(), prices(), st.decimals(min_value=Decimal("0.001"), max_value=Decimal(200), places=3))
@example(NUMBER_MIN, NUMBER_MAX, Decimal(2))
@example(NUMBER_MAX, NUMBER_MAX, Decimal(200))
def test_answers_are_those_of_exact_arithmetic_and_hints_never_hide_one(
    reference: Number, price: Number, percent: Decimal
) -> None:
    rule = SpikeRule(percent)
    threshold = Fraction(percent) / 100
    up = Fraction(written(price)) > Fraction(written(reference)) * (1 + threshold)
    down = Fraction(written(price)) < Fraction(written(reference)) * (1 - threshold)
    assert rule.is_up(reference, price) is up
    assert rule.is_down(reference, price) is down
    assert not up or float(price) > float(reference) * rule.up_hint
    assert not down or float(price) < float(reference) * rule.down_hint
