"""Statistics of a symbol at one moment."""

from dataclasses import dataclass

from domain.numbers import Number


@dataclass(frozen=True, slots=True)
class SymbolStatistics:
    """A snapshot of one symbol: a clone that later ticks do not change.

    current_price, last_update_us: of the tick with the newest timestamp; among equal timestamps, the last to arrive.
    moving_average: mean of the last N accepted prices in order of arrival.
    min_price, max_price, update_count: over all accepted ticks.
    late_count: ticks that were older than the newest accepted one on arrival.
    anomaly_count: spikes detected, up and down counted separately.
    """

    symbol: str
    current_price: Number
    moving_average: float
    min_price: Number
    max_price: Number
    update_count: int
    late_count: int
    anomaly_count: int
    last_update_us: int
