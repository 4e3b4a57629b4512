"""Spreads ticks over partitions, and keeps the accounts.

One event loop. Invariant, whenever the loop is free: received = accepted + rejected + duplicates, and
accepted = processed + dropped + queued + failed.
"""

import asyncio
import zlib
from collections.abc import Sequence
from math import inf

import structlog

from application.errors import Draining, FieldError, QueueFull, QueueOverflowed
from application.ports.clock import Clock
from application.ports.market_data_processor import (
    PartitionStatistics,
    Patience,
    ProcessingStatistics,
    Submitted,
)
from domain.ticks import Ticks
from infrastructure.processing.channel import Channel, FullMode
from infrastructure.processing.partition import Partition
from infrastructure.processing.supervisor import supervise
from infrastructure.processing.throughput import Throughput
from infrastructure.processing.tick_ids import TickIds

_log = structlog.stdlib.get_logger(__name__)

_ONE_ACCEPTED = Submitted(1)

# What tells whether ticks were taken from a channel or dropped.
Watches = list[asyncio.Future[bool]]


def partition_of(symbol: str, partitions: int) -> int:
    """The same in every process and on every machine."""
    return zlib.crc32(symbol.encode()) % partitions


class PartitionedProcessor:
    """The `MarketDataProcessor` of this process.

    symbols_max: a new symbol beyond that many is refused, the known ones go on.
    max_hold_seconds: how long a sender of limited patience waits for room.
    shutdown_deadline_seconds: how long `stop` lets the workers drain.
    """

    def __init__(
        self,
        partitions: Sequence[Partition],
        throughput: Throughput,
        tick_ids: TickIds,
        clock: Clock,
        symbols_max: int,
        max_hold_seconds: float,
        shutdown_deadline_seconds: float,
    ) -> None:
        self._partitions = partitions
        self._throughput = throughput
        self._ids = tick_ids
        self._clock = clock
        self._symbols_max = symbols_max
        self._max_hold_seconds = max_hold_seconds
        self._shutdown_deadline_seconds = shutdown_deadline_seconds
        self._assigned: dict[str, int] = {}
        self._supervisors: list[asyncio.Task[None]] = []
        self._open = False
        self._received = 0
        self._accepted = 0
        self._rejected = 0
        self._duplicates = 0
        # Requests whose ticks have ids and are not all in the queues yet.
        self._placing: set[asyncio.Future[None]] = set()

    @property
    def is_running(self) -> bool:
        """Whether ticks are taken and every partition has its supervisor."""
        return self._open and all(not supervisor.done() for supervisor in self._supervisors)

    def start(self) -> None:
        if self._supervisors:
            raise RuntimeError("the processor has been started before")
        # Symbols that were recovered have their places.
        self._assigned = {symbol: each.index for each in self._partitions for symbol in each.book.symbols()}
        self._open = True
        self._supervisors = [
            asyncio.create_task(
                supervise(partition.work, self._clock, partition.count_restart, partition=partition.index)
            )
            for partition in self._partitions
        ]

    def drain(self) -> None:
        """Take no more ticks; those accepted go on."""
        self._open = False
        for partition in self._partitions:
            partition.channel.close()

    async def stop(self) -> int:
        """Drain, for as long as the deadline allows; how many ticks are left unprocessed."""
        self.drain()
        deadline = asyncio.create_task(self._clock.sleep(self._shutdown_deadline_seconds))
        drained = asyncio.create_task(self._drained())
        await asyncio.wait([drained, deadline], return_when=asyncio.FIRST_COMPLETED)
        for task in (deadline, drained, *self._supervisors):
            task.cancel()
        await asyncio.wait([deadline, drained, *self._supervisors])
        left = sum(len(partition.channel) for partition in self._partitions)
        if left:
            _log.error("shutdown deadline passed before all ticks were processed", unprocessed=left)
        return left

    def reject(self, ticks: int) -> None:
        self._received += ticks
        self._rejected += ticks

    async def submit(
        self, ticks: Ticks, patience: Patience = Patience.LIMITED, until_processed: bool = False
    ) -> Submitted:
        if not self._open:
            self.reject(len(ticks))
            raise Draining
        watches: Watches | None = [] if until_processed else None
        if ticks.ids is not None and (known := self._ids.sort_out(ticks, self._clock.now_us())):
            return await self._submit_without(ticks, known, patience, watches)
        submitted = await self._submit(ticks, patience, watches)
        if watches is not None:
            await _all_taken(watches)
        return submitted

    async def _submit_without(
        self, ticks: Ticks, known: list[int], patience: Patience, watches: Watches | None
    ) -> Submitted:
        """Submit all but the duplicates, which stand where `known` says."""
        if watches is not None and self._placing:
            # The first of them may still wait for room, and then not get any.
            try:
                await asyncio.wait(list(self._placing))
                if not self._open:
                    self.reject(len(ticks))
                    raise Draining
            except BaseException:
                # The others have not been taken either, and may come again.
                self._ids.forget(ticks.without(set(known)))
                raise
            claimed = self._ids.claim(ticks, known, self._clock.now_us())
            known = [at for at in known if at not in claimed]
        self._received += len(known)
        self._duplicates += len(known)
        if watches is not None:
            # The first of them may still be in line.
            for at in known:
                index = self._assigned.get(ticks.symbols[at])
                if index is not None:
                    channel = self._partitions[index].channel
                    watches.append(channel.watch(channel.head))
        places = set(known)
        rest = [at for at in range(len(ticks)) if at not in places]
        submitted = await self._submit(ticks.without(places), patience, watches) if rest else Submitted(0)
        if watches is not None:
            await _all_taken(watches)
        refused = tuple(error.at(rest[error.index or 0]) for error in submitted.refused)
        return Submitted(submitted.accepted, refused, len(known))

    async def _submit(self, ticks: Ticks, patience: Patience, watches: Watches | None) -> Submitted:
        added: list[str] = []
        lines, refused = self._by_partition(ticks, added)
        if refused and ticks.ids is not None:
            self._ids.forget(Ticks.of(ticks[error.index or 0] for error in refused))
        accepted = 0
        taken_of: dict[int, int] = {}
        placed = self._begin_placing(ticks)
        ahead = dict(lines)
        try:
            for index, line in lines.items():
                channel = self._partitions[index].channel
                count = len(line.symbols)
                del ahead[index]
                if self._open and channel.has_room(count):
                    taken = self._put(channel, line, watches)
                else:
                    taken = await self._put_waiting(channel, line, patience, watches)
                accepted += taken
                if taken < count:
                    taken_of[index] = taken
        finally:
            # Some are left where the sender was cancelled while it waited.
            for line in ahead.values():
                self._ids.forget(line)
            if placed is not None:
                self._placing.discard(placed)
                placed.set_result(None)
        if taken_of:
            without_room = self._without_room(ticks, taken_of)
            self._forget_untaken(ticks, without_room, added)
            if accepted == 0:
                raise QueueFull if self._open else Draining
            refused += without_room
        return Submitted(accepted, tuple(refused)) if refused or accepted != 1 else _ONE_ACCEPTED

    def statistics(self) -> ProcessingStatistics:
        partitions = self._partitions
        return ProcessingStatistics(
            received=self._received,
            accepted=self._accepted,
            rejected=self._rejected,
            duplicates=self._duplicates,
            processed=sum(partition.processed for partition in partitions),
            dropped=sum(partition.channel.dropped for partition in partitions),
            queued=sum(len(partition.channel) for partition in partitions),
            failed=sum(partition.failed for partition in partitions),
            late=sum(partition.late for partition in partitions),
            anomalies=sum(partition.anomalies for partition in partitions),
            active_symbols=sum(len(partition.book) for partition in partitions),
            throughput_per_second=self._throughput.per_second(self._clock.monotonic()),
            partitions=tuple(_statistics_of(partition) for partition in partitions),
        )

    def _begin_placing(self, ticks: Ticks) -> asyncio.Future[None] | None:
        """Tell that ticks with ids are on their way into the queues."""
        if ticks.ids is None:
            return None
        placed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._placing.add(placed)
        return placed

    async def _drained(self) -> None:
        await asyncio.wait(self._supervisors)

    def _by_partition(self, ticks: Ticks, added: list[str]) -> tuple[dict[int, Ticks], list[FieldError]]:
        """The ticks of each partition in their order, and an error for each that is over the symbol limit.

        Symbols that are new are put into `added`.
        """
        assigned = self._assigned
        if len(ticks) == 1 and (only := assigned.get(ticks.symbols[0])) is not None:
            return {only: ticks}, []
        refused: list[FieldError] = []
        places = set(map(assigned.get, ticks.symbols))
        if None in places:
            # In order of arrival: where there is room for some only, the first get it.
            for symbol in dict.fromkeys(ticks.symbols):
                if symbol not in assigned and len(assigned) < self._symbols_max:
                    assigned[symbol] = partition_of(symbol, len(self._partitions))
                    added.append(symbol)
            refused = [
                self._over_symbol_limit(position)
                for position, symbol in enumerate(ticks.symbols)
                if symbol not in assigned
            ]
            self.reject(len(refused))
            places = set(map(assigned.get, ticks.symbols))
        if len(places) == 1 and (only := places.pop()) is not None:
            return {only: ticks}, refused
        return ticks.spread(list(map(assigned.get, ticks.symbols))), refused

    def _put(self, channel: Channel, line: Ticks, watches: Watches | None) -> int:
        """Put ticks in line and count every one of them; how many, from the first, are accepted."""
        count = len(line.symbols)
        before = channel.tail
        taken = channel.offer(line, self._clock.monotonic())
        self._received += taken
        self._accepted += taken
        if taken < count:
            self.reject(count - taken)
            self._ids.forget(line.part(taken, count))
        if watches is not None:
            # What DROP_NEWEST dropped at once has never been in line.
            watches.append(channel.watch(before if channel.tail - before == taken else -1))
        return taken

    async def _put_waiting(self, channel: Channel, line: Ticks, patience: Patience, watches: Watches | None) -> int:
        """Put ticks in line as there is room for them, and those of an impatient sender at last by the queue's policy;
        how many, from the first, are accepted."""
        done = 0
        hold = inf if channel.mode is FullMode.WAIT else self._hold_seconds(patience)
        if hold == 0:
            return self._put(channel, line, watches)
        deadline = None if hold == inf else asyncio.ensure_future(self._clock.sleep(hold))
        try:
            async with channel.turn:
                while self._open and done < len(line):
                    before = channel.tail
                    taken = channel.offer(line.part(done, len(line)), self._clock.monotonic(), waits=True)
                    if watches is not None:
                        watches.append(channel.watch(before))
                    self._received += taken
                    self._accepted += taken
                    done += taken
                    if done < len(line) and not await channel.wait_for_room(deadline):
                        rest = line.part(done, len(line))
                        done = len(line)
                        return done - len(rest) + self._put(channel, rest, watches)
        finally:
            if deadline is not None:
                deadline.cancel()
            # The sender went away, or the service is going: what it did not get in was not accepted.
            self.reject(len(line) - done)
            self._ids.forget(line.part(done, len(line)))
        return done

    def _hold_seconds(self, patience: Patience) -> float:
        if patience is Patience.LIMITED:
            return self._max_hold_seconds
        return inf if patience is Patience.UNLIMITED else 0.0

    def _over_symbol_limit(self, position: int) -> FieldError:
        message = f"is new, and the limit of {self._symbols_max} symbols is reached"
        return FieldError("symbol", "symbol_limit", message, position)

    def _without_room(self, ticks: Ticks, taken_of: dict[int, int]) -> list[FieldError]:
        """One error for every tick behind the first `taken_of[partition]` of its partition."""
        errors = []
        seen = dict.fromkeys(taken_of, 0)
        for position, symbol in enumerate(ticks.symbols):
            index = self._assigned.get(symbol)
            if index in seen:
                seen[index] += 1
                if seen[index] > taken_of[index]:
                    errors.append(FieldError("", "queue_full", "the queue has no room for it", position))
        return errors

    def _forget_untaken(self, ticks: Ticks, without_room: Sequence[FieldError], added: Sequence[str]) -> None:
        """Give back the places of symbols that came new with these ticks and of which none was taken."""
        left = {error.index for error in without_room}
        taken = {symbol for position, symbol in enumerate(ticks.symbols) if position not in left}
        for symbol in added:
            # A symbol with statistics is not new, whoever brought it.
            if symbol not in taken and symbol not in self._partitions[self._assigned[symbol]].book:
                del self._assigned[symbol]


async def _all_taken(watches: Watches) -> None:
    """Wait until ticks have left their channels. Raises QueueOverflowed if some were dropped."""
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
