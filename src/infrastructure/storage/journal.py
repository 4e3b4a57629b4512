"""Takes what was processed to the store, a batch at a time.

One event loop. Invariant: what is recorded and not yet written is in `_batch`, or in what the next one is made of, or
counted in `lost`.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from application.errors import StorageFailed
from application.ports.clock import Clock
from application.ports.journal import StoredAnswer
from infrastructure.processing.latency import Latency
from infrastructure.storage.checkpoints import Checkpoints
from infrastructure.storage.payloads import Corrupt
from infrastructure.storage.records import Batch, LogBlock, LoggedEvent, Position
from infrastructure.storage.store import Store, StoreFailed
from infrastructure.storage.subject_log import SubjectLog
from infrastructure.subject import Aggregates, Subject

_AGGREGATES_SECONDS = 5.0
# Writing aggregates takes at most this share of the time.
_AGGREGATES_SHARE = 0.1
_RETRY_SECONDS = 1.0
# Keys whose states and aggregates are written at the end: about two seconds for as many.
_CLOSING_KEYS_MAX = 10_000

_log = structlog.stdlib.get_logger(__name__)


@dataclass(slots=True, eq=False)
class Lot:
    """Aggregates of a subject that may not be stored yet. seq: the last block in them, once that is settled."""

    aggregates: Aggregates
    seq: int | None = None


class Journal:
    """The journal of this process, for all subjects.

    flush_seconds: how long what was recorded waits for company before it is written.
    unwritten_max: observations kept while they cannot be written. Beyond that, while the store is merely slow the
        workers wait, and while it fails observations go neither into the log nor into aggregates, which is counted in
        `lost`; the states of their keys are written once it works again.
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
        # The block behind which rounds of checkpoints hold what was lost; None while observations are being lost.
        self._complete_from: int | None = 0
        self._retry_at = 0.0
        self._recover_from = 0
        self._next_aggregates = 0.0
        self._logs = {subject.name: SubjectLog(subject, self) for subject in subjects}
        self._lots = {name: Lot(log.aggregates) for name, log in self._logs.items() if log.aggregates is not None}
        self._answers: list[StoredAnswer] = []
        self._waiting: list[asyncio.Future[None]] = []
        # On their way to the store.
        self._lots_under_way: dict[str, Lot] = {}
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
        """Whether the store makes up for every tick that was lost: by states written since."""
        return not self.lost or (self._complete_from is not None and self._recover_from > self._complete_from)

    @property
    def unwritten(self) -> int:
        """Observations recorded and not yet on disk, those lost not among them."""
        recorded = sum([log.blocks.count for log in self._logs.values()])
        return recorded + (0 if self._batch is None else self._batch.count)

    @property
    def is_crowded(self) -> bool:
        """Whether workers should wait for the store, which is slow and not failing."""
        return self._failure is None and self.unwritten > self._unwritten_max // 2

    async def wait_for_room(self) -> None:
        while self.is_crowded:
            self._room.clear()
            await self._room.wait()

    def recorder(self, subject: str) -> SubjectLog:
        """What takes over what the partitions of a subject have applied."""
        return self._logs[subject]

    def resume_from(self, position: Position) -> None:
        """Continue a log. What its blocks behind `position.candles_seq` add up to is in the recorders' aggregates."""
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

    async def committed(self) -> None:
        if self._failure is not None:
            raise StorageFailed(self._failure, taken=True)
        waiting = asyncio.get_running_loop().create_future()
        self._waiting.append(waiting)
        self._urgent.set()
        await waiting

    def lots(self, subject: str) -> list[Lot]:
        """The aggregates of a subject that may not be stored yet, old to new."""
        under_way = self._lots_under_way.get(subject)
        return [self._lots[subject]] if under_way is None else [under_way, self._lots[subject]]

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            if not self._urgent.is_set():
                await self._pause()
            self._urgent.clear()
            await self._flush()

    async def close(self) -> None:
        """Write all that there is; for when nothing is recorded any more.

        With every state and aggregate, unless there are so many keys that it would take longer than a shutdown may:
        then the log has them, and the next start takes them from there.
        """
        if self._under_way is not None:
            await asyncio.wait([self._under_way])
        if self._batch is not None:
            # Once more, if it had begun: the store passes over what it has.
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
            # Not waited for: a cancellation of this very task would be taken for theirs.
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
        if batch.count or batch.answers or batch.states or batch.aggregates is not None or moved:
            await self._write(batch)
        else:
            self._number -= 1
            self._settle(None)

    def _make_batch(self, closing: bool = False) -> Batch:
        """Of everything that is there at this moment: nothing else runs while it is made."""
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
        )
        self._answers = []
        self._batch_waiting, self._waiting = self._waiting, []
        self._last_seq = batch.last_seq
        if closing:
            batch.states, batch.recover_from = self._checkpoints.take_all(), batch.last_seq
        else:
            batch.states, batch.recover_from = self._checkpoints.take(batch.last_seq)
        if closing or self._clock.monotonic() >= self._next_aggregates:
            self._take_aggregates(batch)
        return batch

    def _take_aggregates(self, batch: Batch) -> None:
        if not any(lot.aggregates.count for lot in self._lots.values()):
            return
        self._lots_under_way = self._lots
        self._lots = {}
        for name, lot in self._lots_under_way.items():
            lot.seq = batch.last_seq
            self._logs[name].take_aggregates()
            following = self._logs[name].aggregates
            assert following is not None, "a subject that keeps aggregates goes on to"
            self._lots[name] = Lot(following)
        batch.aggregates = {name: lot.aggregates for name, lot in self._lots_under_way.items()}

    async def _write(self, batch: Batch) -> None:
        self._batch = batch
        start = self._clock.monotonic()
        # What has begun goes on to its end, whoever is cancelled.
        self._under_way = asyncio.ensure_future(self._store.write(batch))
        try:
            await asyncio.shield(self._under_way)
        except (StoreFailed, Corrupt) as error:
            self._fail(str(error))
            return
        except Exception as error:
            # Whatever a store raises, the journal outlives it.
            _log.error("the store raised what it should not", exc_info=error)
            self._fail(type(error).__name__)
            return
        if batch.recover_from is not None:
            self._recover_from = batch.recover_from
        took = self._clock.monotonic() - start
        self.latency.observe(took)
        if batch.aggregates is not None:
            self._next_aggregates = start + max(_AGGREGATES_SECONDS, took / _AGGREGATES_SHARE)
            self._lots_under_way = {}
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
