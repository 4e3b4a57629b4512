"""Candles of trades: their prices, and what was bought and sold, over one interval of event time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.bars import Bar
from domain.exact_sum import ExactSum, exact_units
from domain.numbers import Number, is_higher, written

if TYPE_CHECKING:
    from mypy_extensions import i64


class TradeCandle(Bar):
    """What the trades stamped within [start, start + interval) add up to.

    open, high, low, close: of the trades with a price; None if there is none. first_us, last_us: times of the trades
        that set open and close. Among trades with equal times, the first to arrive sets open, the last close.
    count: number of trades. bought, sold: their volumes.
    """

    __slots__ = ("bought", "close", "count", "first_us", "high", "last_us", "low", "open", "sold")

    def __init__(self, start_us: int) -> None:
        super().__init__(start_us)
        self.open: Number | None = None
        self.high: Number | None = None
        self.low: Number | None = None
        self.close: Number | None = None
        self.first_us: i64 = 0
        self.last_us: i64 = 0
        self.count: i64 = 0
        self.bought = ExactSum()
        self.sold = ExactSum()

    def push(self, is_buy: bool, quantity: Number, price: Number | None, time_us: i64) -> None:
        """Add a trade."""
        self.count += 1
        volume = self.bought if is_buy else self.sold
        units = exact_units(quantity)
        if units >= 0:
            volume.add_units(units)
        else:
            volume.add_odd(written(quantity))
        if price is not None:
            self._add_prices(price, price, price, price, time_us, time_us)

    def copy(self, start_us: int) -> TradeCandle:
        new = TradeCandle(start_us)
        new.merge(self)
        return new

    def merge(self, later: TradeCandle) -> None:
        self.count += later.count
        self.bought.add_sum(later.bought)
        self.sold.add_sum(later.sold)
        if later.open is not None and later.high is not None and later.low is not None and later.close is not None:
            self._add_prices(later.open, later.high, later.low, later.close, later.first_us, later.last_us)

    def _add_prices(
        self, opening: Number, high: Number, low: Number, closing: Number, first_us: i64, last_us: i64
    ) -> None:
        if self.open is None or first_us < self.first_us:
            self.open, self.first_us = opening, first_us
        if self.close is None or last_us >= self.last_us:
            self.close, self.last_us = closing, last_us
        if self.high is None or is_higher(high, self.high):
            self.high = high
        if self.low is None or is_higher(self.low, low):
            self.low = low
