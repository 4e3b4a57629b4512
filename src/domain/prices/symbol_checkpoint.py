"""All that a symbol's state is made of, to be kept and given back."""

from dataclasses import dataclass

from domain.numbers import Number


@dataclass(frozen=True, slots=True)
class SymbolCheckpoint:
    """A state made of one goes on exactly as the state it was taken of.

    wide: whether prices are kept as Decimals.
    average: the numbers of the moving average (see `MovingAverage.numbers`), made for `average_size` prices.
    window: the (time, price) pairs that can still become the lowest or the highest, old to new.
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
