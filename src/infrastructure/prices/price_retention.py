"""Prunes candles, anomalies and moves."""

from collections.abc import Awaitable, Sequence

from application.ports.clock import Clock
from domain.prices.candle import Interval
from infrastructure.prices.candle_chunks import CHUNK
from infrastructure.prices.price_store import Kind, PriceStore
from infrastructure.processing.snapshots import Readable
from infrastructure.settings import RetentionSettings
from infrastructure.storage.retention import step_by_step

_ROWS_A_STEP = 500
_DAY_US = 86_400_000_000
_KINDS: tuple[Kind, ...] = ("anomalies", "moves")


class PriceRetention:
    """The `Pruner` of prices.

    The age is relative to the newest tick of their symbol, so that a replayed recording of the
    past is not pruned at once.
    """

    def __init__(self, store: PriceStore, books: Sequence[Readable], clock: Clock, settings: RetentionSettings) -> None:
        self._store = store
        self._books = books
        self._clock = clock
        self._settings = settings

    async def prune(self) -> None:
        for interval, days in self._candle_days().items():
            await self._prune_candles(interval, days)
        for kind in _KINDS:
            await self._prune_events(kind)

    async def _prune_candles(self, interval: Interval, days: float) -> None:
        store = self._store
        over_us = await store.candles_over(interval, self._settings.candles_max_chunks)
        for symbol, newest_us in self._newest():
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

    async def _prune_events(self, kind: Kind) -> None:
        store, days = self._store, self._settings.anomalies_days
        over_us = await store.events_over(kind, self._settings.anomalies_max)
        if over_us is not None:
            moment = over_us
            await step_by_step(self._clock, lambda: store.prune_events(kind, None, moment, _ROWS_A_STEP), _ROWS_A_STEP)
        for symbol, newest_us in self._newest() if days else ():
            aged_us = newest_us - int(days * _DAY_US)

            def step(symbol: str = symbol, moment: int = aged_us) -> Awaitable[int]:
                return store.prune_events(kind, symbol, moment, _ROWS_A_STEP)

            await step_by_step(self._clock, step, _ROWS_A_STEP)

    def _newest(self) -> list[tuple[str, int]]:
        """Return every symbol with the time of its newest tick."""
        return [(symbol, book.newest_us(symbol)) for book in self._books for symbol in book.keys()]

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
