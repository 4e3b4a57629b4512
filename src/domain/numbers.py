"""Prices as written: a float where that is lossless, else a Decimal.

A decimal of up to 15 significant digits survives the round trip through the nearest double (`repr` gives the shortest
text that parses to the same double), so nearly every price is a float and stands for `Decimal(repr(price))`. A price
with more digits is kept, and compared, as the Decimal it was written as.
"""

import re
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, Inexact, InvalidOperation
from typing import Final

Number = float | Decimal

# The range of doubles with full 53-bit precision: subnormals are below, infinity is above.
NUMBER_MIN = 2.2250738585072014e-308
NUMBER_MAX = 1.7976931348623157e308
DIGITS_MAX = 64
_UNITS: Final = 1e8
_UNITS_MAX: Final = 1e15
# Fits the smallest allowed number in plain notation, leading zeros included.
_TEXT_LENGTH_MAX = 400
_EXPONENT_LENGTH_MAX = 10
_DECIMAL = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?(?P<exponent>[0-9]+))?\Z")

# The product of two numbers of DIGITS_MAX digits fits; one that did not would raise instead of rounding.
EXACT = Context(prec=4 * DIGITS_MAX, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[Inexact, InvalidOperation])


class InvalidNumber(ValueError):
    """The text is not a number that can be kept as written."""


def written(price: Number) -> Decimal:
    """Return the price exactly as written."""
    return Decimal(repr(price)) if isinstance(price, float) else price


def is_higher(one: Number, other: Number) -> bool:
    """Whether a number is above another one, as written."""
    if isinstance(one, float) and isinstance(other, float):
        # Of two doubles the larger one has the larger shortest text.
        return one > other
    return written(one) > written(other)


def read_number(text: str) -> Number:
    """Parse a decimal number: a float where that is lossless, else a Decimal.

    Raises:
        InvalidNumber: not a decimal number, not finite, more than 400 characters or DIGITS_MAX significant digits, or
            outside the range of doubles with full precision.
    """
    # Decimal alone also accepts "Infinity", "NaN", "1_0", " 1" and digits of other scripts.
    match = _DECIMAL.match(text)
    if match is None:
        raise InvalidNumber("must be a decimal number")
    if len(text) > _TEXT_LENGTH_MAX:
        raise InvalidNumber(f"must be written in at most {_TEXT_LENGTH_MAX} characters")
    # Longer exponents may exceed Decimal's own limits. copy_abs, because abs() rounds.
    number = Decimal(text) if len(match.group("exponent") or "") < _EXPONENT_LENGTH_MAX else Decimal("Infinity")
    if number and not NUMBER_MIN <= number.copy_abs() <= NUMBER_MAX:
        raise InvalidNumber(f"must be between {NUMBER_MIN} and {NUMBER_MAX} in size")
    if len(number.as_tuple().digits) > DIGITS_MAX:
        raise InvalidNumber(f"must have at most {DIGITS_MAX} significant digits")
    return narrow(number)


def narrow(number: Decimal) -> Number:
    """Return the number as a float if that is lossless, else unchanged."""
    nearest = float(number)
    return nearest if Decimal(repr(nearest)) == number else number


def plain(number: Number) -> str:
    """A number in plain notation, with every digit and no zeros behind them."""
    text = f"{written(number):f}"
    return text.rstrip("0").removesuffix(".") if "." in text else text


def units_of(number: float) -> int:
    """Return the number in units of 1e-8 if that is an integer of at most 15 digits, hence exact; else -1."""
    units = number * _UNITS
    if not 0.0 <= units < _UNITS_MAX:
        return -1
    # Not round(): the call costs more than the rest. Close to half-way there is no integer to be found.
    whole = int(units + 0.5)
    return whole if whole / _UNITS == number else -1
