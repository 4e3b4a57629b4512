"""The monitor of rates, by whole seconds of the clock."""

from __future__ import annotations

from math import ceil, floor
from typing import Any

from domain.numbers import Number, narrow, plain
from domain.rules.condition import Rate
from domain.rules.monitor import FALSE, NEVER_US, TRUE, UNKNOWN, Monitor, Observation, Reason

_SECOND_US = 1_000_000


class RateMonitor(Monitor):
    """Counts arrivals by second, and compares the sum of the last whole seconds at the end of each.

    O(1) an observation; a count for each of the seconds of memory.
    """

    __slots__ = ("_counts", "_current", "_fewer", "_most", "_rate", "_second", "_seen", "_sum")

    def __init__(self, rate: Rate) -> None:
        super().__init__()
        self._rate = rate
        seconds = rate.over_seconds
        # The sum is above `perSecond * seconds` if it is above this, and below the other if it is below that.
        self._most = None if rate.above is None else floor(rate.above * seconds)
        self._fewer = None if rate.below is None else ceil(rate.below * seconds)
        self._counts = [0] * seconds
        self._sum = 0
        self._current = 0
        # The second that is counted, and how many whole ones have been; None before the first observation.
        self._second: int | None = None
        self._seen = 0

    def observe(self, seen: Observation) -> None:
        if self._second is None:
            self._second = seen.now_us // _SECOND_US
            # Its first second is not whole.
            self._seen = -1
        elif self._sum == 0 and self._current == 0:
            # Nothing has come for so long that the clock was not asked any more.
            self._second = max(self._second, seen.now_us // _SECOND_US)
        self._current += 1

    def advance(self, now_us: int) -> None:
        second = self._second
        if second is None or now_us < (second + 1) * _SECOND_US:
            return
        at = second % len(self._counts)
        self._sum += self._current - self._counts[at]
        self._counts[at] = self._current
        self._current = 0
        self._second = second + 1
        self._seen = min(self._seen + 1, len(self._counts))
        if self._most is not None and self._sum > self._most:
            self.truth = TRUE
        elif self._fewer is not None and self._seen < len(self._counts):
            self.truth = UNKNOWN
        elif self._fewer is not None and self._sum < self._fewer:
            self.truth = TRUE
        else:
            self.truth = FALSE

    def next_moment_us(self) -> int:
        second = self._second
        if second is None:
            return NEVER_US
        is_settled = self._current == 0 and self._sum == 0 and self._seen == len(self._counts)
        return NEVER_US if is_settled and self.truth != UNKNOWN else (second + 1) * _SECOND_US

    def reason(self) -> Reason:
        rate, seconds = self._rate, len(self._counts)
        value = self._sum / seconds
        over = f"{value:.6g} observations a second over the last {seconds} s"
        if self._most is not None and self._sum > self._most:
            assert rate.above is not None, "it has a side above"
            return value, _number(rate.above), f"{over} are more than {plain(rate.above)}"
        if self._fewer is not None and self._sum < self._fewer:
            assert rate.below is not None, "it has a side below"
            return value, _number(rate.below), f"{over} are fewer than {plain(rate.below)}"
        line = rate.above if rate.above is not None else rate.below
        assert line is not None, "a rate has a side"
        return value, _number(line), f"{over} are within the limit"

    def save(self) -> list[Any]:
        return [self.truth, self._counts, self._sum, self._current, self._second, self._seen]

    def load(self, saved: list[Any]) -> None:
        self.truth, counts, self._sum, self._current, self._second, self._seen = saved
        self._counts = list(counts)


def _number(value: Any) -> Number:
    return narrow(value)
