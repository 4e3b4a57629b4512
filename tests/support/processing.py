"""Assembles a processor for tests that drive it without HTTP."""

from decimal import Decimal

from application.ports.clock import Clock
from domain.prices.spike_rule import SpikeRule
from domain.prices.symbol_book import SymbolBook
from domain.prices.symbol_state import StatisticsRules
from infrastructure.processing.admission import Admission
from infrastructure.processing.backlog import Backlog
from infrastructure.processing.change_tracker import ChangeTracker
from infrastructure.processing.channel import Channel, FullMode
from infrastructure.processing.partition import EventSink, Partition, Recorder
from infrastructure.processing.partitioned_processor import PartitionedProcessor
from infrastructure.processing.placement import Placement
from infrastructure.processing.queueing import Queueing
from infrastructure.processing.seen_ids import SeenIds
from infrastructure.processing.snapshots import Snapshots
from infrastructure.processing.throughput import Throughput
from support.fakes import CollectingSink, FakeClock, RecordingRecorder

RULES = StatisticsRules(moving_average_size=4, window_us=1_000_000, spike=SpikeRule(Decimal("2.0")))


def partitions_of(
    count: int,
    capacity: int = 100,
    mode: FullMode = FullMode.DROP_OLDEST,
    sink: EventSink | None = None,
    clock: Clock | None = None,
    throughput: Throughput | None = None,
    recorder: Recorder | None = None,
    seen_ids: SeenIds | None = None,
    marks: ChangeTracker | None = None,
    backlog: Backlog | None = None,
) -> list[Partition]:
    throughput = throughput or Throughput(0.0)
    backlog = backlog or Backlog(count)
    return [
        Partition(
            index,
            Channel(capacity, mode, None if seen_ids is None else seen_ids.forget, backlog),
            SymbolBook(RULES),
            sink or CollectingSink(),
            recorder or RecordingRecorder(),
            marks or ChangeTracker(),
            clock or FakeClock(),
            throughput,
            count,
        )
        for index in range(count)
    ]


def processor_of(
    partitions: list[Partition],
    clock: Clock,
    symbols_max: int = 1000,
    deadline_seconds: float = 5.0,
    seen_ids: SeenIds | None = None,
    hold_seconds: float = 0.0,
) -> PartitionedProcessor:
    """hold_seconds: how long senders wait for room; with 0 the queues' mode decides at once."""
    ids = SeenIds(1000, 600.0) if seen_ids is None else seen_ids
    return PartitionedProcessor(
        partitions,
        Placement(partitions, "symbol", symbols_max),
        Queueing(ids, clock, hold_seconds),
        partitions[0].throughput,
        ids,
        clock,
        deadline_seconds,
    )


def snapshots_of(partitions: list[Partition]) -> Snapshots:
    return Snapshots([partition.book for partition in partitions])


def admission_of(
    clock: Clock,
    backlog: Backlog | None = None,
    mode: FullMode = FullMode.DROP_OLDEST,
    hold_seconds: float = 5.0,
    held_bytes: int = 1_000_000,
) -> Admission:
    return Admission(backlog or Backlog(1), mode, clock, hold_seconds, held_bytes)
