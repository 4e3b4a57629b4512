"""The full state of a symbol, for storage and recovery."""

from dataclasses import dataclass, field

from domain.numbers import Number
from domain.prices.price_move import PriceMove


@dataclass(frozen=True, slots=True)
class SymbolCheckpoint:
    """A state restored from a checkpoint continues exactly like the original.

    wide: whether prices are kept as Decimals.
    average: the state of the moving average (see `MovingAverage.average_numbers`), created for `average_size` prices.
    window: the (time, price) pairs that can still become the lowest or the highest, oldest first.
    moves: those that go on.
    """

    symbol: str
    update_count: int
    late_count: int
    anomaly_count: int
    current_price: Number
    min_price: Number
    max_price: Number
    wide: bool
    average_size: int
    average: tuple[list[float], int, bool, float]
    window: list[tuple[int, Number]]
    moves: list[PriceMove] = field(default_factory=list)
