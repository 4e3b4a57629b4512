"""The last quantities of a symbol: their mean, deviation and maximum, and how far one side outweighs the other."""

from __future__ import annotations

from collections import deque
from decimal import Context, Decimal
from math import sqrt

from domain.exact_sum import SUMMED, UNIT_DIGITS, Exact, ExactSum, decimal_of, square_of

_UNITS: int = 10**UNIT_DIGITS
# What is divided, or whose root is taken, rounds once more when it becomes a double.
_ROUNDED = Context(prec=40)


class QuantityWindow:
    """The last `size` quantities in order of arrival.

    O(1) amortised a quantity, O(1) a read. The sums of quantities and of their squares are exact, and so is what is
    subtracted from them when a quantity leaves: nothing drifts, after any number of trades.

    Invariant: the sums are those of `_entries`; `_peaks` holds those that no later one reaches, with their numbers.
    """

    __slots__ = ("_bought", "_entries", "_number", "_peaks", "_size", "_squares", "_total")

    def __init__(self, size: int) -> None:
        self._size = size
        # Of sells, negated.
        self._entries: deque[Exact] = deque()
        self._peaks: deque[tuple[int, Exact]] = deque()
        self._number: int = 0
        self._total = ExactSum()
        # Of units, these are squares in units of 1e-16.
        self._squares = ExactSum()
        self._bought = ExactSum()

    def push(self, quantity: Exact, is_buy: bool) -> None:
        if len(self._entries) == self._size:
            self._drop()
        self._entries.append(quantity if is_buy else _negated(quantity))
        self._total.add(quantity)
        self._squares.add(square_of(quantity))
        if is_buy:
            self._bought.add(quantity)
        peaks = self._peaks
        while peaks and not _is_larger(peaks[-1][1], quantity):
            peaks.pop()
        peaks.append((self._number, quantity))
        self._number += 1

    @property
    def count(self) -> int:
        return len(self._entries)

    @property
    def max(self) -> Decimal:
        """The largest; 0 if there is none."""
        return decimal_of(self._peaks[0][1]) if self._peaks else Decimal(0)

    @property
    def mean(self) -> float:
        """0.0 if there is none."""
        count = len(self._entries)
        if not count:
            return 0.0
        if self._total.odd is None:
            return self._total.units / (count * _UNITS)
        return float(_ROUNDED.divide(self._total.value, count))

    @property
    def deviation(self) -> float:
        """The population standard deviation: the root of (n * sum of squares - square of the sum) / n²."""
        count = len(self._entries)
        if not count:
            return 0.0
        if self._total.odd is None:
            units = self._total.units
            return sqrt((count * self._squares.units - units * units) / (count * count)) / _UNITS
        total = self._total.value
        squares = SUMMED.multiply(self._squares_value(), count)
        spread = SUMMED.subtract(squares, SUMMED.multiply(total, total))
        return float(_ROUNDED.divide(_ROUNDED.sqrt(spread), count))

    @property
    def bought(self) -> Decimal:
        """The volume of the buys."""
        return self._bought.value

    @property
    def imbalance(self) -> float:
        """(buys - sells) / (buys + sells) by volume; 0.0 if nothing was traded."""
        if self._total.odd is None:
            units = self._total.units
            return (2 * self._bought.units - units) / units if units else 0.0
        total = self._total.value
        difference = SUMMED.subtract(SUMMED.multiply(self._bought.value, 2), total)
        return float(_ROUNDED.divide(difference, total)) if total else 0.0

    def entries(self) -> list[Exact]:
        """Return the quantities, oldest first, those of sells negated."""
        return list(self._entries)

    def restore(self, entries: list[Exact]) -> None:
        """Push what `entries` returned; of more than fit, the newest remain."""
        for entry in entries:
            self.push(_size_of(entry), entry >= 0)

    def _squares_value(self) -> Decimal:
        own = SUMMED.scaleb(Decimal(self._squares.units), -2 * UNIT_DIGITS)
        return own if self._squares.odd is None else SUMMED.add(own, self._squares.odd)

    def _drop(self) -> None:
        entry = self._entries.popleft()
        quantity = _size_of(entry)
        self._total.subtract(quantity)
        self._squares.subtract(square_of(quantity))
        if entry >= 0:
            self._bought.subtract(quantity)
        if self._peaks[0][0] == self._number - self._size:
            self._peaks.popleft()


def _negated(quantity: Exact) -> Exact:
    # Not -quantity, which rounds a Decimal.
    return -quantity if isinstance(quantity, int) else quantity.copy_negate()


def _size_of(entry: Exact) -> Exact:
    return abs(entry) if isinstance(entry, int) else entry.copy_abs()


def _is_larger(one: Exact, other: Exact) -> bool:
    if isinstance(one, int) and isinstance(other, int):
        return one > other
    return decimal_of(one) > decimal_of(other)
