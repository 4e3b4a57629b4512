"""The last quantities of a symbol: their mean, deviation and maximum, and how far one side outweighs the other."""

from __future__ import annotations

from decimal import Context, Decimal
from math import sqrt
from typing import TYPE_CHECKING, Final

from domain.exact_sum import SUMMED, UNIT_DIGITS, Exact, decimal_of
from domain.vectors import integers, moved_integers

if TYPE_CHECKING:
    from librt.vecs import vec
    from mypy_extensions import i64

_UNITS: int = 10**UNIT_DIGITS
_FIRST_LENGTH = 8
# Half of the bits of a quantity in units.
_HALF_BITS: Final = 25
_HALF: Final = (1 << 25) - 1
# What is divided, or whose root is taken, rounds once more when it becomes a double.
_ROUNDED = Context(prec=40)


class QuantityWindow:
    """The last `size` quantities in order of arrival.

    O(1) amortised a quantity, 8 bytes each. The mean, the deviation and the imbalance are O(1) a read, the maximum is
    O(size); while there are quantities that are no whole number of units of 1e-8, they all are O(number of those). The
    sums of quantities and of their squares are exact, and so is what is subtracted from them when a quantity leaves:
    nothing drifts, after any number of trades. Squares are summed in parts, because they do not fit 64 bits.

    Invariant: the sums are those of the units in `_ring`; `_odd` has what is no number of units, by its place there.
    """

    __slots__ = ("_bought", "_low", "_middle", "_next", "_odd", "_ring", "_size", "_top", "_total", "count")

    def __init__(self, size: int) -> None:
        self._size: i64 = size
        # Quantities in units, those of sells negated.
        self._ring: vec[i64] = integers(min(size, _FIRST_LENGTH))
        self._next: i64 = 0
        self.count: i64 = 0
        self._total: int = 0
        self._bought: int = 0
        # The sum of squares is top * 2**50 + middle * 2**26 + low.
        self._top: int = 0
        self._middle: int = 0
        self._low: int = 0
        self._odd: dict[int, Decimal] | None = None

    def push(self, units: i64, is_buy: bool) -> None:
        """Push a quantity in units."""
        at = self._make_room()
        self._ring[at] = units if is_buy else -units
        if is_buy:
            self._bought += units
        self._total += units
        top: i64 = units >> _HALF_BITS
        low: i64 = units & _HALF
        # Each product fits 64 bits, and their sums may not.
        top_square: int = top * top
        cross: int = top * low
        low_square: int = low * low
        self._top += top_square
        self._middle += cross
        self._low += low_square

    def push_odd(self, quantity: Decimal, is_buy: bool) -> None:
        """Push a quantity that is no whole number of units."""
        # Not -quantity, which rounds.
        entry = quantity.copy_abs() if is_buy else quantity.copy_negate()
        at = self._make_room()
        self._ring[at] = 0
        if self._odd is None:
            self._odd = {}
        self._odd[at] = entry

    @property
    def max(self) -> Decimal:
        """The largest; 0 if there is none."""
        ring = self._ring
        largest: i64 = 0
        for at in range(self.count):
            units = ring[at]
            largest = max(largest, units, -units)
        found = decimal_of(largest)
        return found if self._odd is None else max(found, *map(_size_of, self._odd.values()))

    @property
    def mean(self) -> float:
        """0.0 if there is none."""
        count = self.count
        if not count:
            return 0.0
        if self._odd is None:
            return self._total / (count * _UNITS)
        return float(_ROUNDED.divide(self._exact_total(self._odd), count))

    @property
    def deviation(self) -> float:
        """The population standard deviation: the root of (n * sum of squares - square of the sum) / n²."""
        count: int = self.count
        if not count:
            return 0.0
        squares = (self._top << 2 * _HALF_BITS) + (self._middle << _HALF_BITS + 1) + self._low
        if self._odd is None:
            return sqrt((count * squares - self._total * self._total) / (count * count)) / _UNITS
        total = self._exact_total(self._odd)
        exact = SUMMED.scaleb(Decimal(squares), -2 * UNIT_DIGITS)
        for quantity in self._odd.values():
            exact = SUMMED.add(exact, SUMMED.multiply(quantity, quantity))
        spread = SUMMED.subtract(SUMMED.multiply(exact, count), SUMMED.multiply(total, total))
        return float(_ROUNDED.divide(_ROUNDED.sqrt(spread), count))

    @property
    def bought(self) -> Decimal:
        """The volume of the buys."""
        bought = decimal_of(self._bought)
        if self._odd is not None:
            for quantity in self._odd.values():
                if quantity > 0:
                    bought = SUMMED.add(bought, quantity)
        return bought

    @property
    def imbalance(self) -> float:
        """(buys - sells) / (buys + sells) by volume; 0.0 if nothing was traded."""
        if self._odd is None:
            return (2 * self._bought - self._total) / self._total if self._total else 0.0
        total = self._exact_total(self._odd)
        difference = SUMMED.subtract(SUMMED.multiply(self.bought, 2), total)
        return float(_ROUNDED.divide(difference, total)) if total else 0.0

    def entries(self) -> list[Exact]:
        """Return the quantities, oldest first, those of sells negated."""
        found: list[Exact] = []
        start = self._next if self.count == self._size else 0
        for step in range(self.count):
            at = (start + step) % self._size
            odd = None if self._odd is None else self._odd.get(at)
            found.append(self._ring[at] if odd is None else odd)
        return found

    def restore(self, entries: list[Exact]) -> None:
        """Push what `entries` returned; of more than fit, the newest remain."""
        for entry in entries:
            if isinstance(entry, int):
                self.push(abs(entry), entry >= 0)
            else:
                self.push_odd(entry.copy_abs(), entry >= 0)

    def _exact_total(self, odd: dict[int, Decimal]) -> Decimal:
        total = decimal_of(self._total)
        for quantity in odd.values():
            total = SUMMED.add(total, quantity.copy_abs())
        return total

    def _make_room(self) -> i64:
        """Grow the ring, or take the oldest quantity out of it. Return the place of the next one."""
        at = self._next
        if self.count == self._size:
            self._drop(at)
        else:
            if at == len(self._ring):
                self._ring = moved_integers(self._ring, 0, at, min(2 * at, self._size))
            self.count += 1
        self._next = at + 1 if at + 1 < self._size else 0
        return at

    def _drop(self, at: i64) -> None:
        if self._odd is not None and at in self._odd:
            del self._odd[at]
            if not self._odd:
                self._odd = None
            return
        units: i64 = self._ring[at]
        if units >= 0:
            self._bought -= units
        else:
            units = -units
        self._total -= units
        top: i64 = units >> _HALF_BITS
        low: i64 = units & _HALF
        top_square: int = top * top
        cross: int = top * low
        low_square: int = low * low
        self._top -= top_square
        self._middle -= cross
        self._low -= low_square


def _size_of(entry: Decimal) -> Decimal:
    return entry.copy_abs()
