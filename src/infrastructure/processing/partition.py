"""One partition: a channel, the states of its keys, and the worker that applies observations from one to the other.

Single writer: only `work` touches the book. Invariant, whenever the event loop is free: what has left the channel and
was not dropped is processed or failed.
"""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import structlog

from application.ports.clock import Clock
from domain.book import Applied, Book
from domain.columns import Columns
from infrastructure.processing.channel import Channel
from infrastructure.processing.latency import Latency
from infrastructure.processing.throughput import Throughput

# Observations per batch: more while a batch takes less than half of a turn, fewer once it takes more than a turn.
_BATCH_MIN, _BATCH_MAX = 256, 4096
# All workers together use at most about this long per turn of the event loop.
_TURN_SECONDS = 0.004
_LOGGED_KEYS_MAX = 1000

_log = structlog.stdlib.get_logger(__name__)


class Recorder(Protocol):
    """Records what was applied, in order."""

    @property
    def is_crowded(self) -> bool:
        """Whether to wait for room before applying more."""
        ...

    async def wait_for_room(self) -> None: ...

    def record(self, columns: Columns, applied: Applied, /) -> None: ...


class EventSink(Protocol):
    async def publish(self, events: Sequence[Any], /) -> None:
        """Publish events. May be called again with the same ones after an error."""
        ...


class ChangeNotice(Protocol):
    """Notified of every batch that was applied."""

    def mark(self, keys: Iterable[str], events: Sequence[Any]) -> None: ...

    def see(self, columns: Columns) -> None: ...


class Partition:
    """index: its number, from 0; `partitions`: how many there are. recorder, notice, throughput: shared by all of them.

    The counters count observations, except `events`, `restarts` and the `seconds` of work.
    """

    def __init__(
        self,
        index: int,
        channel: Channel,
        book: Book,
        sink: EventSink,
        recorder: Recorder,
        notice: ChangeNotice,
        clock: Clock,
        throughput: Throughput,
        partitions: int,
    ) -> None:
        self.index = index
        self.channel = channel
        self.book = book
        self.processed = 0
        self.failed = 0
        self.late = 0
        self.events = 0
        self.restarts = 0
        self.seconds = 0.0
        self.latency = Latency()
        self.throughput = throughput
        self._sink = sink
        self._recorder = recorder
        self._notice = notice
        self._clock = clock
        self._turn_seconds = _TURN_SECONDS / partitions
        self._batch_max = _BATCH_MIN
        self._unpublished: list[Any] = []
        self._logged: set[str] = set()

    async def work(self) -> None:
        """Drain the channel in batches until it is closed and empty.

        Whatever this raises, nothing is lost: a batch is applied before anything can fail, and events are kept until
        the sink has accepted them. A restart resumes where it stopped.
        """
        await self._publish()
        turn_end = self.seconds + self._turn_seconds
        while batch := await self.channel.take(self._batch_max):
            self._apply(batch)
            if self._unpublished:
                await self._publish()
            if self._recorder.is_crowded:
                await self._recorder.wait_for_room()
            if self.seconds >= turn_end and len(self.channel):
                # Yield to intake, readers, subscribers and the other partitions.
                await asyncio.sleep(0)
                turn_end = self.seconds + self._turn_seconds

    def count_restart(self) -> None:
        self.restarts += 1

    def _apply(self, batch: Columns) -> None:
        start = self._clock.monotonic()
        applied = self.book.apply(batch)
        self._recorder.record(batch, applied)
        self._notice.mark(batch.keys, applied.events)
        self._notice.see(batch)
        if applied.updates:
            self._notice.mark((), applied.updates)
        self.processed += applied.processed
        self.failed += len(applied.failures)
        self.late += applied.late
        self.events += len(applied.events)
        self._unpublished += applied.events
        self._unpublished += applied.updates
        for key, failure in (*applied.failures, *applied.troubles):
            self._log_once(key, failure)
        now = self._clock.monotonic()
        took = now - start
        self.seconds += took
        if took > self._turn_seconds:
            self._batch_max = max(self._batch_max // 2, _BATCH_MIN)
        elif len(batch) == self._batch_max and took < self._turn_seconds / 2:
            self._batch_max = min(self._batch_max * 2, _BATCH_MAX)
        self.throughput.add(now, applied.processed)
        for moment, ticks in self.channel.settle():
            self.latency.observe(now - moment, ticks)

    async def _publish(self) -> None:
        if self._unpublished:
            await self._sink.publish(self._unpublished)
            self._unpublished = []

    def _log_once(self, key: str, failure: Exception) -> None:
        if key not in self._logged and len(self._logged) < _LOGGED_KEYS_MAX:
            self._logged.add(key)
            _log.error("observation failed", key=key, partition=self.index, exc_info=failure)
