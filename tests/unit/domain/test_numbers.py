from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.numbers import DIGITS_MAX, InvalidNumber, read_number, written


@pytest.mark.parametrize(
    "text", ["101.5", "0.1", "1e22", "1E-7", "00.5", "1.7976931348623157e308", "2.2250738585072014e-308", "0", "-1"]
)
def test_a_number_that_a_float_stands_for_is_read_as_one(text: str) -> None:
    number = read_number(text)
    assert isinstance(number, float)
    assert written(number) == Decimal(text)


@pytest.mark.parametrize("text", ["0.10200000000000000001", "1.123456789012345678", "9007199254740993"])
def test_a_number_with_more_digits_is_kept_as_written(text: str) -> None:
    number = read_number(text)
    assert isinstance(number, Decimal)
    assert number == Decimal(text)


@given(st.decimals(min_value=Decimal("1e-20"), max_value=Decimal("1e20"), allow_nan=False, places=12))
def test_no_digit_is_ever_lost(number: Decimal) -> None:
    assert written(read_number(str(number))) == number


@pytest.mark.parametrize(
    "text",
    ["", " 1", "1 ", "1_0", "NaN", "Infinity", "-inf", "0x10", "1e", ".5", "5.", "1,5", "१", "--1", "+-1"],
)
def test_what_is_no_decimal_number_is_refused(text: str) -> None:
    with pytest.raises(InvalidNumber, match="must be a decimal number"):
        read_number(text)


@pytest.mark.parametrize("text", ["1e309", "1e999999999", "1e99999999999999999999", "1e-400", "5e-324"])
def test_numbers_that_doubles_cannot_carry_are_refused(text: str) -> None:
    with pytest.raises(InvalidNumber, match="must be between"):
        read_number(text)


@pytest.mark.parametrize("text", ["1." + "1" * DIGITS_MAX, "1" * 100_000], ids=["65 digits", "100,000 digits"])
def test_more_digits_than_are_kept_are_refused(text: str) -> None:
    with pytest.raises(InvalidNumber, match="at most"):
        read_number(text)
