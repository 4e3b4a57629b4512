"""Candles changed by trades since they were last taken for storage."""

from __future__ import annotations

from domain.bars import SECOND_US
from domain.exact_sum import exact_of
from domain.trades.trade_candle import TradeCandle
from domain.trades.trades import Trades


class TradeCandleBook:
    """The one-second candles of all symbols, updated by trades. O(1) a trade.

    Not safe for two writers.

    count: trades applied. size: candles in memory.
    """

    def __init__(self) -> None:
        self.count: int = 0
        self.size: int = 0
        self._candles: dict[str, dict[int, TradeCandle]] = {}

    def apply(self, trades: Trades) -> None:
        """Apply trades in order of arrival."""
        self.count += len(trades.symbols)
        prices = trades.prices if trades.prices is not None else [None] * len(trades.symbols)
        # Without strict, which mypyc would not compile into a plain loop; the columns have one length.
        for symbol, is_buy, quantity, time_us, price in zip(  # noqa: B905
            trades.symbols, trades.buys, trades.quantities, trades.times_us, prices
        ):
            candles = self._candles.get(symbol)
            if candles is None:
                candles = self._candles[symbol] = {}
            start_us = time_us - time_us % SECOND_US
            candle = candles.get(start_us)
            if candle is None:
                candle = candles[start_us] = TradeCandle(start_us)
                self.size += 1
            candle.push(is_buy, exact_of(quantity), price, time_us)

    def forget(self, symbol: str) -> None:
        """Remove the candles of a symbol."""
        self.size -= len(self._candles.pop(symbol, ()))

    def symbols(self) -> list[str]:
        return list(self._candles)

    def candles(self, symbol: str) -> list[TradeCandle]:
        """Return copies of the symbol's one-second candles, in no particular order."""
        return [candle.copy(candle.start_us) for candle in self._candles.get(symbol, {}).values()]
