"""The full state of a symbol's trades, for storage and recovery."""

from dataclasses import dataclass
from decimal import Decimal

from domain.exact_sum import Exact
from domain.numbers import Number

# Units, and the rest.
SumNumbers = tuple[int, Decimal | None]


@dataclass(frozen=True, slots=True)
class TradeCheckpoint:
    """A state restored from a checkpoint continues exactly like the original.

    bought, sold, priced, turnover: the numbers of their `ExactSum`. window: see `QuantityWindow.entries`.
    latency: see `LatencyHistogram.numbers`. rate: see `TradeRate.numbers`.
    """

    symbol: str
    buy_count: int
    sell_count: int
    late_count: int
    last_us: int
    last_quantity: Number
    last_price: Number | None
    last_price_us: int
    bought: SumNumbers
    sold: SumNumbers
    priced: SumNumbers
    turnover: SumNumbers
    window: list[Exact]
    latency: tuple[list[tuple[int, int]], int, int, int, int]
    rate: tuple[list[int], int]
