"""The running statistics of the trades of one symbol."""

from __future__ import annotations

from decimal import Context, Decimal

from domain.exact_sum import SUMMED, UNIT_DIGITS, Exact, ExactSum, decimal_of, exact_of
from domain.numbers import Number
from domain.trades.latency_histogram import LatencyHistogram
from domain.trades.quantity_window import QuantityWindow
from domain.trades.trade_checkpoint import SumNumbers, TradeCheckpoint
from domain.trades.trade_rate import TradeRate
from domain.trades.trade_statistics import QuantitySummary, TradeStatistics
from domain.trades.trade_totals import TradeTotals

# Before the first trade; older than any.
_NEVER_US = -(2**63)
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
        self.newest_us: int = _NEVER_US
        self._buy_count: int = 0
        self._sell_count: int = 0
        self._late_count: int = 0
        self._bought = ExactSum()
        self._sold = ExactSum()
        # Volume of the trades with a price, and the sum of price * quantity; of units, in units of 1e-16.
        self._priced = ExactSum()
        self._turnover = ExactSum()
        self._last_price: Number | None = None
        self._last_price_us: int = _NEVER_US
        self._last_quantity: Number = 0.0
        self._quantities = QuantityWindow(window)
        self._rate = TradeRate()
        self._latency = LatencyHistogram()

    @property
    def update_count(self) -> int:
        return self._buy_count + self._sell_count

    def apply(self, is_buy: bool, quantity: Number, time_us: int, price: Number | None, latency_us: int | None) -> bool:
        """Apply one trade. Return whether it is late: older than the newest."""
        exact = exact_of(quantity)
        if is_buy:
            self._bought.add(exact)
            self._buy_count += 1
            self._totals.buy_count += 1
            self._totals.bought.add(exact)
        else:
            self._sold.add(exact)
            self._sell_count += 1
            self._totals.sell_count += 1
            self._totals.sold.add(exact)
        self._quantities.push(exact, is_buy)
        self._rate.add(time_us)
        if price is not None:
            self._add_price(price, exact, time_us)
        if latency_us is not None:
            self._latency.observe(latency_us)
        if time_us < self.newest_us:
            self._late_count += 1
            return True
        self.newest_us = time_us
        self._totals.newest_us = max(self._totals.newest_us, time_us)
        self._last_quantity = quantity
        return False

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
        for total, (units, odd) in ((self._totals.bought, checkpoint.bought), (self._totals.sold, checkpoint.sold)):
            total.add(units)
            if odd is not None:
                total.add(odd)
        self._latency.restore(checkpoint.latency)
        self._rate.restore(checkpoint.rate)

    def _add_price(self, price: Number, quantity: Exact, time_us: int) -> None:
        self._priced.add(quantity)
        exact = exact_of(price)
        if isinstance(exact, int) and isinstance(quantity, int):
            self._turnover.add(exact * quantity)
        else:
            self._turnover.add(SUMMED.multiply(decimal_of(exact), decimal_of(quantity)))
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
