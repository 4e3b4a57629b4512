"""What is known of the trades of one symbol."""

from dataclasses import dataclass
from decimal import Decimal

from domain.numbers import Number
from domain.trades.latency_histogram import LatencySummary


@dataclass(frozen=True, slots=True)
class QuantitySummary:
    """Of the last quantities. deviation: the population standard deviation."""

    mean: float
    deviation: float
    max: Decimal
    count: int


@dataclass(frozen=True, slots=True)
class TradeStatistics:
    """Counts and volumes are over all trades; `quantity`, `window_bought` and `imbalance` over the last ones.

    vwap, last_price: None if no trade had a price. last_quantity: of the trade with the newest time.
    """

    symbol: str
    buy_count: int
    sell_count: int
    late_count: int
    buy_volume: Decimal
    sell_volume: Decimal
    total_volume: Decimal
    vwap: float | None
    last_price: Number | None
    last_quantity: Number
    last_trade_us: int
    quantity: QuantitySummary
    window_bought: Decimal
    imbalance: float
    per_second: float
    latency: LatencySummary

    @property
    def trade_count(self) -> int:
        return self.buy_count + self.sell_count
