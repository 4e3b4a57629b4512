"""Writes processed observations to the store, in batches.

One event loop. Invariant: what is recorded and not yet written is in `_batch`, or in what the next batch is made of, or
counted in `lost`. All of it is in this file, because this invariant spans all of it.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import structlog

from application.errors import StorageFailed
from application.ports.clock import Clock
from application.ports.journal import StoredAnswer
from infrastructure.processing.latency import Latency
from infrastructure.storage.checkpoints import Checkpoints
from infrastructure.storage.memories import Memories
from infrastructure.storage.payloads import Corrupt
from infrastructure.storage.records import Amendment, Batch, LogBlock, LoggedEvent, Position
from infrastructure.storage.store import Store, StoreFailed
from infrastructure.storage.subject_log import SubjectLog
from infrastructure.subject import Aggregates, Subject

_AGGREGATES_SECONDS = 5.0
# Maximum share of the time spent on writing aggregates.
_AGGREGATES_SHARE = 0.1
_RETRY_SECONDS = 1.0
# Most keys whose states and aggregates are written on close: about two seconds for that many.
_CLOSING_KEYS_MAX = 10_000

_log = structlog.stdlib.get_logger(__name__)


@dataclass(slots=True, eq=False)
class PendingAggregates:
    """Aggregates of a subject that may not be stored yet. seq: the last block in them, once that is known."""

    aggregates: Aggregates
    seq: int | None = None


class Journal:
    """The journal of this process, for all subjects.

    flush_seconds: how long recorded observations are batched before they are written.
    unwritten_max: observations kept while they cannot be written. While the store is merely slow, the workers wait
        from half of that, and from a fifth as many unwritten candles. While it fails, observations beyond it go neither
        into the log nor into aggregates, which is counted in `lost`, and the states of their keys are written once it
        works again.
    """

    def __init__(
        self,
        store: Store,
        checkpoints: Checkpoints,
        subjects: Sequence[Subject],
        clock: Clock,
        flush_seconds: float,
        unwritten_max: int,
    ) -> None:
        self.lost = 0
        self.latency = Latency()
        self._store = store
        self._checkpoints = checkpoints
        self._clock = clock
        self._flush_seconds = flush_seconds
        self._unwritten_max = unwritten_max
        self._last_seq = 0
        self._number = 0
        self._failure: str | None = None
        # The block after which rounds of checkpoints cover what was lost; None while observations are being lost.
        self._complete_from: int | None = 0
        self._retry_at = 0.0
        self._recover_from = 0
        self._next_aggregates = 0.0
        self._logs = {subject.name: SubjectLog(subject, self) for subject in subjects}
        self._pending = {
            name: PendingAggregates(log.aggregates) for name, log in self._logs.items() if log.aggregates is not None
        }
        self._answers: list[StoredAnswer] = []
        self._amendments: list[Amendment] = []
        self._memories = Memories(subjects)
        for subject in subjects:
            self.on_forget(subject.name, partial(checkpoints.forget, subject.name))
        self._waiting: list[asyncio.Future[None]] = []
        # Being written.
        self._in_flight: dict[str, PendingAggregates] = {}
        self._batch: Batch | None = None
        self._under_way: asyncio.Future[None] | None = None
        self._batch_waiting: list[asyncio.Future[None]] = []
        self._urgent = asyncio.Event()
        self._room = asyncio.Event()

    @property
    def failure(self) -> str | None:
        return self._failure

    @property
    def is_complete(self) -> bool:
        """Whether the store covers every lost tick, by states written since."""
        return not self.lost or (self._complete_from is not None and self._recover_from > self._complete_from)

    @property
    def unwritten(self) -> int:
        """Observations recorded and not yet on disk, excluding lost ones."""
        recorded = sum([log.blocks.count for log in self._logs.values()])
        return recorded + (0 if self._batch is None else self._batch.count)

    @property
    def is_crowded(self) -> bool:
        """Whether workers should wait for the store, which is slow but not failing."""
        return self._failure is None and (self.unwritten > self._unwritten_max // 2 or self._is_full_of_aggregates)

    @property
    def _is_full_of_aggregates(self) -> bool:
        """Whether aggregates are to be written before they are due: they can grow much faster than the clock runs."""
        return sum([each.aggregates.size for each in self._pending.values()]) > self._unwritten_max // 5

    async def wait_for_room(self) -> None:
        while self.is_crowded:
            self._room.clear()
            await self._room.wait()

    def recorder(self, subject: str) -> SubjectLog:
        """Return the recorder for a subject's partitions."""
        return self._logs[subject]

    def resume_from(self, position: Position) -> None:
        """Continue a log. The recorders' aggregates hold its blocks after `position.candles_seq`."""
        self._last_seq = position.last_seq
        self._number = position.batch
        self._recover_from = position.recover_from

    def admits(self, count: int) -> bool:
        if self._failure is None or self.unwritten + count <= self._unwritten_max:
            return True
        self.lost += count
        self._complete_from = None
        return False

    def remember(self, answer: StoredAnswer) -> None:
        self._answers.append(answer)
        if len(self._answers) > self._unwritten_max:
            del self._answers[0]

    def on_forget(self, subject: str, forget: Callable[[str], None]) -> None:
        """Call `forget` with every key of a subject that is forgotten."""
        self._memories.on_forget(subject, forget)

    async def forget(self, subject: str, key: str) -> None:
        if self._failure is not None:
            raise StorageFailed(self._failure, taken=False)
        self._memories.add(subject, key)
        await self.committed()

    def amend(self, amendment: Amendment) -> None:
        """Make a change at one moment, soon, whether the store works or not. `committed` waits until it is on disk."""
        self._amendments.append(amendment)
        self._urgent.set()

    def is_forgetting(self, subject: str, key: str) -> bool:
        return self._batch is not None and (subject, key) in self._batch.forgotten

    async def committed(self) -> None:
        if self._failure is not None:
            raise StorageFailed(self._failure, taken=True)
        waiting = asyncio.get_running_loop().create_future()
        self._waiting.append(waiting)
        self._urgent.set()
        await waiting

    def unwritten_aggregates(self, subject: str) -> list[PendingAggregates]:
        """Return the aggregates of a subject that may not be stored yet, oldest first."""
        under_way = self._in_flight.get(subject)
        return [self._pending[subject]] if under_way is None else [under_way, self._pending[subject]]

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            if not self._urgent.is_set():
                await self._pause()
            self._urgent.clear()
            await self._flush()

    async def close(self) -> None:
        """Write everything. Call it once recording has stopped.

        This includes every state and aggregate, unless there are so many keys that it would take longer than a shutdown
        may: then they are in the log, and the next start replays it.
        """
        if self._under_way is not None:
            await asyncio.wait([self._under_way])
        if self._batch is not None:
            # Again, if it had started: the store ignores what it already has.
            await self._write(self._batch)
        if self._failure is None:
            all_states = self._checkpoints.keys <= _CLOSING_KEYS_MAX or not self.is_complete
            await self._write(self._make_batch(closing=all_states))
        if self.unwritten:
            _log.error("not everything is on disk at the end", unwritten=self.unwritten, reason=self._failure)

    async def _pause(self) -> None:
        sleeping = asyncio.ensure_future(self._clock.sleep(self._flush_seconds))
        urged = asyncio.ensure_future(self._urgent.wait())
        try:
            await asyncio.wait((sleeping, urged), return_when=asyncio.FIRST_COMPLETED)
        finally:
            # Not awaited: a cancellation of this task would be mistaken for theirs.
            sleeping.cancel()
            urged.cancel()

    async def _flush(self) -> None:
        if self._batch is not None:
            if self._clock.monotonic() < self._retry_at:
                return
            await self._write(self._batch)
            if self._batch is not None:
                return
        batch = self._make_batch()
        moved = batch.recover_from not in (None, self._recover_from)
        changed = batch.count or batch.answers or batch.amendments or batch.forgotten or batch.states
        if changed or batch.aggregates is not None or moved:
            await self._write(batch)
        else:
            self._number -= 1
            self._settle(None)

    def _make_batch(self, closing: bool = False) -> Batch:
        """Make a batch of everything recorded so far; nothing else runs meanwhile."""
        self._number += 1
        count = 0
        blocks: list[LogBlock] = []
        events: dict[str, Sequence[LoggedEvent]] = {}
        for name, log in self._logs.items():
            count += log.blocks.count
            own, events[name] = log.take_blocks()
            blocks += own
        batch = Batch(
            number=self._number,
            written_us=self._clock.now_us(),
            first_seq=self._last_seq + 1,
            blocks=blocks,
            count=count,
            events=events,
            answers=self._answers,
            forgotten=self._forget_keys(),
        )
        self._answers = []
        batch.amendments, self._amendments = self._amendments, []
        for amendment in batch.amendments:
            amendment.apply(batch.last_seq)
        self._batch_waiting, self._waiting = self._waiting, []
        self._last_seq = batch.last_seq
        if closing:
            batch.states, batch.recover_from = self._checkpoints.take_all(), batch.last_seq
        else:
            batch.states, batch.recover_from = self._checkpoints.take(batch.last_seq)
        if closing or self._is_full_of_aggregates or self._clock.monotonic() >= self._next_aggregates:
            self._take_aggregates(batch)
        return batch

    def _forget_keys(self) -> list[tuple[str, str]]:
        """Forget keys in memory. All that was recorded of them is in blocks by now."""
        forgotten = self._memories.forget()
        for subject, key in forgotten:
            if subject in self._pending:
                self._pending[subject].aggregates.forget(key)
        return forgotten

    def _take_aggregates(self, batch: Batch) -> None:
        if not any(pending.aggregates.count for pending in self._pending.values()):
            return
        self._in_flight = self._pending
        self._pending = {}
        for name, pending in self._in_flight.items():
            pending.seq = batch.last_seq
            self._logs[name].take_aggregates()
            following = self._logs[name].aggregates
            assert following is not None, "a subject that keeps aggregates goes on to"
            self._pending[name] = PendingAggregates(following)
        batch.aggregates = {name: pending.aggregates for name, pending in self._in_flight.items()}
        self._room.set()

    async def _write(self, batch: Batch) -> None:
        self._batch = batch
        start = self._clock.monotonic()
        # A write that has started runs to its end, even if this task is cancelled.
        self._under_way = asyncio.ensure_future(self._store.write(batch))
        try:
            await asyncio.shield(self._under_way)
        except (StoreFailed, Corrupt) as error:
            self._fail(str(error))
            return
        except Exception as error:
            # The journal survives whatever a store raises.
            _log.error("the store raised what it should not", exc_info=error)
            self._fail(type(error).__name__)
            return
        if batch.recover_from is not None:
            self._recover_from = batch.recover_from
        took = self._clock.monotonic() - start
        self.latency.observe(took)
        if batch.aggregates is not None:
            self._next_aggregates = start + max(_AGGREGATES_SECONDS, took / _AGGREGATES_SHARE)
            self._in_flight = {}
        self._batch = None
        if self._failure is not None:
            _log.warning("the storage works again", lost=self.lost)
            self._failure = None
        if self._complete_from is None:
            self._complete_from = batch.last_seq
        self._settle(None)
        self._room.set()

    def _fail(self, reason: str) -> None:
        if self._failure is None:
            _log.error("the storage fails; observations are taken into memory", reason=reason)
        self._failure = reason
        self._retry_at = self._clock.monotonic() + _RETRY_SECONDS
        self._batch_waiting += self._waiting
        self._waiting = []
        self._settle(StorageFailed(reason, taken=True))
        self._room.set()

    def _settle(self, error: Exception | None) -> None:
        waiting: Sequence[asyncio.Future[None]] = self._batch_waiting
        self._batch_waiting = []
        for each in waiting:
            if each.done():
                continue
            if error is None:
                each.set_result(None)
            else:
                each.set_exception(error)
