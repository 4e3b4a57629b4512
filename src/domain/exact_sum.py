"""Sums of numbers as written, without rounding."""

from __future__ import annotations

from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, Inexact, InvalidOperation

from domain.numbers import Number, units_of, written

# Of the units that `units_of` counts in.
UNIT_DIGITS = 8
# Numbers have at most 64 digits and 1e-308 to 1e308 in size, so that no sum of 1e18 products of two of them is longer.
SUMMED = Context(prec=1600, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[Inexact, InvalidOperation])

# A number to be summed: in units of 1e-8 where it is a whole number of them, else as written.
Exact = int | Decimal


def exact_units(number: Number) -> int:
    """Return the units of a number that is at least 0, -1 if it has to be summed as written."""
    return units_of(number) if isinstance(number, float) else -1


def exact_of(number: Number) -> Exact:
    """Return a number as it is summed."""
    units = exact_units(number)
    if units < 0 and isinstance(number, float):
        negated = units_of(-number)
        if negated >= 0:
            return -negated
    return units if units >= 0 else written(number)


def square_of(exact: Exact) -> Exact:
    """Return the square; of units, in units of 1e-16."""
    return exact * exact if isinstance(exact, int) else SUMMED.multiply(exact, exact)


def decimal_of(exact: Exact) -> Decimal:
    return SUMMED.scaleb(Decimal(exact), -UNIT_DIGITS) if isinstance(exact, int) else exact


class ExactSum:
    """O(1) an addition or subtraction: of an integer for usual numbers, of a Decimal for others.

    units: the sum of the former. odd: of the latter; None if there is none.
    """

    __slots__ = ("odd", "units")

    def __init__(self) -> None:
        self.units: int = 0
        self.odd: Decimal | None = None

    def add_units(self, units: int) -> None:
        self.units += units

    def add_odd(self, number: Decimal) -> None:
        self.odd = number if self.odd is None else SUMMED.add(self.odd, number)

    def add(self, number: Exact) -> None:
        if isinstance(number, int):
            self.units += number
        else:
            self.add_odd(number)

    def subtract(self, number: Exact) -> None:
        """Subtract a number that was added."""
        if isinstance(number, int):
            self.units -= number
        elif self.odd is not None:
            rest = SUMMED.subtract(self.odd, number)
            self.odd = rest or None

    def add_sum(self, other: ExactSum) -> None:
        self.units += other.units
        if other.odd is not None:
            self.add_odd(other.odd)

    @property
    def value(self) -> Decimal:
        total = decimal_of(self.units)
        return total if self.odd is None else SUMMED.add(total, self.odd)
