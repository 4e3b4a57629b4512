"""A processor put together by hand, for tests that drive it without HTTP."""

from decimal import Decimal

from application.ports.anomaly_repository import AnomalySink
from application.ports.clock import Clock
from domain.spike_rule import SpikeRule
from domain.symbol_book import SymbolBook
from domain.symbol_state import StatisticsRules
from infrastructure.processing.admission import Admission
from infrastructure.processing.backlog import Backlog
from infrastructure.processing.change_marks import ChangeMarks
from infrastructure.processing.channel import Channel, FullMode
from infrastructure.processing.partition import Partition, Recorder
from infrastructure.processing.partitioned_processor import PartitionedProcessor
from infrastructure.processing.throughput import Throughput
from infrastructure.processing.tick_ids import TickIds
from support.fakes import CollectingSink, FakeClock, RecordingRecorder

RULES = StatisticsRules(moving_average_size=4, window_us=1_000_000, spike=SpikeRule(Decimal("2.0")))


def partitions_of(
    count: int,
    capacity: int = 100,
    mode: FullMode = FullMode.DROP_OLDEST,
    sink: AnomalySink | None = None,
    clock: Clock | None = None,
    throughput: Throughput | None = None,
    recorder: Recorder | None = None,
    tick_ids: TickIds | None = None,
    marks: ChangeMarks | None = None,
    backlog: Backlog | None = None,
) -> list[Partition]:
    throughput = throughput or Throughput(0.0)
    backlog = backlog or Backlog(count)
    return [
        Partition(
            index,
            Channel(capacity, mode, None if tick_ids is None else tick_ids.forget, backlog),
            SymbolBook(RULES),
            sink or CollectingSink(),
            recorder or RecordingRecorder(),
            marks or ChangeMarks(),
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
    tick_ids: TickIds | None = None,
    hold_seconds: float = 0.0,
) -> PartitionedProcessor:
    """hold_seconds: how long senders wait for room; 0, so that the queues' mode decides at once."""
    ids = TickIds(1000, 600.0) if tick_ids is None else tick_ids
    return PartitionedProcessor(
        partitions, partitions[0].throughput, ids, clock, symbols_max, hold_seconds, deadline_seconds
    )


def admission_of(
    clock: Clock,
    backlog: Backlog | None = None,
    mode: FullMode = FullMode.DROP_OLDEST,
    hold_seconds: float = 5.0,
    held_bytes: int = 1_000_000,
) -> Admission:
    return Admission(backlog or Backlog(1), mode, clock, hold_seconds, held_bytes)
