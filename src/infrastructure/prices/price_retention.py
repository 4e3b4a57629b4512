"""Prunes candles, anomalies and moves."""

from collections.abc import Awaitable, Sequence

from application.ports.clock import Clock
from infrastructure.prices.price_store import Kind, PriceStore
from infrastructure.processing.snapshots import Readable
from infrastructure.settings import RetentionSettings
from infrastructure.storage.candle_retention import CandleRetention, newest_of
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
        self._candles = CandleRetention(store, books, clock, settings)

    async def prune(self) -> None:
        await self._candles.prune()
        for kind in _KINDS:
            await self._prune_events(kind)

    async def _prune_events(self, kind: Kind) -> None:
        store, days = self._store, self._settings.anomalies_days
        over_us = await store.events_over(kind, self._settings.anomalies_max)
        if over_us is not None:
            moment = over_us
            await step_by_step(self._clock, lambda: store.prune_events(kind, None, moment, _ROWS_A_STEP), _ROWS_A_STEP)
        for symbol, newest_us in newest_of(self._books) if days else ():
            aged_us = newest_us - int(days * _DAY_US)

            def step(symbol: str = symbol, moment: int = aged_us) -> Awaitable[int]:
                return store.prune_events(kind, symbol, moment, _ROWS_A_STEP)

            await step_by_step(self._clock, step, _ROWS_A_STEP)
