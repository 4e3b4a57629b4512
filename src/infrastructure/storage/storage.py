"""Storage as a whole: what it takes to begin and to end with it, and what there is without it."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Protocol

from application.errors import HistoryDisabled, StorageFailed
from application.ports.clock import Clock
from application.ports.history import CandlePage, ExplainedAnomaly, TickPage, TickPlace
from application.ports.journal import FirstAnswer
from domain.candle import Interval
from domain.symbol_book import Applied, SymbolBook
from domain.ticks import Ticks
from infrastructure.processing.latency import Latency
from infrastructure.processing.tick_ids import TickIds
from infrastructure.repositories.stored_anomalies import StoredAnomalies
from infrastructure.storage.first_answers import JournalledAnswers
from infrastructure.storage.journal import Journal
from infrastructure.storage.recovery import recover
from infrastructure.storage.retention import Retention
from infrastructure.storage.store import Store


class Storage(Protocol):
    async def start(self) -> None:
        """Bring back what is stored. Raises StoreRefused, StoreFailed or Corrupt."""
        ...

    async def stop(self) -> None:
        """Store the rest; for when nothing is recorded any more."""
        ...


class RunningStorage:
    """The parts are those of the service; `start` fills them."""

    def __init__(
        self,
        store: Store,
        journal: Journal,
        books: Sequence[SymbolBook],
        answers: JournalledAnswers,
        tick_ids: TickIds,
        anomalies: StoredAnomalies,
        retention: Retention,
        clock: Clock,
    ) -> None:
        self._store = store
        self._journal = journal
        self._books = books
        self._answers = answers
        self._ids = tick_ids
        self._anomalies = anomalies
        self._retention = retention
        self._clock = clock
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        await self._store.open()
        await recover(self._store, self._books, self._journal)
        since_us = self._clock.now_us() - self._ids.window_us
        self._answers.recover(await self._store.answers(since_us))
        async for written_us, block in self._store.blocks_with_ids(since_us):
            self._ids.sort_out(block.ticks, written_us)
        await self._anomalies.recover()
        self._tasks = [asyncio.create_task(work) for work in (self._journal.run(), self._retention.run())]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        if self._tasks:
            await self._journal.close()
        await self._store.close()


class NoStorage:
    async def start(self) -> None:
        pass

    async def stop(self) -> None:
        pass


class NoJournal:
    """The journal of a service that keeps nothing."""

    failure = "it is switched off"
    is_crowded = False
    is_complete = True
    lost = 0
    unwritten = 0

    def __init__(self) -> None:
        self.latency = Latency()

    async def wait_for_room(self) -> None:
        pass

    def record(self, ticks: Ticks, applied: Applied) -> None:
        pass

    def remember(self, answer: FirstAnswer) -> None:
        pass

    async def committed(self) -> None:
        raise StorageFailed(self.failure, taken=True)


class NoHistory:
    """The past of a service that keeps nothing."""

    async def ticks(self, symbol: str, from_us: int, to_us: int, after: TickPlace | None, limit: int) -> TickPage:
        raise HistoryDisabled

    async def candles(self, symbol: str, interval: Interval, from_us: int, to_us: int, limit: int) -> CandlePage:
        raise HistoryDisabled

    async def anomaly(self, anomaly_id: str) -> ExplainedAnomaly | None:
        raise HistoryDisabled
