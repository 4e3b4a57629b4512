"""Roll-ups: what the readings of a sensor over one interval of event time add up to."""

from __future__ import annotations

from domain.bars import Bar, Interval
from domain.exact_moments import ExactMoments
from domain.exact_sum import exact_of
from domain.numbers import Number, is_higher

# The intervals that readings are rolled up by. The first one makes all others.
ROLLUP_INTERVALS = (Interval.M1, Interval.H1, Interval.D1)


class Rollup(Bar):
    """Of the readings stamped within [start, start + interval) that are not bad. Late ones correct it.

    min, max: of as many as there are; a roll-up has at least one reading.
    """

    __slots__ = ("max", "min", "moments")

    def __init__(self, start_us: int) -> None:
        super().__init__(start_us)
        self.min: Number = 0.0
        self.max: Number = 0.0
        self.moments = ExactMoments()

    def push(self, value: Number) -> None:
        """Add a reading."""
        self._reach(value, value)
        self.moments.add(exact_of(value))

    def copy(self, start_us: int) -> Rollup:
        new = Rollup(start_us)
        new.merge(self)
        return new

    def merge(self, later: Rollup) -> None:
        self._reach(later.min, later.max)
        self.moments.add_all(later.moments)

    def _reach(self, low: Number, high: Number) -> None:
        if not self.moments.count:
            self.min, self.max = low, high
            return
        if is_higher(self.min, low):
            self.min = low
        if is_higher(high, self.max):
            self.max = high
