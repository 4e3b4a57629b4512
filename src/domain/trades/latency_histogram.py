"""Latencies in an HDR histogram: three significant digits from 1 µs to 60 s."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Final

from domain.vectors import integers

if TYPE_CHECKING:
    from librt.vecs import vec
    from mypy_extensions import i64

LATENCY_MAX_US: Final = 60_000_000
# Three digits take 2,000 values at the resolution of 1 µs, hence 11 bits; each doubling of the range takes half of
# them again (Gil Tene's HdrHistogram).
_BITS: Final = 11
_HALF_BITS: Final = 10
_BELOW: Final = 1 << 11
# A slot holds the number of a bucket, plus one, in its lowest bits, and its count in the others; 0 is an empty slot.
_NUMBER_BITS: Final = 16
_NUMBER: Final = (1 << 16) - 1
_FIRST_SLOTS: Final = 8


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
    """O(1) amortised a latency. Only the buckets in use take memory, in a hash table with open addressing:
    docs/decisions/0050-latencies.md has the figures.

    A percentile is the largest value of its bucket, at most 0.1 % too high; mean, min and max are exact. Latencies
    above 60 s count as 60 s. Negative ones are only counted.
    """

    __slots__ = ("_max", "_min", "_slots", "_total", "_used", "count", "negative")

    def __init__(self) -> None:
        self._slots: vec[i64] = integers(_FIRST_SLOTS)
        self._used: i64 = 0
        self._total: int = 0
        self._min: i64 = 0
        self._max: i64 = 0
        self.count: i64 = 0
        self.negative: i64 = 0

    def observe(self, given_us: i64) -> None:
        if given_us < 0:
            self.negative += 1
            return
        latency_us = min(given_us, LATENCY_MAX_US)
        shift: i64 = 0
        value = latency_us
        while value >= _BELOW:
            value >>= 1
            shift += 1
        self._add((shift << _HALF_BITS) + value, 1)
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
        return self._buckets(), self._total, self._min, self._max, self.negative

    def restore(self, numbers: tuple[list[tuple[int, int]], int, int, int, int]) -> None:
        """Restore the state that `numbers` returned."""
        buckets, self._total, self._min, self._max, self.negative = numbers
        for bucket, count in buckets:
            self._add(bucket, count)
            self.count += count

    def _add(self, bucket: i64, count: i64) -> None:
        slots = self._slots
        mask: i64 = len(slots) - 1
        number = bucket + 1
        # Neighbours of a bucket are neighbours in the table.
        at = bucket & mask
        while slots[at]:
            if slots[at] & _NUMBER == number:
                slots[at] += count << _NUMBER_BITS
                return
            at = (at + 1) & mask
        slots[at] = (count << _NUMBER_BITS) | number
        self._used += 1
        if 4 * self._used > 3 * (mask + 1):
            self._grow()

    def _grow(self) -> None:
        buckets = self._buckets()
        self._slots = integers(2 * len(self._slots))
        self._used = 0
        for bucket, count in buckets:
            self._add(bucket, count)

    def _buckets(self) -> list[tuple[int, int]]:
        """Return the buckets in use with their counts, in no particular order."""
        found: list[tuple[int, int]] = []
        for at in range(len(self._slots)):
            slot: i64 = self._slots[at]
            if slot:
                found.append(((slot & _NUMBER) - 1, slot >> _NUMBER_BITS))
        return found

    def _percentiles(self, percents: tuple[int, ...]) -> list[int]:
        """Return for each percentage, ascending, the value that so many of the latencies do not exceed."""
        found: list[int] = []
        seen = 0
        buckets = sorted(self._buckets())
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
