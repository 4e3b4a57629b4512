"""The accounting."""

from api.views.view import View
from application.ports.processor import PartitionStatistics, ProcessingStatistics


class LatencyView(View, frozen=True):
    """Latency from accepted to processed, in milliseconds."""

    mean: float
    p50: float
    p99: float


class PartitionView(View, frozen=True):
    """One partition's queue and its worker."""

    partition: int
    queued: int
    capacity: int
    processed: int
    dropped: int
    failed: int
    restarts: int
    latency_ms: LatencyView

    @classmethod
    def of(cls, partition: PartitionStatistics) -> "PartitionView":
        latency = LatencyView(
            round(partition.latency_mean_ms, 4), round(partition.latency_p50_ms, 4), round(partition.latency_p99_ms, 4)
        )
        return cls(
            partition.partition,
            partition.queued,
            partition.capacity,
            partition.processed,
            partition.dropped,
            partition.failed,
            partition.restarts,
            latency,
        )


class ProcessingView(View, frozen=True):
    """The accounting: received = accepted + rejected + duplicates; accepted = processed + dropped + queued + failed."""

    received: int
    accepted: int
    rejected: int
    duplicates: int
    processed: int
    dropped: int
    queued: int
    failed: int
    late: int
    anomalies: int
    active_symbols: int
    throughput_per_second: float
    partitions: list[PartitionView]

    @classmethod
    def of(cls, statistics: ProcessingStatistics) -> "ProcessingView":
        return cls(
            statistics.received,
            statistics.accepted,
            statistics.rejected,
            statistics.duplicates,
            statistics.processed,
            statistics.dropped,
            statistics.queued,
            statistics.failed,
            statistics.late,
            statistics.events,
            statistics.active_keys,
            round(statistics.throughput_per_second, 1),
            [PartitionView.of(partition) for partition in statistics.partitions],
        )
