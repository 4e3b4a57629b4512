"""History when nothing is stored."""

from application.errors import HistoryDisabled
from application.prices.ports.history import CandlePage, ExplainedAnomaly, TickPage, TickPlace
from domain.bars import Interval


class NoHistory:
    """The `History` of a service that keeps none. reason: why it does not."""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    async def ticks(
        self, symbol: str, from_us: int, to_us: int, after: TickPlace | None, limit: int, newest_first: bool = False
    ) -> TickPage:
        raise HistoryDisabled(self._reason)

    async def candles(
        self, symbol: str, interval: Interval, from_us: int, to_us: int, limit: int, newest_first: bool = False
    ) -> CandlePage:
        raise HistoryDisabled(self._reason)

    async def anomaly(self, anomaly_id: str) -> ExplainedAnomaly | None:
        raise HistoryDisabled(self._reason)
