"""The processor port and its accounting."""

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from application.errors import FieldError
from domain.columns import Columns


class Patience(Enum):
    """How long a sender waits for room in a full queue before the queue's policy applies.

    NONE: not at all. LIMITED: as long as the settings allow. UNLIMITED: until there is room.
    """

    NONE = "none"
    LIMITED = "limited"
    UNLIMITED = "unlimited"


@dataclass(frozen=True, slots=True)
class Submitted:
    """The result of a submission.

    accepted: ticks accepted. duplicates: ticks whose id was seen before. refused: one error for each other tick, with
        its position in the sequence as `index`.
    """

    accepted: int
    refused: tuple[FieldError, ...] = ()
    duplicates: int = 0


@dataclass(frozen=True, slots=True)
class PartitionStatistics:
    """One partition. Latency runs from accepted to processed, in milliseconds, over its whole life."""

    partition: int
    queued: int
    capacity: int
    processed: int
    dropped: int
    failed: int
    restarts: int
    latency_mean_ms: float
    latency_p50_ms: float
    latency_p99_ms: float


@dataclass(frozen=True, slots=True)
class ProcessingStatistics:
    """The accounting, in ticks since the start.

    Invariant: received = accepted + rejected + duplicates, and accepted = processed + dropped + queued + failed.
    """

    received: int
    accepted: int
    rejected: int
    duplicates: int
    processed: int
    dropped: int
    queued: int
    failed: int
    late: int
    events: int
    active_keys: int
    throughput_per_second: float
    partitions: tuple[PartitionStatistics, ...]


class Processor(Protocol):
    async def submit(
        self,
        columns: Columns,
        /,
        patience: Patience = Patience.LIMITED,
        until_processed: bool = False,
        sender: str = "",
    ) -> Submitted:
        """Accept valid ticks, all or as many as the policy allows, and count every one.

        The processor takes ownership of the object. until_processed: return only once the accepted ticks, and the
        duplicates, are processed. sender: whose they are, for the limit of symbols per sender; empty if
        they are not counted.

        Codes of refused ticks: `symbol_limit`, `queue_full`.

        Raises:
            QueueFull: the queues had room for none of them.
            Draining: the service accepts no more ticks.
            QueueOverflowed: with `until_processed`, some were accepted and then dropped.
        """
        ...

    def reject(self, ticks: int) -> None:
        """Count ticks that were received and found invalid before submission."""
        ...

    def statistics(self) -> ProcessingStatistics: ...
