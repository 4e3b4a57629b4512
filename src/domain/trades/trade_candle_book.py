"""Candles changed by trades since they were last taken for storage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain.bars import SECOND_US
from domain.trades.trade_candle import TradeCandle
from domain.trades.trades import Trades

if TYPE_CHECKING:
    from mypy_extensions import i64


class TradeCandleSeries:
    """The one-second candles of one symbol, by their start, and the one of the last trade."""

    __slots__ = ("_end_us", "_latest", "candles")

    def __init__(self) -> None:
        self.candles: dict[int, TradeCandle] = {}
        self._latest = TradeCandle(0)
        # No trade is in the first one.
        self._end_us: i64 = 0

    def candle_at(self, time_us: i64) -> TradeCandle:
        """Return the candle of a moment."""
        if not self._end_us - SECOND_US <= time_us < self._end_us or not self.candles:
            start_us: i64 = time_us - time_us % SECOND_US
            candle = self.candles.get(start_us)
            if candle is None:
                candle = self.candles[start_us] = TradeCandle(start_us)
            self._latest = candle
            self._end_us = start_us + SECOND_US
        return self._latest


class TradeCandleBook:
    """The one-second candles of all symbols, updated by trades. O(1) a trade.

    Not safe for two writers.

    count: trades applied. size: candles in memory.
    """

    def __init__(self) -> None:
        self.count: int = 0
        self.size: int = 0
        self._series: dict[str, TradeCandleSeries] = {}

    def apply(self, trades: Trades) -> None:
        """Apply trades in order of arrival."""
        self.count += len(trades.symbols)
        all_series = self._series
        prices = trades.prices
        # Any, so that the compiled loop turns a time into 64 bits at once.
        times_us: list[Any] = trades.times_us
        at: i64 = -1
        # Without strict, which mypyc would not compile into a plain loop; the columns have one length.
        for symbol, is_buy, quantity, time_us in zip(trades.symbols, trades.buys, trades.quantities, times_us):  # noqa: B905
            at += 1
            series = all_series.get(symbol)
            if series is None:
                series = all_series[symbol] = TradeCandleSeries()
            moment_us: i64 = time_us
            candle = series.candle_at(moment_us)
            if candle.count == 0:
                self.size += 1
            candle.push(is_buy, quantity, None if prices is None else prices[at], moment_us)

    def forget(self, symbol: str) -> None:
        """Remove the candles of a symbol."""
        series = self._series.pop(symbol, None)
        if series is not None:
            self.size -= len(series.candles)

    def symbols(self) -> list[str]:
        return list(self._series)

    def candles(self, symbol: str) -> list[TradeCandle]:
        """Return copies of the symbol's one-second candles, in no particular order."""
        series = self._series.get(symbol)
        return [] if series is None else [candle.copy(candle.start_us) for candle in series.candles.values()]
