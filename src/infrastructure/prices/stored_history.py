"""History from the store, and from what is not written yet."""

from collections import deque

from application.prices.ports.history import CandlePage, ExplainedAnomaly, TickPage, TickPlace
from domain.bars import Interval
from domain.prices.price_update import PriceUpdate
from infrastructure.prices.price_format import PRICES
from infrastructure.prices.price_store import PriceStore
from infrastructure.storage.answered import answered, caught_up
from infrastructure.storage.journal import Journal
from infrastructure.storage.store import Store
from infrastructure.storage.stored_candles import StoredCandles

# Most ticks shown of the window of an anomaly.
_WINDOW_MAX = 10_000


class StoredHistory:
    """The `History` of this process: complete up to the moment of the query, while the store works."""

    def __init__(self, store: Store, prices: PriceStore, journal: Journal) -> None:
        self._store = store
        self._prices = prices
        self._journal = journal
        self._candles = StoredCandles(prices, journal, PRICES)

    async def ticks(
        self, symbol: str, from_us: int, to_us: int, after: TickPlace | None, limit: int, newest_first: bool = False
    ) -> TickPage:
        await caught_up(self._journal)
        found = await answered(self._store.observations(PRICES, symbol, from_us, to_us, after, limit + 1, newest_first))
        shown = found[:limit]
        return TickPage(tuple(tick for _, tick in shown), shown[-1][0] if len(found) > limit else None)

    async def candles(
        self, symbol: str, interval: Interval, from_us: int, to_us: int, limit: int, newest_first: bool = False
    ) -> CandlePage:
        items, rest = await self._candles.page(symbol, interval, from_us, to_us, limit, newest_first)
        return CandlePage(items, rest)

    async def anomaly(self, anomaly_id: str) -> ExplainedAnomaly | None:
        stored = await answered(self._prices.anomaly(anomaly_id))
        if stored is None:
            await caught_up(self._journal)
            stored = await answered(self._prices.anomaly(anomaly_id))
        if stored is None:
            return None
        anomaly = stored.anomaly
        end_us = anomaly.detected_at_us
        window: deque[PriceUpdate] = deque(maxlen=_WINDOW_MAX)
        count, after, start_us = 0, None, end_us - stored.window_us
        while page := await answered(
            self._store.observations(PRICES, anomaly.symbol, start_us, end_us + 1, after, _WINDOW_MAX)
        ):
            own = [tick for place, tick in page if place <= (stored.seq, stored.place)]
            window += own
            count += len(own)
            after = page[-1][0]
            if len(page) < _WINDOW_MAX or len(own) < len(page):
                break
        complete = count == len(window) and {anomaly.reference_price, anomaly.new_price} <= {
            tick.price for tick in window
        }
        return ExplainedAnomaly(anomaly, tuple(window), complete)
