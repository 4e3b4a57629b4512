"""How many numbers there are, their mean and their standard deviation, from exact sums."""

from __future__ import annotations

from decimal import Context, Decimal
from math import isfinite, sqrt

from domain.exact_sum import SUMMED, UNIT_DIGITS, Exact, ExactSum, decimal_of, square_of

_UNITS: int = 10**UNIT_DIGITS
# What is divided, or whose root is taken, rounds once more when it becomes a double.
_ROUNDED = Context(prec=40)
_DEVIATION_MAX = 1.7976931348623157e308


class ExactMoments:
    """O(1) an addition or subtraction. The sums are exact, so nothing drifts, after any number of them."""

    __slots__ = ("count", "squares", "total")

    def __init__(self) -> None:
        self.count: int = 0
        self.total = ExactSum()
        # Of units, these are squares in units of 1e-16.
        self.squares = ExactSum()

    def add(self, number: Exact) -> None:
        self.count += 1
        self.total.add(number)
        self.squares.add(square_of(number))

    def subtract(self, number: Exact) -> None:
        """Subtract a number that was added."""
        self.count -= 1
        self.total.subtract(number)
        self.squares.subtract(square_of(number))

    def add_all(self, other: ExactMoments) -> None:
        self.count += other.count
        self.total.add_sum(other.total)
        self.squares.add_sum(other.squares)

    @property
    def mean(self) -> float:
        """0.0 if there is no number."""
        if not self.count:
            return 0.0
        if self.total.odd is None:
            return self.total.units / (self.count * _UNITS)
        return float(_ROUNDED.divide(self.total.value, self.count))

    @property
    def deviation(self) -> float:
        """The population standard deviation: the root of (n * sum of squares - square of the sum) / n²."""
        count = self.count
        if not count:
            return 0.0
        if self.total.odd is None and self.squares.odd is None:
            units = self.total.units
            return sqrt((count * self.squares.units - units * units) / (count * count)) / _UNITS
        return min(float(_ROUNDED.divide(_ROUNDED.sqrt(self._spread()), count)), _DEVIATION_MAX)

    def distance(self, number: Exact) -> float | None:
        """Return how many standard deviations a number is from the mean; None while they are all the same."""
        count = self.count
        if not count:
            return None
        if isinstance(number, int) and self.total.odd is None and self.squares.odd is None:
            units = self.total.units
            spread = count * self.squares.units - units * units
            return (count * number - units) / sqrt(spread) if spread else None
        odd_spread = self._spread()
        if not odd_spread:
            return None
        away = SUMMED.subtract(SUMMED.multiply(decimal_of(number), count), self.total.value)
        found = float(_ROUNDED.divide(away, _ROUNDED.sqrt(odd_spread)))
        return found if isfinite(found) else None

    def _spread(self) -> Decimal:
        """n * sum of squares - square of the sum."""
        squares = SUMMED.scaleb(Decimal(self.squares.units), -2 * UNIT_DIGITS)
        if self.squares.odd is not None:
            squares = SUMMED.add(squares, self.squares.odd)
        total = self.total.value
        return SUMMED.subtract(SUMMED.multiply(squares, self.count), SUMMED.multiply(total, total))
