"""The minimum and maximum of a sliding window over event time."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from domain.prices.late_prices import LatePrices
from domain.vectors import floats, integers, moved_floats, moved_integers

if TYPE_CHECKING:
    from librt.vecs import vec
    from mypy_extensions import i64

# Earlier than any timestamp.
EARLIEST_US = -(1 << 62)
_ROOM_MIN = 8


class SlidingWindow:
    """The minimum and maximum of the prices stamped within [newest - width, newest], both ends included.

    O(1) amortised per tick in time order; for late ticks see `LatePrices`.

    A queue of two stacks, as in `MovingAverage`. From `_middle` on, prices are stored as they arrived, with `_back_low`
    and `_back_high` as their extremes. Before it, each entry holds the extremes from itself up to the middle, so the
    oldest entry holds those of all. When the last of these has left the window, the prices from the middle on are
    converted into such extremes, from the newest to the oldest. Prices of equal time share an entry, so there are never
    more entries than microseconds in the window.

    width_us: microseconds, at least 0.
    lowest, highest: the extremes; valid after the first price.

    Invariant: _head <= _middle <= _tail <= len(_times), and times never decrease from head to tail.
    """

    __slots__ = (
        "_back_high",
        "_back_low",
        "_head",
        "_highs",
        "_late",
        "_lows",
        "_middle",
        "_tail",
        "_times",
        "_width_us",
        "highest",
        "lowest",
        "newest_us",
    )

    def __init__(self, width_us: int) -> None:
        self._width_us: i64 = width_us
        self.newest_us: i64 = EARLIEST_US
        self.lowest = 0.0
        self.highest = 0.0
        self._lows: vec[float] = floats(_ROOM_MIN)
        self._highs: vec[float] = floats(_ROOM_MIN)
        self._times: vec[i64] = integers(_ROOM_MIN)
        self._head: i64 = 0
        self._middle: i64 = 0
        self._tail: i64 = 0
        self._back_low = inf
        self._back_high = -inf
        self._late: LatePrices | None = None

    def push(self, price: float, time_us: i64) -> None:
        """Add a price that is not older than any before it."""
        tail = self._tail
        if time_us == self.newest_us and tail > self._middle:
            if price < self._lows[tail - 1]:
                self._lows[tail - 1] = price
            elif price > self._highs[tail - 1]:
                self._highs[tail - 1] = price
        else:
            if tail == len(self._times):
                tail = self._make_room()
            self._lows[tail] = price
            self._highs[tail] = price
            self._times[tail] = time_us
            self._tail = tail + 1
            self.newest_us = time_us
        self._back_low = min(self._back_low, price)
        self._back_high = max(self._back_high, price)
        # Evict strictly older prices: one exactly one width old still counts.
        oldest_us = time_us - self._width_us
        head = self._head
        if self._times[head] < oldest_us:
            head = self._forget(oldest_us)
        lowest = self._back_low
        highest = self._back_high
        if head < self._middle:
            before = self._lows[head]
            lowest = min(lowest, before)
            before = self._highs[head]
            highest = max(highest, before)
        self.lowest = lowest
        self.highest = highest
        if self._late is not None:
            self._merge_late(oldest_us)

    def insert_late(self, price: float, time_us: i64) -> None:
        """Insert a price older than the newest at its position in time; ignore it if it is outside the window."""
        if time_us < self.newest_us - self._width_us:
            return
        if self._late is None:
            self._late = LatePrices()
        self._late.insert(price, time_us)
        self.lowest = min(self.lowest, price)
        self.highest = max(self.highest, price)

    def entries(self) -> tuple[list[tuple[int, float]], list[tuple[int, float]]]:
        """Return the (time, price) pairs that can still become the lowest, and those for the highest, oldest first."""
        merged = LatePrices()
        for at in range(self._head, self._tail):
            merged.insert(self._lows[at], self._times[at])
            merged.insert(self._highs[at], self._times[at])
        if self._late is not None:
            for pairs in self._late.entries():
                for time_us, price in pairs:
                    merged.insert(price, time_us)
        return merged.entries()

    def _merge_late(self, oldest_us: i64) -> None:
        late = self._late
        assert late is not None
        if late.forget(oldest_us):
            self.lowest = min(self.lowest, late.lowest)
            self.highest = max(self.highest, late.highest)
        else:
            self._late = None

    def _forget(self, oldest_us: i64) -> i64:
        """Evict prices older than `oldest_us` and return the new head. At least one price must not be older."""
        times = self._times
        head = self._head
        while times[head] < oldest_us:
            head += 1
        self._head = head
        if head >= self._middle:
            self._build_back_extremes()
        return head

    def _build_back_extremes(self) -> None:
        """Convert the prices from the middle on into extremes from each entry to the end."""
        lows = self._lows
        highs = self._highs
        low = inf
        high = -inf
        at = self._tail - 1
        head = self._head
        while at >= head:
            price = lows[at]
            low = min(low, price)
            lows[at] = low
            price = highs[at]
            high = max(high, price)
            highs[at] = high
            at -= 1
        self._middle = self._tail
        self._back_low = inf
        self._back_high = -inf

    def _make_room(self) -> i64:
        """Trim evicted entries and leave free room for twice the rest. Return the new tail."""
        head, tail = self._head, self._tail
        size = max(_ROOM_MIN, 3 * (tail - head))
        self._lows = moved_floats(self._lows, head, tail, size)
        self._highs = moved_floats(self._highs, head, tail, size)
        self._times = moved_integers(self._times, head, tail, size)
        self._head = 0
        self._middle -= head
        self._tail = tail - head
        return self._tail
