"""Where the past is asked."""

from dataclasses import dataclass
from typing import Protocol

from domain.prices.candle import Candle, Interval
from domain.prices.price_anomaly import PriceAnomaly
from domain.prices.price_update import PriceUpdate

# Where a tick stands in the log: number of its block, place in the block.
TickPlace = tuple[int, int]


@dataclass(frozen=True, slots=True)
class TickPage:
    """items: in order of arrival. next_after: behind which the next page starts, None after the last."""

    items: tuple[PriceUpdate, ...]
    next_after: TickPlace | None


@dataclass(frozen=True, slots=True)
class CandlePage:
    """items: old to new, without those in which nothing happened. next_from_us: where the next page starts."""

    items: tuple[Candle, ...]
    next_from_us: int | None


@dataclass(frozen=True, slots=True)
class ExplainedAnomaly:
    """window: the ticks that the last of them was compared with, in order of arrival, and that one itself.

    complete: whether they are all there; the log may have let the oldest go, or the window may hold too many to show.
    """

    anomaly: PriceAnomaly
    window: tuple[PriceUpdate, ...]
    complete: bool


class History(Protocol):
    """Everything raises HistoryUnavailable where the store does not answer."""

    async def ticks(self, symbol: str, from_us: int, to_us: int, after: TickPlace | None, limit: int) -> TickPage:
        """Ticks stamped within [from, to)."""
        ...

    async def candles(self, symbol: str, interval: Interval, from_us: int, to_us: int, limit: int) -> CandlePage:
        """Candles that start within [from, to)."""
        ...

    async def anomaly(self, anomaly_id: str) -> ExplainedAnomaly | None: ...
