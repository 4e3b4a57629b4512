"""Latencies in an HDR histogram: three significant digits from 1 µs to 60 s."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

LATENCY_MAX_US = 60_000_000
# Three digits take 2,000 values at the resolution of 1 µs, hence 11 bits; each doubling of the range takes half of
# them again (Gil Tene's HdrHistogram).
_BITS = 11
_HALF_BITS = _BITS - 1


@dataclass(frozen=True, slots=True)
class LatencySummary:
    """In microseconds; 0 without latencies.

    count: of those that are not negative. negative: how many were, of senders whose clock is ahead.
    """

    count: int
    min: int
    mean: float
    p50: int
    p95: int
    p99: int
    max: int
    negative: int


class LatencyHistogram:
    """O(1) a latency. Only the buckets in use take memory: docs/decisions/0050-latencies.md has the figures.

    A percentile is the largest value of its bucket, at most 0.1 % too high; mean, min and max are exact. Latencies
    above 60 s count as 60 s. Negative ones are only counted.
    """

    __slots__ = ("_buckets", "_max", "_min", "_total", "count", "negative")

    def __init__(self) -> None:
        self._buckets: dict[int, int] = {}
        self._total: int = 0
        self._min: int = 0
        self._max: int = 0
        self.count: int = 0
        self.negative: int = 0

    def observe(self, latency_us: int) -> None:
        if latency_us < 0:
            self.negative += 1
            return
        latency_us = min(latency_us, LATENCY_MAX_US)
        shift = max(latency_us.bit_length() - _BITS, 0)
        bucket = (shift << _HALF_BITS) + (latency_us >> shift)
        self._buckets[bucket] = self._buckets.get(bucket, 0) + 1
        self._total += latency_us
        if latency_us < self._min or not self.count:
            self._min = latency_us
        self._max = max(self._max, latency_us)
        self.count += 1

    def summary(self) -> LatencySummary:
        count = self.count
        mean = self._total / count if count else 0.0
        p50, p95, p99 = self._percentiles((50, 95, 99))
        return LatencySummary(count, self._min, mean, p50, p95, p99, self._max, self.negative)

    def numbers(self) -> tuple[list[tuple[int, int]], int, int, int, int]:
        """Return the full state: buckets with their counts, total, min, max, negative."""
        return list(self._buckets.items()), self._total, self._min, self._max, self.negative

    def restore(self, numbers: tuple[list[tuple[int, int]], int, int, int, int]) -> None:
        """Restore the state that `numbers` returned."""
        buckets, self._total, self._min, self._max, self.negative = numbers
        self._buckets = dict(buckets)
        self.count = sum(self._buckets.values())

    def _percentiles(self, percents: tuple[int, ...]) -> list[int]:
        """Return for each percentage, ascending, the value that so many of the latencies do not exceed."""
        found: list[int] = []
        seen = 0
        buckets = sorted(self._buckets.items())
        at = -1
        for percent in percents:
            wanted = ceil(self.count * percent / 100)
            while seen < wanted:
                at += 1
                seen += buckets[at][1]
            found.append(min(_highest(buckets[at][0]), self._max) if at >= 0 else 0)
        return found


def _highest(bucket: int) -> int:
    """Return the largest value of a bucket."""
    shift = max((bucket >> _HALF_BITS) - 1, 0)
    return ((bucket - (shift << _HALF_BITS) + 1) << shift) - 1
