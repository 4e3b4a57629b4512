"""The minimum and maximum of a sliding window over event time."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from domain.late_values import LateValues
from domain.moving_average import MovingAverage
from domain.vectors import floats, integers, moved_floats, moved_integers

if TYPE_CHECKING:
    from librt.vecs import vec
    from mypy_extensions import i64

# Earlier than any timestamp.
EARLIEST_US = -(1 << 62)
_ROOM_MIN = 8


class SlidingWindow(MovingAverage):
    """The minimum and maximum of the prices stamped within [newest - width, newest], both ends included.

    O(1) amortised per tick in time order; for late ticks see `LateValues`.

    A queue of two stacks, as in `MovingAverage`. From `_middle` on, prices are stored as they arrived, with `_back_low`
    and `_back_high` as their extremes. Before it, each entry holds the extremes from itself up to the middle, so the
    oldest entry holds those of all. When the last of these has left the window, the prices from the middle on are
    converted into such extremes, from the newest to the oldest. Prices of equal time share an entry, so there are never
    more entries than microseconds in the window.

    The newest entry is not in the arrays: `_newest_low`, `_newest_high` and `newest_us` hold it until a later price
    moves it there. So a symbol with one price in its window, as most are where there are very many, has no arrays.

    The window does not use the average. It extends it so that one object holds the numbers of both: fetching a second
    one from memory would take longer than a tick (docs/decisions/0025-one-object-per-symbol.md).

    width_us: microseconds, at least 0.
    lowest, highest: the extremes; valid after the first price.

    Invariant: _head <= _middle <= _tail <= len(_times), times strictly increase from head to tail, and all of these are
        older than newest_us. Entry i has the time _times[i], the low _extremes[2 * i] and the high after it.
    """

    __slots__ = (
        "_back_high",
        "_back_low",
        "_extremes",
        "_head",
        "_late",
        "_middle",
        "_newest_high",
        "_newest_low",
        "_tail",
        "_times",
        "_width_us",
        "highest",
        "lowest",
        "newest_us",
    )

    def __init__(self, width_us: int, average_size: int) -> None:
        super().__init__(average_size)
        self._width_us: i64 = width_us
        self.newest_us: i64 = EARLIEST_US
        self.lowest = 0.0
        self.highest = 0.0
        self._newest_low = 0.0
        self._newest_high = 0.0
        self._back_low = inf
        self._back_high = -inf
        self._late: LateValues | None = None
        self._head: i64 = 0
        self._middle: i64 = 0
        self._tail: i64 = 0
        self._extremes: vec[float] = floats(0)
        self._times: vec[i64] = integers(0)

    def add_to_window(self, price: float, time_us: i64) -> None:
        """Add a price that is not older than any before it."""
        # Evict strictly older prices: one exactly one width old still counts.
        oldest_us = time_us - self._width_us
        newest_us = self.newest_us
        if newest_us < oldest_us:
            self._start_with(price, time_us)
        elif newest_us == time_us:
            self._add_to_newest(price)
        else:
            self._append(price, time_us, oldest_us)
        if self._late is not None:
            self._merge_late(oldest_us)

    def insert_late(self, price: float, time_us: i64) -> None:
        """Insert a price older than the newest at its position in time; ignore it if it is outside the window."""
        if time_us < self.newest_us - self._width_us:
            return
        if self._late is None:
            self._late = LateValues()
        self._late.insert(price, time_us)
        self.lowest = min(self.lowest, price)
        self.highest = max(self.highest, price)

    def candidates(self) -> tuple[list[tuple[int, float]], list[tuple[int, float]]]:
        """Return the (time, price) pairs that can still become the lowest, and those for the highest, oldest first."""
        merged = LateValues()
        for at in range(self._head, self._tail):
            merged.insert(self._extremes[2 * at], self._times[at])
            merged.insert(self._extremes[2 * at + 1], self._times[at])
        if self.newest_us != EARLIEST_US:
            merged.insert(self._newest_low, self.newest_us)
            merged.insert(self._newest_high, self.newest_us)
        if self._late is not None:
            for pairs in self._late.entries():
                for time_us, price in pairs:
                    merged.insert(price, time_us)
        return merged.entries()

    def _start_with(self, price: float, time_us: i64) -> None:
        """Add a price that is the only one in its window."""
        self.newest_us = time_us
        self.lowest = self.highest = price
        self._newest_low = self._newest_high = price
        self._back_low = self._back_high = price
        self._head = self._middle = self._tail = 0

    def _add_to_newest(self, price: float) -> None:
        """Add a price of the same time as the newest one."""
        if price < self._newest_low:
            self._newest_low = price
        elif price > self._newest_high:
            self._newest_high = price
        if price < self._back_low:
            self._back_low = price
        elif price > self._back_high:
            self._back_high = price
        if price < self.lowest:
            self.lowest = price
        elif price > self.highest:
            self.highest = price

    def _append(self, price: float, time_us: i64, oldest_us: i64) -> None:
        """Add a price later than the newest one, which is still in the window."""
        tail = self._tail
        if tail == len(self._times):
            tail = self._make_window_room()
        times = self._times
        extremes = self._extremes
        times[tail] = self.newest_us
        extremes[2 * tail] = self._newest_low
        extremes[2 * tail + 1] = self._newest_high
        self._tail = tail + 1
        self.newest_us = time_us
        self._newest_low = self._newest_high = price
        head = self._head
        if times[head] < oldest_us:
            head = self._forget(oldest_us)
        lowest = self._back_low
        if price < lowest:
            self._back_low = lowest = price
        highest = self._back_high
        if price > highest:
            self._back_high = highest = price
        if head < self._middle:
            before = extremes[2 * head]
            lowest = min(lowest, before)
            before = extremes[2 * head + 1]
            highest = max(highest, before)
        self.lowest = lowest
        self.highest = highest

    def _merge_late(self, oldest_us: i64) -> None:
        late = self._late
        assert late is not None
        if late.forget(oldest_us):
            self.lowest = min(self.lowest, late.lowest)
            self.highest = max(self.highest, late.highest)
        else:
            self._late = None

    def _forget(self, oldest_us: i64) -> i64:
        """Evict entries older than `oldest_us` and return the new head. At least one entry must not be older."""
        times = self._times
        head = self._head
        while times[head] < oldest_us:
            head += 1
        self._head = head
        if head >= self._middle:
            self._build_back_extremes()
        return head

    def _build_back_extremes(self) -> None:
        """Convert the entries from the middle on into extremes from each entry to the end."""
        extremes = self._extremes
        low = inf
        high = -inf
        at = 2 * self._tail - 2
        head = 2 * self._head
        while at >= head:
            price = extremes[at]
            low = min(low, price)
            extremes[at] = low
            price = extremes[at + 1]
            high = max(high, price)
            extremes[at + 1] = high
            at -= 2
        self._middle = self._tail
        self._back_low = inf
        self._back_high = -inf

    def _make_window_room(self) -> i64:
        """Trim evicted entries and leave free room for twice the rest. Return the new tail."""
        head, tail = self._head, self._tail
        size = max(_ROOM_MIN, 3 * (tail - head))
        self._extremes = moved_floats(self._extremes, 2 * head, 2 * tail, 2 * size)
        self._times = moved_integers(self._times, head, tail, size)
        self._head = 0
        self._middle -= head
        self._tail = tail - head
        return self._tail
