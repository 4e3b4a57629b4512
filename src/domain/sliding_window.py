"""The lowest and the highest price of the last moments of a symbol's own time."""

from domain.monotonic_queue import MonotonicQueue

# Before every timestamp there is.
EARLIEST_US = -(1 << 62)


class SlidingWindow:
    """The extremes of the prices stamped within [newest - width, newest], both ends included.

    O(1) amortised a tick in order of time, O(log n) and a shift for a late one.

    width_us: microseconds, at least 0.
    """

    __slots__ = ("_highs", "_lows", "highest", "lowest", "newest_us", "width_us")

    def __init__(self, width_us: int) -> None:
        self.width_us = width_us
        self.newest_us = EARLIEST_US
        self.lowest = 0.0
        self.highest = 0.0
        self._lows = MonotonicQueue()
        # Of negated prices, so that one queue serves both ends.
        self._highs = MonotonicQueue()

    def push(self, price: float, time_us: int) -> None:
        """Take a price that is not older than any before it."""
        # Strictly older than the window is out: a price exactly one width old still counts.
        oldest_us = time_us - self.width_us
        self.newest_us = time_us
        self.lowest = self._lows.push(price, time_us, oldest_us)
        self.highest = -self._highs.push(-price, time_us, oldest_us)

    def insert_late(self, price: float, time_us: int) -> None:
        """Take a price older than the newest, at its own place in time; one that fell out of the window is ignored."""
        if time_us < self.newest_us - self.width_us:
            return
        self._lows.insert_late(price, time_us)
        self._highs.insert_late(-price, time_us)
        self.lowest = self._lows.minimum
        self.highest = -self._highs.minimum

    def entries(self) -> tuple[list[tuple[int, float]], list[tuple[int, float]]]:
        """The (time, price) pairs that can still become the lowest, and those that can the highest, old to new."""
        return self._lows.entries(), [(time_us, -price) for time_us, price in self._highs.entries()]
