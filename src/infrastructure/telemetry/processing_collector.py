"""Prometheus metrics of a subject's processing. Label values are bounded: never a key."""

from collections.abc import Iterable, Sequence

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from application.ports.processor import ProcessingStatistics, Processor
from infrastructure.processing.partition import Partition
from infrastructure.subject import Subject
from infrastructure.telemetry.histogram import histogram

_ACCOUNTS = {
    "received": "that came in.",
    "accepted": "taken.",
    "rejected": "refused as bad, over the limit of keys, or for want of room.",
    "duplicates": "whose id came before.",
    "processed": "accepted and counted in.",
    "dropped": "accepted and dropped because a queue was full.",
    "failed": "accepted that could not be applied.",
    "late": "processed and older than the newest of their key.",
}


class ProcessingCollector(Collector):
    """prefix: of metrics that do not name the subject's observations."""

    def __init__(self, subject: Subject, processor: Processor, partitions: Sequence[Partition], prefix: str) -> None:
        self._subject = subject
        self._processor = processor
        self._partitions = partitions
        self._prefix = prefix

    def collect(self) -> Iterable[Metric]:
        statistics = self._processor.statistics()
        name, key = self._subject.observations, self._subject.key
        title = name.capitalize()
        for account, help_text in _ACCOUNTS.items():
            yield CounterMetricFamily(
                f"marketdata_{name}_{account}", f"{title} {help_text}", value=getattr(statistics, account)
            )
        yield GaugeMetricFamily(f"marketdata_{name}_queued", f"{title} accepted, not processed yet.", statistics.queued)
        yield GaugeMetricFamily(f"{self._prefix}_active_{key}s", f"Every {key} with a state.", statistics.active_keys)
        yield GaugeMetricFamily(
            f"marketdata_throughput_{name}_per_second",
            f"{title} processed a second, over the last seconds.",
            statistics.throughput_per_second,
        )
        yield from self._by_partition(statistics)

    def _by_partition(self, statistics: ProcessingStatistics) -> Iterable[Metric]:
        prefix, name = self._prefix, self._subject.observations
        label = ("partition",)
        depth = GaugeMetricFamily(f"{prefix}_queue_depth", f"{name.capitalize()} waiting in the queue.", labels=label)
        capacity = GaugeMetricFamily(f"{prefix}_queue_capacity", f"How many {name} the queue can hold.", labels=label)
        dropped = CounterMetricFamily(
            f"{prefix}_partition_{name}_dropped", f"{name.capitalize()} dropped by this queue.", labels=label
        )
        restarts = CounterMetricFamily(
            f"{prefix}_worker_restarts", "Times the worker died and was started again.", labels=label
        )
        for partition in statistics.partitions:
            labels = (str(partition.partition),)
            depth.add_metric(labels, partition.queued)
            capacity.add_metric(labels, partition.capacity)
            dropped.add_metric(labels, partition.dropped)
            restarts.add_metric(labels, partition.restarts)
        yield from (depth, capacity, dropped, restarts)
        yield histogram(
            f"{prefix}_processing_latency_seconds",
            "From accepted to processed.",
            label,
            {(str(partition.index),): partition.latency for partition in self._partitions},
        )
