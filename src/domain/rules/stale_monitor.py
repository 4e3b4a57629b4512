"""The monitor of silence, by the clock."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from domain.rules.condition import Stale
from domain.rules.monitor import FALSE, NEVER_US, TRUE, Monitor, Observation, Reason

# The intervals whose median is the usual one, and how many of them are needed.
INTERVALS_MAX, INTERVALS_MIN = 64, 8
# However short the usual interval is, silence is at least this long.
SHORTEST_US = 1_000_000


class StaleMonitor(Monitor):
    """True from `after_us` behind the last arrival on, or from a multiple of the usual interval, but at least a second.

    The usual interval is the median of the last intervals between arrivals, with the lower of the two in the middle.
    Arrivals at one moment, as those of a batch, are one. O(1) an observation; a median where the clock asks for it.
    """

    __slots__ = ("_after_us", "_after_us_of", "_arrivals", "_intervals", "_last_us", "_times")

    def __init__(self, stale: Stale) -> None:
        super().__init__()
        self._after_us = NEVER_US if stale.after_us is None else stale.after_us
        self._times = stale.times_usual
        # None before the first observation.
        self._last_us: int | None = None
        self._intervals: list[int] = []
        # How many there have been, and for how many of them `_after_us` is right.
        self._arrivals = 0
        self._after_us_of = 0

    def observe(self, seen: Observation) -> None:
        last_us, now_us = self._last_us, seen.now_us
        self.truth = FALSE
        if last_us is not None and now_us <= last_us:
            return
        if last_us is not None and self._times is not None:
            if len(self._intervals) < INTERVALS_MAX:
                self._intervals.append(now_us - last_us)
            else:
                self._intervals[self._arrivals % INTERVALS_MAX] = now_us - last_us
            self._arrivals += 1
        self._last_us = now_us

    def advance(self, now_us: int) -> None:
        if self._last_us is not None and now_us >= self._last_us + self._allowed_us():
            self.truth = TRUE

    def next_moment_us(self) -> int:
        if self._last_us is None or self.truth == TRUE:
            return NEVER_US
        allowed_us = self._allowed_us()
        return NEVER_US if allowed_us == NEVER_US else self._last_us + allowed_us

    def _allowed_us(self) -> int:
        times = self._times
        if times is not None and self._after_us_of != self._arrivals and len(self._intervals) >= INTERVALS_MIN:
            usual_us = sorted(self._intervals)[(len(self._intervals) - 1) // 2]
            self._after_us = max(int(times * usual_us), SHORTEST_US)
            self._after_us_of = self._arrivals
        return self._after_us

    def reason(self) -> Reason:
        assert self._last_us is not None, "something has arrived"
        allowed = _seconds(self._allowed_us())
        if self.truth == TRUE:
            return allowed, allowed, f"nothing has come for {allowed:g} s"
        return 0.0, allowed, f"something has come within {allowed:g} s"

    def save(self) -> list[Any]:
        return [self.truth, self._last_us, self._intervals, self._arrivals]

    def load(self, saved: list[Any]) -> None:
        self.truth, self._last_us, intervals, self._arrivals = saved
        self._intervals = list(intervals)


def _seconds(duration_us: int) -> float:
    return float(Decimal(duration_us) / 1_000_000)
