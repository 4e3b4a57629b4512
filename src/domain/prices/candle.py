"""Candles: open, high, low and close of a symbol over one interval of event time."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal

from domain.bars import Bar
from domain.numbers import Number, is_higher

# Precision for sums of many decimals, far beyond realistic input; anything longer is rounded in the last digit.
SUMS = Context(prec=256, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[])


class Candle(Bar):
    """Open, high, low, close and volume of the ticks stamped within [start, start + interval).

    first_us, last_us: times of the ticks that set open and close. Among ticks with equal times, the first to arrive
        sets open and the last to arrive sets close.
    count: number of ticks.
    volume: sum of the volumes of the ticks that have one; None if none has. turnover: sum of price * volume.
    """

    __slots__ = ("close", "count", "first_us", "high", "last_us", "low", "open", "turnover", "volume")

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
        super().__init__(start_us)
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
        if later.first_us < self.first_us:
            self.first_us = later.first_us
            self.open = later.open
        if later.last_us >= self.last_us:
            self.last_us = later.last_us
            self.close = later.close
        if is_higher(later.high, self.high):
            self.high = later.high
        if is_higher(self.low, later.low):
            self.low = later.low
        self.count += later.count
        self.volume = _sum(self.volume, later.volume)
        self.turnover = _sum(self.turnover, later.turnover)


def old_to_new(candles: Mapping[int, Candle]) -> list[tuple[object, ...]]:
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


def _sum(first: Decimal | None, second: Decimal | None) -> Decimal | None:
    if first is None or second is None:
        return first if second is None else second
    return SUMS.add(first, second)
