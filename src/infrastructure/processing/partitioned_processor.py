"""Distributes observations over partitions, and keeps the accounts.

One event loop. Invariant, whenever the loop is free: received = accepted + rejected + duplicates, and
accepted = processed + dropped + queued + failed.
"""

import asyncio
from collections.abc import Sequence

import structlog

from application.errors import Draining, QueueFull, QueueOverflowed
from application.ports.clock import Clock
from application.ports.processor import PartitionStatistics, Patience, ProcessingStatistics, Submitted
from domain.columns import Columns
from infrastructure.processing.partition import Partition
from infrastructure.processing.placement import Placement
from infrastructure.processing.queueing import Queueing, Watches
from infrastructure.processing.seen_ids import SeenIds
from infrastructure.processing.supervisor import supervise
from infrastructure.processing.throughput import Throughput

_log = structlog.stdlib.get_logger(__name__)

_ONE_ACCEPTED = Submitted(1)


class PartitionedProcessor:
    """The `Processor` of one subject in this process.

    shutdown_deadline_seconds: how long `stop` waits for the workers to drain.
    """

    def __init__(
        self,
        partitions: Sequence[Partition],
        placement: Placement,
        queueing: Queueing,
        throughput: Throughput,
        seen_ids: SeenIds,
        clock: Clock,
        shutdown_deadline_seconds: float,
    ) -> None:
        self._partitions = partitions
        self._placement = placement
        self._queueing = queueing
        self._throughput = throughput
        self._ids = seen_ids
        self._clock = clock
        self._shutdown_deadline_seconds = shutdown_deadline_seconds
        self._supervisors: list[asyncio.Task[None]] = []
        # Requests with ids that are not fully enqueued yet.
        self._placing: set[asyncio.Future[None]] = set()
        self.reject = queueing.reject

    @property
    def is_running(self) -> bool:
        """Whether observations are accepted and every partition has a running supervisor."""
        return self._queueing.is_open and all(not supervisor.done() for supervisor in self._supervisors)

    def start(self) -> None:
        if self._supervisors:
            raise RuntimeError("the processor has been started before")
        self._placement.recover()
        self._queueing.is_open = True
        self._supervisors = [
            asyncio.create_task(
                supervise(partition.work, self._clock, partition.count_restart, partition=partition.index)
            )
            for partition in self._partitions
        ]

    def drain(self) -> None:
        """Accept nothing more; accepted observations are still processed."""
        self._queueing.is_open = False
        for partition in self._partitions:
            partition.channel.close()

    async def stop(self) -> int:
        """Drain until the deadline. Return how many observations are left unprocessed."""
        self.drain()
        deadline = asyncio.create_task(self._clock.sleep(self._shutdown_deadline_seconds))
        drained = asyncio.create_task(self._drained())
        await asyncio.wait([drained, deadline], return_when=asyncio.FIRST_COMPLETED)
        for task in (deadline, drained, *self._supervisors):
            task.cancel()
        await asyncio.wait([deadline, drained, *self._supervisors])
        left = sum(len(partition.channel) for partition in self._partitions)
        if left:
            _log.error("shutdown deadline passed before all was processed", unprocessed=left)
        return left

    async def submit(
        self,
        columns: Columns,
        patience: Patience = Patience.LIMITED,
        until_processed: bool = False,
        sender: str = "",
    ) -> Submitted:
        if not self._queueing.is_open:
            self.reject(len(columns))
            raise Draining
        watches: Watches | None = [] if until_processed else None
        if len(columns) == 1 and columns.ids is None:
            # The busiest case: one observation of a known key, and there is room.
            partition = self._placement.partition_of(columns.keys[0])
            if partition is not None and partition.channel.has_room(1):
                self._queueing.put(partition.channel, columns, watches)
                if watches is not None:
                    await _all_taken(watches)
                return _ONE_ACCEPTED
        if columns.ids is not None and (known := self._ids.register(columns, self._clock.now_us())):
            return await self._submit_without(columns, known, patience, watches, sender)
        submitted = await self._submit(columns, patience, watches, sender)
        if watches is not None:
            await _all_taken(watches)
        return submitted

    async def _submit_without(
        self, columns: Columns, known: list[int], patience: Patience, watches: Watches | None, sender: str
    ) -> Submitted:
        """Submit all but the duplicates, which are at the positions `known`."""
        if watches is not None and self._placing:
            # The originals may still be waiting for room, and then be refused.
            try:
                await asyncio.wait(list(self._placing))
                if not self._queueing.is_open:
                    self.reject(len(columns))
                    raise Draining
            except BaseException:
                # The others were not accepted either, and may be sent again.
                self._ids.forget(columns.without(set(known)))
                raise
            reclaimed = self._ids.reclaim(columns, known, self._clock.now_us())
            known = [at for at in known if at not in reclaimed]
        self._queueing.count_duplicates(len(known))
        if watches is not None:
            # The originals may still be queued.
            for at in known:
                partition = self._placement.partition_of(columns.keys[at])
                if partition is not None:
                    watches.append(partition.channel.watch(partition.channel.head))
        places = set(known)
        rest = [at for at in range(len(columns)) if at not in places]
        submitted = await self._submit(columns.without(places), patience, watches, sender) if rest else Submitted(0)
        if watches is not None:
            await _all_taken(watches)
        refused = tuple(error.at(rest[error.index or 0]) for error in submitted.refused)
        return Submitted(submitted.accepted, refused, len(known))

    async def _submit(self, columns: Columns, patience: Patience, watches: Watches | None, sender: str) -> Submitted:
        added: list[str] = []
        lines, refused = self._placement.spread(columns, added, sender)
        if refused:
            self.reject(len(refused))
            if columns.ids is not None:
                over = {error.index for error in refused}
                self._ids.forget(columns.without({at for at in range(len(columns)) if at not in over}))
        accepted = 0
        taken_of: dict[int, int] = {}
        placed = self._begin_placing(columns)
        # Those without room come last: a full partition does not hold up the others.
        ahead: dict[int, Columns] = {}
        queueing = self._queueing
        try:
            for index, line in lines.items():
                channel, count = self._partitions[index].channel, len(line)
                if queueing.is_open and channel.has_room(count):
                    accepted += queueing.put(channel, line, watches)
                else:
                    ahead[index] = line
            for index, line in list(ahead.items()):
                channel, count = self._partitions[index].channel, len(line)
                del ahead[index]
                taken = await queueing.put_waiting(channel, line, patience, watches)
                accepted += taken
                if taken < count:
                    taken_of[index] = taken
        finally:
            # Left over if the sender was cancelled while it waited.
            for line in ahead.values():
                self.reject(len(line))
                self._ids.forget(line)
            if placed is not None:
                self._placing.discard(placed)
                placed.set_result(None)
        if taken_of:
            without_room = self._placement.without_room(columns, taken_of)
            self._placement.give_back(columns, without_room, added)
            if accepted == 0:
                raise QueueFull if queueing.is_open else Draining
            refused += without_room
        return Submitted(accepted, tuple(refused))

    def statistics(self) -> ProcessingStatistics:
        partitions, queueing = self._partitions, self._queueing
        return ProcessingStatistics(
            received=queueing.received,
            accepted=queueing.accepted,
            rejected=queueing.rejected,
            duplicates=queueing.duplicates,
            processed=sum(partition.processed for partition in partitions),
            dropped=sum(partition.channel.dropped for partition in partitions),
            queued=sum(len(partition.channel) for partition in partitions),
            failed=sum(partition.failed for partition in partitions),
            late=sum(partition.late for partition in partitions),
            events=sum(partition.events for partition in partitions),
            active_keys=sum(len(partition.book) for partition in partitions),
            throughput_per_second=self._throughput.per_second(self._clock.monotonic()),
            partitions=tuple(_statistics_of(partition) for partition in partitions),
        )

    def _begin_placing(self, columns: Columns) -> asyncio.Future[None] | None:
        """Register that observations with ids are being enqueued."""
        if columns.ids is None:
            return None
        placed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._placing.add(placed)
        return placed

    async def _drained(self) -> None:
        await asyncio.wait(self._supervisors)


async def _all_taken(watches: Watches) -> None:
    """Wait until observations have left their channels. Raises QueueOverflowed if any were dropped."""
    if not all([await watch for watch in watches]):
        raise QueueOverflowed


def _statistics_of(partition: Partition) -> PartitionStatistics:
    latency = partition.latency
    return PartitionStatistics(
        partition=partition.index,
        queued=len(partition.channel),
        capacity=partition.channel.capacity,
        processed=partition.processed,
        dropped=partition.channel.dropped,
        failed=partition.failed,
        restarts=partition.restarts,
        latency_mean_ms=1000 * latency.mean(),
        latency_p50_ms=1000 * latency.quantile(0.5),
        latency_p99_ms=1000 * latency.quantile(0.99),
    )
