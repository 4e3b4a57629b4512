"""The running statistics of the trades of one symbol."""

from __future__ import annotations

from decimal import Context, Decimal
from typing import TYPE_CHECKING, Final

from domain.exact_sum import SUMMED, UNIT_DIGITS, ExactSum, decimal_of, exact_of, exact_units
from domain.numbers import Number, written
from domain.trades.latency_histogram import LatencyHistogram
from domain.trades.quantity_window import QuantityWindow
from domain.trades.trade_checkpoint import SumNumbers, TradeCheckpoint
from domain.trades.trade_rate import TradeRate
from domain.trades.trade_statistics import QuantitySummary, TradeStatistics
from domain.trades.trade_totals import TradeTotals

if TYPE_CHECKING:
    from mypy_extensions import i64

# Before the first trade; older than any.
_NEVER_US: Final = -(1 << 62)
# The quotient rounds once more when it becomes a double.
_ROUNDED = Context(prec=40)


class TradeState:
    """Applies the trades of one symbol in order of arrival. O(1) amortised a trade.

    window: quantities in the window. totals: of all symbols of this writer.
    Not safe for two writers: the worker of the symbol's partition is the only one.
    """

    __slots__ = (
        "_bought",
        "_buy_count",
        "_last_price",
        "_last_price_us",
        "_last_quantity",
        "_late_count",
        "_latency",
        "_priced",
        "_quantities",
        "_rate",
        "_sell_count",
        "_sold",
        "_symbol",
        "_totals",
        "_turnover",
        "newest_us",
    )

    def __init__(self, symbol: str, window: int, totals: TradeTotals) -> None:
        self._totals = totals
        self._symbol = symbol
        self.newest_us: i64 = _NEVER_US
        self._buy_count: i64 = 0
        self._sell_count: i64 = 0
        self._late_count: i64 = 0
        self._bought = ExactSum()
        self._sold = ExactSum()
        # Volume of the trades with a price, and the sum of price * quantity; of units, in units of 1e-16.
        self._priced = ExactSum()
        self._turnover = ExactSum()
        self._last_price: Number | None = None
        self._last_price_us: i64 = _NEVER_US
        self._last_quantity: Number = 0.0
        self._quantities = QuantityWindow(window)
        self._rate = TradeRate()
        self._latency = LatencyHistogram()

    @property
    def update_count(self) -> int:
        return self._buy_count + self._sell_count

    @property
    def imbalance(self) -> float:
        """Of the last quantities."""
        return self._quantities.imbalance

    def apply(self, is_buy: bool, quantity: Number, time_us: i64, price: Number | None) -> bool:
        """Apply one trade. Return whether it is late: older than the newest."""
        units = exact_units(quantity)
        if units >= 0:
            self._quantities.push(units, is_buy)
            self._totals.add_units(units, is_buy)
            if is_buy:
                self._bought.add_units(units)
                self._buy_count += 1
            else:
                self._sold.add_units(units)
                self._sell_count += 1
        else:
            self._apply_odd(is_buy, written(quantity))
        self._rate.add(time_us)
        if price is not None:
            self._add_price(price, quantity, time_us)
        if time_us < self.newest_us:
            self._late_count += 1
            return True
        self.newest_us = time_us
        self._last_quantity = quantity
        return False

    def add_latency(self, latency_us: i64) -> None:
        """Add the latency of the trade applied last."""
        self._latency.observe(latency_us)

    def snapshot(self) -> TradeStatistics:
        window, bought, sold = self._quantities, self._bought.value, self._sold.value
        return TradeStatistics(
            self._symbol,
            self._buy_count,
            self._sell_count,
            self._late_count,
            bought,
            sold,
            SUMMED.add(bought, sold),
            self._vwap(),
            self._last_price,
            self._last_quantity,
            self.newest_us,
            QuantitySummary(window.mean, window.deviation, window.max, window.count),
            window.bought,
            window.imbalance,
            self._rate.per_second,
            self._latency.summary(),
        )

    def checkpoint(self) -> TradeCheckpoint:
        return TradeCheckpoint(
            self._symbol,
            self._buy_count,
            self._sell_count,
            self._late_count,
            self.newest_us,
            self._last_quantity,
            self._last_price,
            self._last_price_us,
            _numbers(self._bought),
            _numbers(self._sold),
            _numbers(self._priced),
            _numbers(self._turnover),
            self._quantities.entries(),
            self._latency.numbers(),
            self._rate.numbers(),
        )

    def restore(self, checkpoint: TradeCheckpoint) -> None:
        """Set the state of a new object, and add it to the totals.

        Of a window that was larger, the newest quantities remain.
        """
        self._buy_count = checkpoint.buy_count
        self._sell_count = checkpoint.sell_count
        self._late_count = checkpoint.late_count
        self.newest_us = checkpoint.last_us
        self._last_quantity = checkpoint.last_quantity
        self._last_price = checkpoint.last_price
        self._last_price_us = checkpoint.last_price_us
        self._bought = _sum(checkpoint.bought)
        self._sold = _sum(checkpoint.sold)
        self._priced = _sum(checkpoint.priced)
        self._turnover = _sum(checkpoint.turnover)
        self._quantities.restore(checkpoint.window)
        self._totals.buy_count += checkpoint.buy_count
        self._totals.sell_count += checkpoint.sell_count
        self._totals.newest_us = max(self._totals.newest_us, checkpoint.last_us)
        self._totals.bought.add_sum(self._bought)
        self._totals.sold.add_sum(self._sold)
        self._latency.restore(checkpoint.latency)
        self._rate.restore(checkpoint.rate)

    def _apply_odd(self, is_buy: bool, quantity: Decimal) -> None:
        """Count a quantity that is no whole number of units."""
        self._quantities.push_odd(quantity, is_buy)
        self._totals.add_odd(quantity, is_buy)
        if is_buy:
            self._bought.add_odd(quantity)
            self._buy_count += 1
        else:
            self._sold.add_odd(quantity)
            self._sell_count += 1

    def _add_price(self, price: Number, quantity: Number, time_us: i64) -> None:
        price_units, units = exact_units(price), exact_units(quantity)
        if price_units >= 0 and units >= 0:
            self._priced.add_units(units)
            self._turnover.add_units(price_units * units)
        else:
            exact = exact_of(quantity)
            self._priced.add(exact)
            self._turnover.add_odd(SUMMED.multiply(decimal_of(exact_of(price)), decimal_of(exact)))
        if time_us >= self._last_price_us:
            self._last_price_us = time_us
            self._last_price = price

    def _vwap(self) -> float | None:
        priced = self._priced.value
        if not priced:
            return None
        turnover = SUMMED.scaleb(Decimal(self._turnover.units), -2 * UNIT_DIGITS)
        if self._turnover.odd is not None:
            turnover = SUMMED.add(turnover, self._turnover.odd)
        return float(_ROUNDED.divide(turnover, priced))


def _numbers(total: ExactSum) -> SumNumbers:
    return total.units, total.odd


def _sum(numbers: SumNumbers) -> ExactSum:
    total = ExactSum()
    total.units, total.odd = numbers
    return total
