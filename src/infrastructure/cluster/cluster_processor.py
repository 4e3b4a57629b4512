"""The processor of a gateway: it writes to the log, and the owners of the partitions process what is there."""

import asyncio
from collections.abc import Callable, Sequence

from application.errors import ChangePending, Draining, FieldError, QueueFull, StorageFailed
from application.ports.clock import Clock
from application.ports.processor import PartitionStatistics, Patience, ProcessingStatistics, Submitted
from domain.columns import Columns
from infrastructure.cluster.log_producer import Confirmation, LogProducer, confirmed
from infrastructure.cluster.read_model import ReadModel
from infrastructure.cluster.records import Accounts, Position
from infrastructure.processing.placement import partition_of
from infrastructure.subject import Subject

# Keys whose partitions are remembered.
_KEYS_MAX = 262_144


class ClusterProcessor:
    """The `Processor` of one subject on a gateway.

    What a gateway accepts is in the log; whether an id came before, and whether there is room for a key, is up to the
    owner of the partition. The accounts are those of the owners, with what this gateway has rejected. What is queued
    is the lag: of records that no owner has seen yet, the mean number of observations is assumed.

    positions: how far the partitions are, as far as it is known here. drain_seconds: how long `stop` waits.
    of_sender_max: new keys that one sender may bring by this gateway, since the start; 0 for no limit.
    """

    def __init__(
        self,
        subject: Subject,
        model: ReadModel,
        positions: Callable[[], Sequence[Position | None]],
        log: LogProducer,
        clock: Clock,
        drain_seconds: float,
        of_sender_max: int,
    ) -> None:
        self._subject = subject
        self._model = model
        self._positions = positions
        self._log = log
        self._clock = clock
        self._drain_seconds = drain_seconds
        self._of_sender_max = of_sender_max
        # Who has brought a key, and how many each has brought; only where that is limited.
        self._brought_by: dict[str, str] = {}
        self._brought: dict[str, int] = {}
        self._rejected = 0
        self._is_open = False
        self._places: dict[str, int] = {}
        # Processed at a moment, and the rate before it.
        self._sample = (clock.monotonic(), 0)
        self._rate = 0.0

    @property
    def is_running(self) -> bool:
        return self._is_open and self._log.failure is None

    def start(self) -> None:
        self._is_open = True

    async def stop(self) -> int:
        """Accept nothing more. Return how many observations the brokers have not confirmed."""
        self._is_open = False
        return await self._log.drain(self._drain_seconds)

    def reject(self, observations: int) -> None:
        self._rejected += observations

    async def submit(
        self,
        columns: Columns,
        patience: Patience = Patience.LIMITED,
        until_processed: bool = False,
        sender: str = "",
    ) -> Submitted:
        """Write observations to the log. until_processed: return only once all replicas in sync have them."""
        count = len(columns)
        if not self._is_open:
            self.reject(count)
            raise Draining
        if self._log.failure is not None:
            self.reject(count)
            raise StorageFailed(self._log.failure, taken=False)
        if not self._log.has_room(count):
            self.reject(count)
            raise QueueFull
        refused = self._over_limit(columns.keys, sender) if sender and self._of_sender_max else ()
        if refused:
            self.reject(len(refused))
            columns = columns.without({error.index for error in refused if error.index is not None})
            count = len(columns)
        confirmations: list[Confirmation] = []
        for partition, line in self._spread(columns).items():
            confirmations += self._log.add(self._subject, partition, line)
        if until_processed:
            await confirmed(confirmations, self._log.confirm_seconds)
        return Submitted(count, refused)

    def knows(self, key: str) -> bool:
        return key in self._brought_by or key in self._model.books[partition_of(key, len(self._model.books))]

    def forgotten(self, key: str) -> None:
        """Make room for another key of the same sender."""
        sender = self._brought_by.pop(key, None)
        if sender is not None:
            self._brought[sender] -= 1

    async def forget(self, key: str) -> None:
        """Forget a key, wherever it is. Raises StorageFailed."""
        partition = partition_of(key, len(self._model.books))
        try:
            async with asyncio.timeout(self._log.confirm_seconds):
                offset = await self._log.forget(self._subject, partition, key)
                await self._model.until(partition, lambda position: position.offset > offset)
        except TimeoutError:
            raise ChangePending from None

    def statistics(self) -> ProcessingStatistics:
        positions = [(index, position or _UNKNOWN) for index, position in enumerate(self._positions())]
        total = Accounts()
        for _, position in positions:
            for field in Accounts.__struct_fields__:
                setattr(total, field, getattr(total, field) + getattr(position.accounts, field))
        ends, name = self._log.ends, self._subject.name
        queued = {index: _lag(position, ends.get((name, index), 0)) for index, position in positions}
        accepted = total.processed + total.failed + sum(queued.values())
        rejected = total.rejected + self._rejected
        return ProcessingStatistics(
            received=accepted + rejected + total.duplicates,
            accepted=accepted,
            rejected=rejected,
            duplicates=total.duplicates,
            processed=total.processed,
            dropped=0,
            queued=sum(queued.values()),
            failed=total.failed,
            late=total.late,
            events=total.events,
            active_keys=sum(position.keys for _, position in positions),
            throughput_per_second=self._per_second(total.processed),
            partitions=tuple(
                _statistics_of(index, position, queued[index], self._log.spool_max) for index, position in positions
            ),
        )

    def _over_limit(self, keys: Sequence[str], sender: str) -> tuple[FieldError, ...]:
        """Return an error for each observation of a key that is one new key too many of its sender."""
        refused: set[str] = set()
        for key in dict.fromkeys(keys):
            if not self.knows(key):
                if self._brought.get(sender, 0) < self._of_sender_max:
                    self._brought_by[key] = sender
                    self._brought[sender] = self._brought.get(sender, 0) + 1
                else:
                    refused.add(key)
        name = self._subject.key
        message = f"is new, and the limit of {self._of_sender_max} new {name}s of this sender is reached"
        return tuple(FieldError(name, f"{name}_limit", message, at) for at, key in enumerate(keys) if key in refused)

    def _per_second(self, processed: int) -> float:
        """Return the mean of the last second or more, since it was asked for."""
        now = self._clock.monotonic()
        moment, before = self._sample
        if now - moment >= 1:
            self._rate = (processed - before) / (now - moment) if before else 0.0
            self._sample = (now, processed)
        return self._rate

    def _spread(self, columns: Columns) -> dict[int, Columns]:
        places = self._places
        lines = columns.spread(places)
        if sum(map(len, lines.values())) == len(columns):
            return lines
        if len(places) > _KEYS_MAX:
            places.clear()
        for key in dict.fromkeys(columns.keys):
            places[key] = partition_of(key, len(self._model.books))
        return columns.spread(places)


_UNKNOWN = Position(0, 0, 0, "", 0, 0, Accounts())


def _lag(position: Position, written: int) -> int:
    """Return about how many observations wait in the log. written: its end, as this gateway has written it."""
    records = max(position.end_offset - position.offset, written - position.offset, 0)
    return round(records * max(position.accounts.received / max(position.offset, 1), 1))


def _statistics_of(index: int, position: Position, queued: int, capacity: int) -> PartitionStatistics:
    accounts = position.accounts
    return PartitionStatistics(index, queued, capacity, accounts.processed, 0, accounts.failed, 0, 0.0, 0.0, 0.0)
