"""History from the store, and from what is not written yet."""

from collections import deque
from collections.abc import Sequence

from application.errors import StorageFailed
from application.prices.ports.history import CandlePage, ExplainedAnomaly, TickPage, TickPlace
from domain.prices.candle import Candle, Interval, rolled_up
from domain.prices.candle_book import CandleBook
from domain.prices.price_update import PriceUpdate
from infrastructure.prices.candle_chunks import CHUNK, chunk_start
from infrastructure.prices.price_format import PRICES
from infrastructure.prices.price_store import PriceStore
from infrastructure.storage.answered import answered
from infrastructure.storage.journal import Journal, PendingAggregates
from infrastructure.storage.store import Store

_CHUNKS_AT_ONCE = 32
# Most ticks shown of the window of an anomaly.
_WINDOW_MAX = 10_000


class StoredHistory:
    """The `History` of this process: complete up to the moment of the query, while the store works."""

    def __init__(self, store: Store, prices: PriceStore, journal: Journal) -> None:
        self._store = store
        self._prices = prices
        self._journal = journal

    async def ticks(
        self, symbol: str, from_us: int, to_us: int, after: TickPlace | None, limit: int, newest_first: bool = False
    ) -> TickPage:
        await self._catch_up()
        found = await answered(self._store.observations(PRICES, symbol, from_us, to_us, after, limit + 1, newest_first))
        shown = found[:limit]
        return TickPage(tuple(tick for _, tick in shown), shown[-1][0] if len(found) > limit else None)

    async def candles(
        self, symbol: str, interval: Interval, from_us: int, to_us: int, limit: int, newest_first: bool = False
    ) -> CandlePage:
        # A batch may be written, and a new one started, during the query: include those from before and after.
        batches = self._journal.unwritten_aggregates(PRICES)
        seq_of: dict[int, int] = {}
        found: dict[int, Candle] = {}
        low_us, high_us = from_us, to_us
        while low_us < high_us and len(found) <= limit:
            chunks = await answered(
                self._prices.candles(symbol, interval, low_us, high_us, _CHUNKS_AT_ONCE, newest_first)
            )
            for start_us, seq, candles in chunks:
                seq_of[start_us] = seq
                found.update((candle.start_us, candle) for candle in candles)
            if len(chunks) < _CHUNKS_AT_ONCE:
                break
            if newest_first:
                high_us = chunks[-1][0]
            else:
                low_us = chunks[-1][0] + CHUNK * interval.width_us
        batches += [batch for batch in self._journal.unwritten_aggregates(PRICES) if batch not in batches]
        for batch in batches:
            for candle in _of(batch, symbol, interval):
                stored_seq = seq_of.get(chunk_start(interval, candle.start_us), -1)
                if not from_us <= candle.start_us < to_us or (batch.seq is not None and stored_seq >= batch.seq):
                    continue
                known = found.get(candle.start_us)
                if known is None:
                    found[candle.start_us] = candle
                else:
                    known.merge(candle)
        starts = sorted(found, reverse=newest_first)
        shown = tuple(found[start] for start in starts[:limit])
        rest = None
        if len(starts) > limit:
            rest = (from_us, starts[limit - 1]) if newest_first else (starts[limit], to_us)
        return CandlePage(shown, rest)

    async def anomaly(self, anomaly_id: str) -> ExplainedAnomaly | None:
        stored = await answered(self._prices.anomaly(anomaly_id))
        if stored is None:
            await self._catch_up()
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

    async def _catch_up(self) -> None:
        """Wait until the store has everything, unless it fails."""
        try:
            await self._journal.committed()
        except StorageFailed:
            # What is stored can still be queried.
            return


def _of(batch: PendingAggregates, symbol: str, interval: Interval) -> Sequence[Candle]:
    assert isinstance(batch.aggregates, CandleBook), "prices add up to candles"
    return rolled_up(batch.aggregates.candles(symbol), interval.width_us)
