"""The lowest and the highest value of a window over event time, with any number of digits."""

from __future__ import annotations

from bisect import bisect_right
from typing import Any

from domain.numbers import Number, narrow, written


class ExtremeWindow:
    """The extremes of the values stamped within [newest - width, newest], both ends included.

    O(1) amortised for a value in time order; O(log n) plus a list shift for a late one. Values are floats until the
    first one that is not, and Decimals from then on.
    """

    __slots__ = ("_highs", "_lows", "_wide", "newest_us", "width_us")

    def __init__(self, width_us: int) -> None:
        self.width_us = width_us
        self.newest_us = -(1 << 62)
        self._wide = False
        self._lows = _Queue()
        self._highs = _Queue()

    @property
    def lowest(self) -> Number:
        """Requires a value."""
        return _narrowed(self._lows.best())

    @property
    def highest(self) -> Number:
        return _narrowed(_negated(self._highs.best()))

    def add(self, value: Number, time_us: int) -> None:
        """Insert a value at its position in time, unless it is older than the window."""
        self.newest_us = max(self.newest_us, time_us)
        oldest_us = self.newest_us - self.width_us
        if time_us < oldest_us:
            return
        if not isinstance(value, float) and not self._wide:
            self._wide = True
            self._lows.widen()
            self._highs.widen()
        own = written(value) if self._wide else value
        self._lows.insert(own, time_us)
        self._highs.insert(_negated(own), time_us)
        self._lows.forget(oldest_us)
        self._highs.forget(oldest_us)

    def entries(self) -> list[tuple[int, Number]]:
        """Return the (time, value) pairs that can still become an extreme, oldest first."""
        lows = self._lows.entries()
        highs = [(time_us, _negated(value)) for time_us, value in self._highs.entries()]
        return [(time_us, _narrowed(value)) for time_us, value in sorted({*lows, *highs})]


class _Queue:
    """A monotonic queue of minima: values that no later, or equally old, value is below or equal to.

    Invariant: from `_head` on, times and values strictly increase.
    """

    __slots__ = ("_head", "_times", "_values")

    def __init__(self) -> None:
        self._head = 0
        self._times: list[int] = []
        self._values: list[Any] = []

    def best(self) -> Any:
        return self._values[self._head]

    def insert(self, value: Any, time_us: int) -> None:
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

    def widen(self) -> None:
        self._values = [written(value) for value in self._values]

    def entries(self) -> list[tuple[int, Any]]:
        return list(zip(self._times[self._head :], self._values[self._head :], strict=True))


def _negated(value: Any) -> Any:
    # The sign of a Decimal is changed without rounding it.
    return -value if isinstance(value, float) else value.copy_negate()


def _narrowed(value: Any) -> Number:
    return value if isinstance(value, float) else narrow(value)
