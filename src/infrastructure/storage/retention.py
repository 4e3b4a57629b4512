"""Lets go of what is old, or too much, a little at a time."""

from collections.abc import Awaitable, Callable, Sequence

import structlog

from application.ports.clock import Clock
from domain.candle import Interval
from domain.symbol_book import SymbolBook
from infrastructure.settings import RetentionSettings
from infrastructure.storage.candle_chunks import CHUNK
from infrastructure.storage.payloads import Corrupt
from infrastructure.storage.store import Store, StoreFailed

_EVERY_SECONDS = 30.0
# Between two steps others get their turn at the store.
_PAUSE_SECONDS = 0.02
_BLOCKS_A_STEP = 64
_ROWS_A_STEP = 500
_DAY_US = 86_400_000_000
_MB = 1_048_576

_log = structlog.stdlib.get_logger(__name__)


class Retention:
    """Keeps the store within the settings.

    Ticks are as old as the time since they were written; candles and anomalies are as old as the newest tick of their
    symbol is newer, so that a recording of the past is not gone as soon as it is replayed. What a restart needs stays.

    keep_us: how long the log is kept whatever the settings say, for the ids in it.
    """

    def __init__(
        self, store: Store, books: Sequence[SymbolBook], clock: Clock, settings: RetentionSettings, keep_us: int
    ) -> None:
        self._store = store
        self._books = books
        self._clock = clock
        self._settings = settings
        self._keep_us = keep_us

    async def run(self) -> None:
        """Prune until cancelled."""
        while True:
            await self._clock.sleep(_EVERY_SECONDS)
            try:
                await self.prune()
            except (StoreFailed, Corrupt) as error:
                _log.warning("nothing was pruned", reason=str(error))

    async def prune(self) -> None:
        """Bring the store within the settings."""
        await self._prune_ticks()
        for interval, days in self._candle_days().items():
            await self._prune_candles(interval, days)
        await self._prune_anomalies()
        await self._store.prune_answers(self._clock.now_us() - self._keep_us)

    async def _prune_ticks(self) -> None:
        settings, store = self._settings, self._store
        now_us = self._clock.now_us()
        upto = await store.ticks_over(settings.ticks_max_mb * _MB)
        if settings.ticks_days:
            upto = max(upto, await store.ticks_written_before(now_us - int(settings.ticks_days * _DAY_US)))
        position = await store.position()
        needed = (position.recover_from, position.candles_seq, await store.ticks_written_before(now_us - self._keep_us))
        await self._step_by_step(lambda: store.prune_ticks(min(upto, *needed), _BLOCKS_A_STEP), _BLOCKS_A_STEP)

    async def _prune_candles(self, interval: Interval, days: float) -> None:
        store = self._store
        over_us = await store.candles_over(interval, self._settings.candles_max_chunks)
        for symbol, newest_us in self._newest():
            before_us = over_us
            if days:
                # A chunk goes when the last of its candles is too old.
                aged_us = newest_us - int(days * _DAY_US) - CHUNK * interval.width_us
                before_us = aged_us if over_us is None else max(aged_us, over_us)
            if before_us is not None:
                moment = before_us

                def step(symbol: str = symbol, moment: int = moment) -> Awaitable[int]:
                    return store.prune_candles(interval, symbol, moment, _ROWS_A_STEP)

                await self._step_by_step(step, _ROWS_A_STEP)

    async def _prune_anomalies(self) -> None:
        store, days = self._store, self._settings.anomalies_days
        over_us = await store.anomalies_over(self._settings.anomalies_max)
        if over_us is not None:
            moment = over_us
            await self._step_by_step(lambda: store.prune_anomalies(None, moment, _ROWS_A_STEP), _ROWS_A_STEP)
        for symbol, newest_us in self._newest() if days else ():
            aged_us = newest_us - int(days * _DAY_US)

            def step(symbol: str = symbol, moment: int = aged_us) -> Awaitable[int]:
                return store.prune_anomalies(symbol, moment, _ROWS_A_STEP)

            await self._step_by_step(step, _ROWS_A_STEP)

    async def _step_by_step(self, step: Callable[[], Awaitable[int]], limit: int) -> None:
        while await step() == limit:
            await self._clock.sleep(_PAUSE_SECONDS)

    def _newest(self) -> list[tuple[str, int]]:
        """Every symbol with the time of its newest tick."""
        return [(symbol, book.newest_us(symbol)) for book in self._books for symbol in book.symbols()]

    def _candle_days(self) -> dict[Interval, float]:
        settings = self._settings
        return {
            Interval.S1: settings.candles_1s_days,
            Interval.M1: settings.candles_1m_days,
            Interval.M5: settings.candles_5m_days,
            Interval.M15: settings.candles_15m_days,
            Interval.H1: settings.candles_1h_days,
            Interval.D1: settings.candles_1d_days,
        }
