"""The moving average of the last N prices, without drift."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.vectors import floats, moved_floats

if TYPE_CHECKING:
    from librt.vecs import vec
    from mypy_extensions import i64

_FIRST_LENGTH = 8


class MovingAverage:
    """The mean of the last `size` prices in order of arrival, or of all prices while there are fewer.

    O(1) amortised per push, O(1) per read, `size` numbers of memory.

    Nothing is ever subtracted, so no rounding error outlives the price that caused it. Up to `_next`, the ring holds
    the prices of the current round; from there on, the suffix sums of the previous round (`ring[i]` = price i + ... +
    the last). The mean takes one addition: the sum of the current round plus the remaining suffix sum. Since all prices
    are positive, the relative error is at most `size` roundings, about 1e-14 for 64 prices, after any number of
    updates. This is the two-stack queue of Tangwongsan, Hirzel and Schneider, "Low-Latency Sliding-Window Aggregation
    in Worst-Case Constant Time" (2017), laid out in one ring.

    Prices are scaled by a power of two, which is exact, so that no sum of `size` doubles overflows.

    Invariant: _next <= len(_ring) <= size, and during the first round there are exactly _next prices.
    """

    __slots__ = ("_first_round", "_fresh", "_next", "_ring", "_scale", "_size")

    def __init__(self, size: int) -> None:
        self._ring: vec[float] = floats(min(size, _FIRST_LENGTH))
        self._next: i64 = 0
        self._fresh = 0.0
        self._scale = 1.0 / (1 << (size - 1).bit_length())
        self._size: i64 = size
        self._first_round = True

    def add_to_average(self, price: float) -> None:
        at = self._next
        if at == len(self._ring):
            at = self._make_average_room()
        scaled = price * self._scale
        self._ring[at] = scaled
        self._fresh += scaled
        self._next = at + 1

    @property
    def average(self) -> float:
        """The mean, in the unit of the prices; 0.0 before the first price."""
        if self._first_round:
            return self._fresh / float(self._next) / self._scale if self._next else 0.0
        rest = self._ring[self._next] if self._next < self._size else 0.0
        return (self._fresh + rest) / float(self._size) / self._scale

    def average_numbers(self) -> tuple[list[float], int, bool, float]:
        """Return the full state: the ring, the position in it, whether this is the first round, and the round's sum."""
        ring = self._ring
        return [ring[at] for at in range(len(ring))], self._next, self._first_round, self._fresh

    def restore_average(self, numbers: tuple[list[float], int, bool, float]) -> None:
        """Restore the state that `average_numbers` returned for an average of the same size."""
        ring, self._next, self._first_round, self._fresh = numbers
        self._ring = floats(len(ring))
        for at in range(len(ring)):
            self._ring[at] = ring[at]

    def _make_average_room(self) -> i64:
        """At the end of the ring, grow it or start a new round. Return the next position."""
        ring = self._ring
        end: i64 = len(ring)
        if end < self._size:
            self._ring = moved_floats(ring, 0, end, min(2 * end, self._size))
            return end
        total = 0.0
        at = end - 1
        while at >= 0:
            total += ring[at]
            ring[at] = total
            at -= 1
        self._first_round = False
        self._fresh = 0.0
        return 0
