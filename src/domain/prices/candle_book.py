"""Candles changed by ticks since they were last taken for storage.

The series of a symbol and the book of all are in one file: a call between two compiled ones costs a tick 6 % more here.
"""

from __future__ import annotations

from decimal import Decimal
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from domain.bars import SECOND_US
from domain.numbers import Number, units_of, written
from domain.prices.candle import SUMS, Candle
from domain.prices.ticks import Ticks
from domain.vectors import COMPILED

if TYPE_CHECKING:
    from mypy_extensions import i64

# Half of the bits of what `units_of` returns at most.
_HALF_BITS: Final = 25
_HALF: Final = (1 << 25) - 1
_TOP_MAX: Final = 1 << 62


class Tally:
    """Counts the candles of many series."""

    __slots__ = ("count",)

    def __init__(self) -> None:
        self.count = 0


class CandleSeries:
    """The one-second candles of one symbol. O(1) per tick.

    The current candle is kept in plain numbers; the others are in `_others`, keyed by start. Volumes are summed as
    integers of 1e-8 and turnovers as integers of 1e-16, which is exact; other values are summed as Decimals.

    tally: counts those in `_others`.
    """

    __slots__ = (
        "_close",
        "_count",
        "_end_us",
        "_first_us",
        "_high",
        "_last_us",
        "_low",
        "_odd_turnover",
        "_odd_volume",
        "_open",
        "_others",
        "_start_us",
        "_tally",
        "_turnover_low",
        "_turnover_middle",
        "_turnover_top",
        "_turnover_units",
        "_volume_units",
        "_with_volume",
    )

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._others: dict[int, Candle] | None = None
        self._start_us: i64 = 0
        self._end_us: i64 = 0
        self._first_us: i64 = 0
        self._last_us: i64 = 0
        self._open = 0.0
        self._high = 0.0
        self._low = 0.0
        self._close = 0.0
        self._count: i64 = 0
        self._with_volume = False
        self._volume_units: int = 0
        self._turnover_units: int = 0
        self._turnover_top: i64 = 0
        self._turnover_middle: i64 = 0
        self._turnover_low: i64 = 0
        self._odd_volume: Decimal | None = None
        self._odd_turnover: Decimal | None = None

    def push(self, price: float, time_us: i64) -> None:
        """Add a tick."""
        if not self._start_us <= time_us < self._end_us or self._count == 0:
            self._advance_to(time_us - time_us % SECOND_US)
            self._open = self._high = self._low = self._close = price
            self._first_us = self._last_us = time_us
            self._count = 1
            return
        self._count += 1
        if price > self._high:
            self._high = price
        elif price < self._low:
            self._low = price
        if time_us >= self._last_us:
            self._last_us = time_us
            self._close = price
        elif time_us < self._first_us:
            self._first_us = time_us
            self._open = price

    def add_volume(self, price: Number, volume: Number) -> None:
        """Add the volume of the tick pushed last."""
        self._with_volume = True
        if isinstance(price, float) and isinstance(volume, float):
            price_units = units_of(price)
            volume_units = units_of(volume)
            if price_units >= 0 and volume_units >= 0:
                self._volume_units += volume_units
                if COMPILED:
                    self._add_turnover(price_units, volume_units)
                else:
                    self._turnover_units += price_units * volume_units
                return
        exact = written(volume)
        turnover = SUMS.multiply(written(price), exact)
        self._odd_volume = exact if self._odd_volume is None else SUMS.add(self._odd_volume, exact)
        self._odd_turnover = turnover if self._odd_turnover is None else SUMS.add(self._odd_turnover, turnover)

    def push_wide(self, price: Decimal, time_us: i64, volume: Number | None) -> None:
        """Add a tick whose price does not fit a float."""
        self._advance_to(0)
        start_us: i64 = time_us - time_us % SECOND_US
        exact = None if volume is None else written(volume)
        turnover = None if exact is None else SUMS.multiply(price, exact)
        self._put(Candle(start_us, price, price, price, price, time_us, time_us, 1, exact, turnover))

    def copies(self) -> list[Candle]:
        """Return copies of all candles; the series keeps its own."""
        self._advance_to(0)
        return [] if self._others is None else [candle.copy(candle.start_us) for candle in self._others.values()]

    def _add_turnover(self, price_units: i64, volume_units: i64) -> None:
        """Add the product of two numbers below 2**50 to the three parts: top * 2**50 + middle * 2**25 + low.

        Each part fits 64 bits. The product does not, and compiled code would create int objects for it.
        """
        price_top: i64 = price_units >> _HALF_BITS
        price_low: i64 = price_units & _HALF
        volume_top: i64 = volume_units >> _HALF_BITS
        volume_low: i64 = volume_units & _HALF
        low: i64 = self._turnover_low + price_low * volume_low
        middle: i64 = self._turnover_middle + price_top * volume_low + price_low * volume_top + (low >> _HALF_BITS)
        self._turnover_low = low & _HALF
        self._turnover_middle = middle & _HALF
        self._turnover_top += price_top * volume_top + (middle >> _HALF_BITS)
        if self._turnover_top >= _TOP_MAX:
            self._gather_turnover()

    def _gather_turnover(self) -> None:
        """Move the three parts into `_turnover_units`."""
        # As int, which has no upper bound.
        top: int = self._turnover_top
        middle: int = self._turnover_middle
        low: int = self._turnover_low
        self._turnover_units += (((top << _HALF_BITS) + middle) << _HALF_BITS) + low
        self._turnover_top = self._turnover_middle = self._turnover_low = 0

    def _advance_to(self, start_us: i64) -> None:
        """Move the current candle to `_others`, and start a new one."""
        if self._count:
            volume = turnover = None
            if self._with_volume:
                self._gather_turnover()
                volume = SUMS.scaleb(Decimal(self._volume_units), -8)
                turnover = SUMS.scaleb(Decimal(self._turnover_units), -16)
                if self._odd_volume is not None and self._odd_turnover is not None:
                    volume = SUMS.add(volume, self._odd_volume)
                    turnover = SUMS.add(turnover, self._odd_turnover)
                self._with_volume = False
                self._volume_units = self._turnover_units = 0
                self._odd_volume = self._odd_turnover = None
            self._put(
                Candle(
                    self._start_us,
                    self._open,
                    self._high,
                    self._low,
                    self._close,
                    self._first_us,
                    self._last_us,
                    self._count,
                    volume,
                    turnover,
                )
            )
            self._count = 0
        self._start_us = start_us
        self._end_us = start_us + SECOND_US

    def _put(self, candle: Candle) -> None:
        if self._others is None:
            self._others = {}
        known = self._others.get(candle.start_us)
        if known is None:
            self._others[candle.start_us] = candle
            self._tally.count += 1
        else:
            known.merge(candle)


class CandleBook:
    """The candles of all symbols, updated by ticks.

    Not safe for two writers.

    count: ticks applied.
    """

    def __init__(self) -> None:
        self.count = 0
        # The store's thread and queries may both call `candles`, which modifies the series.
        self._lock = Lock()
        self._series: dict[str, CandleSeries] = {}
        self._tally = Tally()

    @property
    def size(self) -> int:
        """Candles in memory, without the current one of each symbol and with those of forgotten symbols."""
        return self._tally.count

    def apply(self, ticks: Ticks) -> None:
        """Apply ticks in order of arrival."""
        self.count += len(ticks.symbols)
        all_series = self._series
        symbols = ticks.symbols
        volumes = [None] * len(symbols) if ticks.volumes is None else ticks.volumes
        # Any, so that the compiled loop turns a time into 64 bits at once.
        times_us: list[Any] = ticks.times_us
        # Without strict, which mypyc would not compile into a plain loop; the columns have one length.
        for symbol, price, time_us, volume in zip(symbols, ticks.prices, times_us, volumes):  # noqa: B905
            series = all_series.get(symbol)
            if series is None:
                series = all_series[symbol] = CandleSeries(self._tally)
            if isinstance(price, float):
                series.push(price, time_us)
                if volume is not None:
                    series.add_volume(price, volume)
            else:
                series.push_wide(price, time_us, volume)

    def forget(self, symbol: str) -> None:
        """Remove the candles of a symbol."""
        self._series.pop(symbol, None)

    def symbols(self) -> list[str]:
        return list(self._series)

    def candles(self, symbol: str) -> list[Candle]:
        """Return copies of the symbol's one-second candles, in no particular order."""
        series = self._series.get(symbol)
        if series is None:
            return []
        with self._lock:
            return series.copies()
