"""The lowest and the highest price of the last moments of a symbol's own time."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from domain.prices.late_prices import LatePrices
from domain.vectors import floats, integers, moved_floats, moved_integers

if TYPE_CHECKING:
    from librt.vecs import vec
    from mypy_extensions import i64

# Before every timestamp there is.
EARLIEST_US = -(1 << 62)
_ROOM_MIN = 8


class SlidingWindow:
    """The extremes of the prices stamped within [newest - width, newest], both ends included.

    O(1) amortised a tick in order of time; a late one costs what `LatePrices` says.

    A queue of two stacks, as in `MovingAverage`. Behind `_middle` stand the prices as they came, and `_back_low` and
    `_back_high` are their extremes. Before it stand the extremes of everything from there up to the middle, so that the
    oldest of them tells those of all. When the last of these has left the window, the prices behind the middle are
    turned into such extremes, from the newest to the oldest. Prices of one time share one place, so there are never
    more places than microseconds in the window.

    width_us: microseconds, at least 0.
    lowest, highest: the extremes; of a window that has taken a price.

    Invariant: _head <= _middle <= _tail <= len(_times), and times never fall from the head to the tail.
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
        """Take a price that is not older than any before it."""
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
        # Strictly older than the window is out: a price exactly one width old still counts.
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
            self._heed_late(oldest_us)

    def insert_late(self, price: float, time_us: i64) -> None:
        """Take a price older than the newest, at its own place in time; one that fell out of the window is ignored."""
        if time_us < self.newest_us - self._width_us:
            return
        if self._late is None:
            self._late = LatePrices()
        self._late.insert(price, time_us)
        self.lowest = min(self.lowest, price)
        self.highest = max(self.highest, price)

    def entries(self) -> tuple[list[tuple[int, float]], list[tuple[int, float]]]:
        """The (time, price) pairs that can still become the lowest, and those that can the highest, old to new."""
        all_of_it = LatePrices()
        for at in range(self._head, self._tail):
            all_of_it.insert(self._lows[at], self._times[at])
            all_of_it.insert(self._highs[at], self._times[at])
        if self._late is not None:
            for pairs in self._late.entries():
                for time_us, price in pairs:
                    all_of_it.insert(price, time_us)
        return all_of_it.entries()

    def _heed_late(self, oldest_us: i64) -> None:
        late = self._late
        assert late is not None
        if late.forget(oldest_us):
            self.lowest = min(self.lowest, late.lowest)
            self.highest = max(self.highest, late.highest)
        else:
            self._late = None

    def _forget(self, oldest_us: i64) -> i64:
        """Let go what is older than `oldest_us`; the new head. There is something that is not."""
        times = self._times
        head = self._head
        while times[head] < oldest_us:
            head += 1
        self._head = head
        if head >= self._middle:
            self._turn_back()
        return head

    def _turn_back(self) -> None:
        """Make of the prices behind the middle the extremes from each of them on."""
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
        """Cut off what is forgotten, and leave twice as much room as the rest takes; the new tail."""
        head, tail = self._head, self._tail
        size = max(_ROOM_MIN, 3 * (tail - head))
        self._lows = moved_floats(self._lows, head, tail, size)
        self._highs = moved_floats(self._highs, head, tail, size)
        self._times = moved_integers(self._times, head, tail, size)
        self._head = 0
        self._middle -= head
        self._tail = tail - head
        return self._tail
