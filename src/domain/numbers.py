"""Prices as they were written: a float where that loses nothing, a Decimal where it would.

A decimal number of up to 15 significant digits survives the way to the nearest double and back (`repr` finds the
shortest text that reads as that double), so nearly every price is a float and stands for `Decimal(repr(price))`.
A price with more digits is kept as the Decimal it was written as, and compared as such.
"""

import re
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, Inexact, InvalidOperation

Number = float | Decimal

# The doubles that carry their full 53 bits. Below, digits fade away; above, there is only infinity.
NUMBER_MIN = 2.2250738585072014e-308
NUMBER_MAX = 1.7976931348623157e308
DIGITS_MAX = 64
# Room for the longest plain form of a double of the smallest size, leading zeros and all.
_TEXT_LENGTH_MAX = 400
_EXPONENT_LENGTH_MAX = 10
_DECIMAL = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?(?P<exponent>[0-9]+))?\Z")

# Products of two numbers of DIGITS_MAX digits fit, and one that did not would raise instead of rounding.
EXACT = Context(prec=4 * DIGITS_MAX, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[Inexact, InvalidOperation])


class InvalidNumber(ValueError):
    """The text is no number that can be kept as it was written."""


def written(price: Number) -> Decimal:
    """The price as it was written, exactly."""
    return Decimal(repr(price)) if isinstance(price, float) else price


def read_number(text: str) -> Number:
    """The number that a decimal text stands for: a float where that is the same number, else a Decimal.

    Raises:
        InvalidNumber: not a decimal number, not finite, more than DIGITS_MAX significant digits, or outside the
            range of doubles with full precision.
    """
    # Decimal alone would also read "Infinity", "NaN", "1_0", " 1" and the digits of other scripts.
    match = _DECIMAL.match(text)
    if match is None:
        raise InvalidNumber("must be a decimal number")
    if len(text) > _TEXT_LENGTH_MAX:
        raise InvalidNumber(f"must be written in at most {_TEXT_LENGTH_MAX} characters")
    # An exponent of more digits is beyond Decimal itself. copy_abs, because abs rounds.
    number = Decimal(text) if len(match.group("exponent") or "") < _EXPONENT_LENGTH_MAX else Decimal("Infinity")
    if number and not NUMBER_MIN <= number.copy_abs() <= NUMBER_MAX:
        raise InvalidNumber(f"must be between {NUMBER_MIN} and {NUMBER_MAX} in size")
    if len(number.as_tuple().digits) > DIGITS_MAX:
        raise InvalidNumber(f"must have at most {DIGITS_MAX} significant digits")
    return narrow(number)


def narrow(number: Decimal) -> Number:
    """The same number as a float, where a float stands for it exactly."""
    nearest = float(number)
    return nearest if Decimal(repr(nearest)) == number else number
