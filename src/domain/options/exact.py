"""Sums and ratios without rounding errors."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction

from domain.numbers import Number, narrow, written


def scaled(values: Sequence[Number]) -> tuple[list[int], int]:
    """The values as integers, all multiplied by the same power of ten, and that power."""
    if all(isinstance(value, float) and value.is_integer() for value in values):
        return [int(value) for value in values], 1
    fractions = [Fraction(written(value)) for value in values]
    scale = 1
    while any(scale % each.denominator for each in fractions):
        scale *= 10
    return [each.numerator * (scale // each.denominator) for each in fractions], scale


def unscaled(value: int, scale: int) -> Number:
    return narrow(Decimal(value).scaleb(1 - len(str(scale))))


def total(values: Iterable[Number | None]) -> Number:
    """The exact sum, without the missing ones."""
    integers, scale = scaled([value for value in values if value is not None])
    return unscaled(sum(integers), scale)


def difference(one: Number, other: Number) -> Number:
    """The exact difference."""
    integers, scale = scaled([one, other])
    return unscaled(integers[0] - integers[1], scale)


def ratio(above: Number, below: Number) -> float | None:
    """The quotient, rounded once; None if the divisor is 0."""
    return float(Fraction(written(above)) / Fraction(written(below))) if below else None
