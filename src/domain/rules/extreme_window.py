"""The lowest and the highest value of a window over event time, with any number of digits."""

from __future__ import annotations

from bisect import bisect_right
from decimal import Decimal

from domain.numbers import Number, narrow, written
from domain.sliding_window import EARLIEST_US, SlidingWindow


class ExtremeWindow:
    """The extremes of the values stamped within [newest - width, newest], both ends included.

    O(1) amortised for a value in time order; O(log n) plus a list shift for a late one. A `SlidingWindow` holds the
    values until the first one that is not a double; from then on queues of Decimals do.
    """

    __slots__ = ("_doubles", "_highs", "_lows", "_wide", "newest_us", "width_us")

    def __init__(self, width_us: int) -> None:
        self.width_us = width_us
        self.newest_us = EARLIEST_US
        self._wide = False
        # Averages are not asked for.
        self._doubles = SlidingWindow(width_us, 1)
        self._lows = _Queue()
        self._highs = _Queue()

    @property
    def lowest(self) -> Number:
        """Requires a value."""
        return narrow(self._lows.best()) if self._wide else self._doubles.lowest

    @property
    def highest(self) -> Number:
        """Requires a value."""
        return narrow(self._highs.best().copy_negate()) if self._wide else self._doubles.highest

    def add(self, value: Number, time_us: int) -> None:
        """Insert a value at its position in time, unless it is older than the window."""
        late = time_us < self.newest_us
        if not late:
            self.newest_us = time_us
        if not self._wide:
            if isinstance(value, float):
                if late:
                    self._doubles.insert_late(value, time_us)
                else:
                    self._doubles.add_to_window(value, time_us)
                return
            self._widen()
        self._add_wide(written(value), time_us)

    def _add_wide(self, value: Decimal, time_us: int) -> None:
        oldest_us = self.newest_us - self.width_us
        if time_us < oldest_us:
            return
        self._lows.insert(value, time_us)
        # The sign of a Decimal is changed without rounding it.
        self._highs.insert(value.copy_negate(), time_us)
        self._lows.forget(oldest_us)
        self._highs.forget(oldest_us)

    def _widen(self) -> None:
        entries = self.entries()
        self._wide = True
        self._doubles = SlidingWindow(self.width_us, 1)
        for time_us, value in entries:
            self._add_wide(written(value), time_us)

    def entries(self) -> list[tuple[int, Number]]:
        """Return the (time, value) pairs that can still become an extreme, oldest first."""
        if not self._wide:
            lows, highs = self._doubles.candidates()
            return sorted({*lows, *highs})
        negated = [(time_us, value.copy_negate()) for time_us, value in self._highs.entries()]
        return [(time_us, narrow(value)) for time_us, value in sorted({*self._lows.entries(), *negated})]


class _Queue:
    """A monotonic queue of minima: values that no later, or equally old, value is below or equal to.

    Invariant: from `_head` on, times and values strictly increase.
    """

    __slots__ = ("_head", "_times", "_values")

    def __init__(self) -> None:
        self._head = 0
        self._times: list[int] = []
        self._values: list[Decimal] = []

    def best(self) -> Decimal:
        return self._values[self._head]

    def insert(self, value: Decimal, time_us: int) -> None:
        times, values, head = self._times, self._values, self._head
        if len(times) == head or time_us >= times[-1]:
            if len(times) > head and times[-1] == time_us and values[-1] <= value:
                return
            while len(values) > head and values[-1] >= value:
                values.pop()
                times.pop()
            values.append(value)
            times.append(time_us)
            return
        at = bisect_right(times, time_us, head)
        if values[at] <= value or (at > head and times[at - 1] == time_us and values[at - 1] <= value):
            return
        first_beaten = at
        while first_beaten > head and values[first_beaten - 1] >= value:
            first_beaten -= 1
        values[first_beaten:at] = [value]
        times[first_beaten:at] = [time_us]

    def forget(self, oldest_us: int) -> None:
        """Drop entries older than `oldest_us`. The newest must not be."""
        head, times = self._head, self._times
        while times[head] < oldest_us:
            head += 1
        # Trimming once the dropped entries outnumber the rest keeps the cost amortised O(1).
        if 2 * head > len(times):
            del times[:head]
            del self._values[:head]
            head = 0
        self._head = head

    def entries(self) -> list[tuple[int, Decimal]]:
        return list(zip(self._times[self._head :], self._values[self._head :], strict=True))
