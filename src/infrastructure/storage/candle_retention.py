"""Prunes candles, for any subject."""

from collections.abc import Awaitable, Mapping, Sequence

from application.ports.clock import Clock
from domain.bars import Interval
from infrastructure.processing.snapshots import Readable
from infrastructure.settings import RetentionSettings
from infrastructure.storage.candle_chunks import CHUNK
from infrastructure.storage.candle_store import CandleStore
from infrastructure.storage.retention import step_by_step

_ROWS_A_STEP = 500
_DAY_US = 86_400_000_000


class CandleRetention:
    """The `Pruner` of candles.

    The age is relative to the newest observation of their symbol, so that a replayed recording of the past is not
    pruned at once.

    days: how long those of each interval are kept, 0 for ever; None for what the settings say of candles.
    """

    def __init__(
        self,
        store: CandleStore,
        books: Sequence[Readable],
        clock: Clock,
        settings: RetentionSettings,
        days: Mapping[Interval, float] | None = None,
    ) -> None:
        self._days = _days_of_candles(settings) if days is None else days
        self._store = store
        self._books = books
        self._clock = clock
        self._settings = settings

    async def prune(self) -> None:
        for interval, days in self._days.items():
            await self._prune(interval, days)

    async def _prune(self, interval: Interval, days: float) -> None:
        store = self._store
        over_us = await store.candles_over(interval, self._settings.candles_max_chunks)
        for symbol, newest_us in newest_of(self._books):
            before_us = over_us
            if days:
                # A chunk is pruned once the last of its candles is too old.
                aged_us = newest_us - int(days * _DAY_US) - CHUNK * interval.width_us
                before_us = aged_us if over_us is None else max(aged_us, over_us)
            if before_us is not None:
                moment = before_us

                def step(symbol: str = symbol, moment: int = moment) -> Awaitable[int]:
                    return store.prune_candles(interval, symbol, moment, _ROWS_A_STEP)

                await step_by_step(self._clock, step, _ROWS_A_STEP)


def _days_of_candles(settings: RetentionSettings) -> dict[Interval, float]:
    return {
        Interval.S1: settings.candles_1s_days,
        Interval.M1: settings.candles_1m_days,
        Interval.M5: settings.candles_5m_days,
        Interval.M15: settings.candles_15m_days,
        Interval.H1: settings.candles_1h_days,
        Interval.D1: settings.candles_1d_days,
    }


def newest_of(books: Sequence[Readable]) -> list[tuple[str, int]]:
    """Return every key with the time of its newest observation."""
    return [(key, book.newest_us(key)) for book in books for key in book.keys()]
