"""Adds to the history that the members share, in PostgreSQL."""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

from application.ports.clock import Clock
from infrastructure.storage.records import HistoryPart, LogPlace
from infrastructure.storage.sql_store import SqlStore
from infrastructure.storage.store import StoreFailed
from infrastructure.subject import Subject

# A database that takes longer is as good as away: nothing is published meanwhile.
_SECONDS = 10.0

Result = TypeVar("Result")


class HistoryMoved(Exception):
    """Somebody else has added to the history of a partition."""


class HistoryWriter:
    """Used by the threads of the worker; the store works on the event loop that has called `start`.

    failure: why nothing can be added; None while something can.
    """

    def __init__(self, store: SqlStore, cluster: str, clock: Clock) -> None:
        self.failure: str | None = None
        self._store = store
        self._cluster = cluster
        self._clock = clock
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self) -> None:
        self._loop = asyncio.get_running_loop()

    def upto(self, subject: Subject, partition: int) -> int:
        """Return the first record of a partition's log that is not in the history. Raises StoreFailed."""
        return self._wait(self._store.history_upto(self._place(subject, partition)))

    def add(self, subject: Subject, partition: int, before: int, upto: int, parts: Sequence[HistoryPart]) -> None:
        """Add parts at once, which are the records from `before`, as it was read or added, up to another one.

        Raises:
            HistoryMoved: the history is not at `before`.
            StoreFailed: they are there, or not.
        """
        place = self._place(subject, partition)
        if not self._wait(self._store.add_history(place, before, upto, parts, self._clock.now_us())):
            raise HistoryMoved

    def _place(self, subject: Subject, partition: int) -> LogPlace:
        return LogPlace(self._cluster, subject.name, partition)

    def _wait(self, work: Coroutine[Any, Any, Result]) -> Result:
        assert self._loop is not None, "it has started"
        try:
            found = asyncio.run_coroutine_threadsafe(work, self._loop).result(_SECONDS)
        except TimeoutError:
            self.failure = "the database does not answer"
            raise StoreFailed(self.failure) from None
        except StoreFailed as failure:
            self.failure = str(failure)
            raise
        self.failure = None
        return found
