"""Past readings from the log, complete up to the moment of the query while the store works."""

from application.errors import HistoryDisabled
from application.readings.ports.reading_history import ReadingPage, ReadingPlace, RollupPage
from domain.bars import Interval
from infrastructure.readings.reading_format import READINGS
from infrastructure.storage.answered import answered, caught_up
from infrastructure.storage.candle_store import CandleStore
from infrastructure.storage.journal import Journal
from infrastructure.storage.store import Store
from infrastructure.storage.stored_candles import StoredCandles


class StoredReadings:
    """The `ReadingHistory` of this process."""

    def __init__(self, store: Store, rollups: CandleStore, journal: Journal) -> None:
        self._store = store
        self._journal = journal
        self._rollups = StoredCandles(rollups, journal, READINGS)

    async def readings(
        self, key: str, from_us: int, to_us: int, after: ReadingPlace | None, limit: int, newest_first: bool = False
    ) -> ReadingPage:
        await caught_up(self._journal)
        found = await answered(self._store.observations(READINGS, key, from_us, to_us, after, limit + 1, newest_first))
        shown = found[:limit]
        return ReadingPage(tuple(reading for _, reading in shown), shown[-1][0] if len(found) > limit else None)

    async def rollups(
        self, key: str, interval: Interval, from_us: int, to_us: int, limit: int, newest_first: bool = False
    ) -> RollupPage:
        return RollupPage(*await self._rollups.page(key, interval, from_us, to_us, limit, newest_first))


class NoReadings:
    """The `ReadingHistory` of a service that keeps none. reason: why it does not."""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    async def readings(
        self, key: str, from_us: int, to_us: int, after: ReadingPlace | None, limit: int, newest_first: bool = False
    ) -> ReadingPage:
        raise HistoryDisabled(self._reason)

    async def rollups(
        self, key: str, interval: Interval, from_us: int, to_us: int, limit: int, newest_first: bool = False
    ) -> RollupPage:
        raise HistoryDisabled(self._reason)
