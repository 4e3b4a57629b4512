"""Candles: open, high, low and close of a symbol over one interval of event time."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal
from enum import Enum

from domain.numbers import Number, written

SECOND_US = 1_000_000
# Precision for sums of many decimals, far beyond realistic input; anything longer is rounded in the last digit.
SUMS = Context(prec=256, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[])


class Interval(Enum):
    """The length of a candle: its name on the wire, and its seconds."""

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


class Candle:
    """Open, high, low, close and volume of the ticks stamped within [start, start + interval).

    Two candles can be merged into the candle of all their ticks. That corrects candles for late ticks, and builds long
    candles from short ones.

    start_us: microseconds since the Unix epoch, a multiple of the interval.
    first_us, last_us: times of the ticks that set open and close. Among ticks with equal times, the first to arrive
        sets open and the last to arrive sets close.
    count: number of ticks.
    volume: sum of the volumes of the ticks that have one; None if none has. turnover: sum of price * volume.
    """

    __slots__ = ("close", "count", "first_us", "high", "last_us", "low", "open", "start_us", "turnover", "volume")

    def __init__(
        self,
        start_us: int,
        open: Number,  # noqa: A002  # the trading term
        high: Number,
        low: Number,
        close: Number,
        first_us: int,
        last_us: int,
        count: int,
        volume: Decimal | None = None,
        turnover: Decimal | None = None,
    ) -> None:
        self.start_us = start_us
        self.open = open
        self.high = high
        self.low = low
        self.close = close
        self.first_us = first_us
        self.last_us = last_us
        self.count = count
        self.volume = volume
        self.turnover = turnover

    @property
    def vwap(self) -> float | None:
        """The volume-weighted average price, sum(price * volume) / sum(volume), as the nearest double.

        None if no traded volume is known.
        """
        if not self.volume or self.turnover is None:
            return None
        return float(SUMS.divide(self.turnover, self.volume))

    def copy(self, start_us: int) -> Candle:
        """Return a copy that starts at `start_us`."""
        return Candle(
            start_us,
            self.open,
            self.high,
            self.low,
            self.close,
            self.first_us,
            self.last_us,
            self.count,
            self.volume,
            self.turnover,
        )

    def merge(self, later: Candle) -> None:
        """Merge a candle of ticks that arrived later."""
        if later.first_us < self.first_us:
            self.first_us = later.first_us
            self.open = later.open
        if later.last_us >= self.last_us:
            self.last_us = later.last_us
            self.close = later.close
        if _is_higher(later.high, self.high):
            self.high = later.high
        if _is_higher(self.low, later.low):
            self.low = later.low
        self.count += later.count
        self.volume = _sum(self.volume, later.volume)
        self.turnover = _sum(self.turnover, later.turnover)


def rolled_up(candles: Iterable[Candle], width_us: int) -> list[Candle]:
    """Roll candles, given in order of arrival, up into longer ones; return them in order of first appearance."""
    longer: dict[int, Candle] = {}
    for candle in candles:
        start_us = candle.start_us - candle.start_us % width_us
        known = longer.get(start_us)
        if known is None:
            longer[start_us] = candle.copy(start_us)
        else:
            known.merge(candle)
    return list(longer.values())


def in_chunks(seconds: list[Candle], chunk: int) -> list[tuple[Interval, int, list[Candle]]]:
    """Roll one-second candles up to every interval, grouped by the start of their chunk of `chunk` intervals.

    seconds: in order of arrival.
    """
    found: list[tuple[Interval, int, list[Candle]]] = []
    candles = seconds
    for interval in _INTERVALS:
        width_us = interval.width_us
        if width_us > SECOND_US:
            candles = rolled_up(candles, width_us)
        chunk_us = width_us * chunk
        chunks: dict[int, list[Candle]] = {}
        for candle in candles:
            start_us = candle.start_us - candle.start_us % chunk_us
            known = chunks.get(start_us)
            if known is None:
                known = chunks[start_us] = []
                found.append((interval, start_us, known))
            known.append(candle)
    return found


def merge_into(known: dict[int, Candle], later: list[Candle]) -> None:
    """Merge candles of later ticks into `known`, which is keyed by start."""
    for candle in later:
        same = known.get(candle.start_us)
        if same is None:
            known[candle.start_us] = candle
        else:
            same.merge(candle)


def old_to_new(candles: dict[int, Candle]) -> list[tuple[object, ...]]:
    """Return the fields of candles, oldest first, in the order `Candle` takes them."""
    fields: list[tuple[object, ...]] = []
    for start_us in sorted(candles):
        each = candles[start_us]
        fields.append(
            (
                start_us,
                each.open,
                each.high,
                each.low,
                each.close,
                each.first_us,
                each.last_us,
                each.count,
                each.volume,
                each.turnover,
            )
        )
    return fields


_INTERVALS = list(Interval)


def _is_higher(one: Number, other: Number) -> bool:
    """Whether a price is higher than another, compared as written."""
    if isinstance(one, float) and isinstance(other, float):
        return one > other
    return written(one) > written(other)


def _sum(first: Decimal | None, second: Decimal | None) -> Decimal | None:
    if first is None or second is None:
        return first if second is None else second
    return SUMS.add(first, second)
