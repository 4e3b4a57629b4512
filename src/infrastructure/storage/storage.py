"""Storage as a whole: how it starts and stops, and what replaces it if it is disabled."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Protocol

from application.errors import StorageFailed
from application.ports.clock import Clock
from application.ports.journal import StoredAnswer
from domain.book import Applied, Book
from domain.columns import Columns
from infrastructure.processing.latency import Latency
from infrastructure.processing.seen_ids import SeenIds
from infrastructure.storage.journal import Journal
from infrastructure.storage.memories import Memories
from infrastructure.storage.records import Amendment
from infrastructure.storage.recovery import Follower, recover
from infrastructure.storage.retention import Retention
from infrastructure.storage.store import Store
from infrastructure.storage.stored_answers import JournalledAnswers
from infrastructure.subject import Subject


class Storage(Protocol):
    async def start(self) -> None:
        """Restore what is stored. Raises StoreRefused, StoreFailed or Corrupt."""
        ...

    async def stop(self) -> None:
        """Store the rest. Call it once recording has stopped."""
        ...


class Recovered(Protocol):
    """What a subject restores besides its books."""

    async def recover(self) -> None: ...


class RunningStorage:
    """The service's parts are passed in; `start` restores their state."""

    def __init__(
        self,
        store: Store,
        journal: Journal,
        books: Mapping[str, Sequence[Book]],
        answers: JournalledAnswers,
        seen_ids: Mapping[str, SeenIds],
        recovered: Sequence[Recovered],
        follower: Follower,
        retention: Retention,
        clock: Clock,
    ) -> None:
        self._store = store
        self._journal = journal
        self._books = books
        self._answers = answers
        self._ids = seen_ids
        self._recovered = recovered
        self._follower = follower
        self._retention = retention
        self._clock = clock
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        await self._store.open()
        await recover(self._store, self._books, self._journal, self._follower)
        since_us = self._clock.now_us() - max(ids.window_us for ids in self._ids.values())
        self._answers.recover(await self._store.answers(since_us))
        async for written_us, block in self._store.blocks_with_ids(since_us):
            self._ids[block.subject].register(block.columns, written_us)
        for each in self._recovered:
            await each.recover()
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
    """The journal of a service without storage."""

    failure = "it is switched off"
    is_crowded = False
    is_complete = True
    lost = 0
    unwritten = 0

    def __init__(self, subjects: Sequence[Subject]) -> None:
        self.latency = Latency()
        self._memories = Memories(subjects)

    async def wait_for_room(self) -> None:
        pass

    def record(self, columns: Columns, applied: Applied) -> None:
        pass

    def recorder(self, subject: str) -> "NoJournal":
        return self

    def remember(self, answer: StoredAnswer) -> None:
        pass

    def on_forget(self, subject: str, forget: Callable[[str], None]) -> None:
        self._memories.on_forget(subject, forget)

    async def forget(self, subject: str, key: str) -> None:
        self._memories.add(subject, key)
        self._memories.forget()

    def amend(self, amendment: Amendment) -> None:
        amendment.apply(0)

    def is_forgetting(self, subject: str, key: str) -> bool:
        return False

    async def committed(self) -> None:
        raise StorageFailed(self.failure, taken=True)
