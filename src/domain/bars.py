"""Bars: what happened within one interval of event time, for any subject that has candles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum
from typing import Any, TypeVar

SECOND_US = 1_000_000


class Interval(Enum):
    """The length of a bar: its name on the wire, and its seconds."""

    S1 = "1s"
    M1 = "1m"
    M5 = "5m"
    M15 = "15m"
    H1 = "1h"
    D1 = "1d"

    @property
    def seconds(self) -> int:
        return _SECONDS[self.value]

    @property
    def width_us(self) -> int:
        return _SECONDS[self.value] * SECOND_US


_SECONDS = {"1s": 1, "1m": 60, "5m": 300, "15m": 900, "1h": 3600, "1d": 86_400}
INTERVALS = tuple(Interval)


class Bar:
    """What observations within [start, start + interval) add up to.

    Two bars can be merged into the bar of all their observations. That corrects bars for late observations, and builds
    long bars from short ones.

    start_us: microseconds since the Unix epoch, a multiple of the interval.
    """

    __slots__ = ("start_us",)

    def __init__(self, start_us: int) -> None:
        self.start_us = start_us

    def copy(self, start_us: int) -> Any:
        """Return a copy that starts at `start_us`."""
        raise NotImplementedError

    def merge(self, later: Any) -> None:
        """Merge a bar of observations that arrived later."""
        raise NotImplementedError


B = TypeVar("B", bound=Bar)


def rolled_up(bars: Iterable[B], width_us: int) -> list[B]:
    """Roll bars, given in order of arrival, up into longer ones; return them in order of first appearance."""
    longer: dict[int, B] = {}
    for bar in bars:
        start_us = bar.start_us - bar.start_us % width_us
        known = longer.get(start_us)
        if known is None:
            longer[start_us] = bar.copy(start_us)
        else:
            known.merge(bar)
    return list(longer.values())


def in_chunks(
    shortest: list[B], chunk: int, intervals: Sequence[Interval] = INTERVALS
) -> list[tuple[Interval, int, list[B]]]:
    """Roll bars up to every interval, grouped by the start of their chunk of `chunk` intervals.

    shortest: bars of the first interval, in order of arrival. intervals: ascending.
    """
    found: list[tuple[Interval, int, list[B]]] = []
    bars = shortest
    for interval in intervals:
        width_us = interval.width_us
        if interval is not intervals[0]:
            bars = rolled_up(bars, width_us)
        chunk_us = width_us * chunk
        chunks: dict[int, list[B]] = {}
        for bar in bars:
            start_us = bar.start_us - bar.start_us % chunk_us
            known = chunks.get(start_us)
            if known is None:
                known = chunks[start_us] = []
                found.append((interval, start_us, known))
            known.append(bar)
    return found


def merge_into(known: dict[int, B], later: list[B]) -> None:
    """Merge bars of later observations into `known`, which is keyed by start."""
    for bar in later:
        same = known.get(bar.start_us)
        if same is None:
            known[bar.start_us] = bar
        else:
            same.merge(bar)
