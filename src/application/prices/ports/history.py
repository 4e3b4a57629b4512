"""The history port: past ticks, candles and anomalies."""

from dataclasses import dataclass
from typing import Protocol

from domain.bars import Interval
from domain.prices.candle import Candle
from domain.prices.price_anomaly import PriceAnomaly
from domain.prices.price_update import PriceUpdate

# Position of a tick in the log: number of its block, index in the block.
TickPlace = tuple[int, int]


@dataclass(frozen=True, slots=True)
class TickPage:
    """next_after: the position after which the next page starts, None on the last."""

    items: tuple[PriceUpdate, ...]
    next_after: TickPlace | None


@dataclass(frozen=True, slots=True)
class CandlePage:
    """items: without empty intervals. rest: the range of the next page, None on the last."""

    items: tuple[Candle, ...]
    rest: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class ExplainedAnomaly:
    """window: the ticks the anomalous tick was compared with, in order of arrival, ending with that tick itself.

    complete: whether all of them are included; the log may have pruned the oldest, or the window may hold too many to
        show.
    """

    anomaly: PriceAnomaly
    window: tuple[PriceUpdate, ...]
    complete: bool


class History(Protocol):
    """Every method raises HistoryUnavailable if the store does not respond."""

    async def ticks(
        self, symbol: str, from_us: int, to_us: int, after: TickPlace | None, limit: int, newest_first: bool = False
    ) -> TickPage:
        """Return ticks stamped within [from, to), in order of arrival or the other way round."""
        ...

    async def candles(
        self, symbol: str, interval: Interval, from_us: int, to_us: int, limit: int, newest_first: bool = False
    ) -> CandlePage:
        """Return candles that start within [from, to)."""
        ...

    async def anomaly(self, anomaly_id: str) -> ExplainedAnomaly | None: ...
