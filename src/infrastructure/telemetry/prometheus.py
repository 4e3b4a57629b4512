"""What Prometheus sees."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from prometheus_client import (
    CollectorRegistry,
    Gauge,
    GCCollector,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from application.ports.market_data_processor import MarketDataProcessor, ProcessingStatistics
from infrastructure.processing.admission import Admission
from infrastructure.processing.latency import BOUNDS_SECONDS, Latency
from infrastructure.processing.partition import Partition
from infrastructure.repositories.in_memory_anomalies import InMemoryAnomalyRepository
from infrastructure.telemetry.loop_watch import LoopWatch
from infrastructure.telemetry.meters import LoopMeter, PipelineMeter, RequestMeter

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class JournalMeter(Protocol):
    """What a journal tells of itself."""

    @property
    def failure(self) -> str | None: ...

    @property
    def unwritten(self) -> int: ...

    @property
    def lost(self) -> int: ...

    @property
    def latency(self) -> Latency: ...


class StreamMeter(Protocol):
    """What a hub tells of itself."""

    @property
    def sent(self) -> Mapping[str, int]: ...

    @property
    def lost(self) -> int: ...

    @property
    def refused(self) -> int: ...

    @property
    def restarts(self) -> int: ...

    @property
    def seconds(self) -> float: ...

    def connections(self) -> Mapping[str, int]:
        """Watchers by transport."""
        ...


_TRANSPORTS = ("websocket", "events")

_ACCOUNTS = {
    "received": "Ticks that came in.",
    "accepted": "Ticks taken.",
    "rejected": "Ticks refused as bad, over the symbol limit, or for want of room.",
    "duplicates": "Ticks whose id came before.",
    "processed": "Accepted ticks counted into the statistics.",
    "dropped": "Accepted ticks let go because a queue was full.",
    "failed": "Accepted ticks that could not be applied.",
    "late": "Processed ticks older than the newest of their symbol.",
}


class PrometheusExposition:
    """Renders the service's plain counters in Prometheus' text format. Label values are bounded: never a symbol."""

    def __init__(
        self,
        processor: MarketDataProcessor,
        partitions: Iterable[Partition],
        anomalies: InMemoryAnomalyRepository,
        journal: JournalMeter,
        stream: StreamMeter,
        requests: RequestMeter,
        messages: PipelineMeter,
        admission: Admission,
        loop_meter: LoopMeter,
        loop_watch: LoopWatch,
    ) -> None:
        partitions = tuple(partitions)
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        GCCollector(registry=self._registry)
        self._registry.register(_Processing(processor, partitions, anomalies))
        self._registry.register(_Latencies(requests, messages))
        self._registry.register(_Storage(journal))
        self._registry.register(_Stream(stream))
        self._registry.register(_Loop(partitions, admission, loop_meter, stream))
        stall = Gauge(
            "marketdata_event_loop_stall_seconds",
            "The longest that the event loop kept a task waiting in the last 10 to 20 seconds.",
            registry=self._registry,
        )
        stall.set_function(loop_watch.longest_stall)

    def render(self) -> bytes:
        return generate_latest(self._registry)


class _Processing(Collector):
    def __init__(
        self, processor: MarketDataProcessor, partitions: tuple[Partition, ...], anomalies: InMemoryAnomalyRepository
    ) -> None:
        self._processor = processor
        self._partitions = partitions
        self._anomalies = anomalies

    def collect(self) -> Iterable[Metric]:
        statistics = self._processor.statistics()
        for account, help_text in _ACCOUNTS.items():
            yield CounterMetricFamily(f"marketdata_ticks_{account}", help_text, value=getattr(statistics, account))
        yield GaugeMetricFamily("marketdata_ticks_queued", "Accepted ticks not processed yet.", statistics.queued)
        yield GaugeMetricFamily("marketdata_active_symbols", "Symbols with statistics.", statistics.active_symbols)
        yield GaugeMetricFamily(
            "marketdata_throughput_ticks_per_second",
            "Ticks processed a second, over the last seconds.",
            statistics.throughput_per_second,
        )
        yield from self._by_partition(statistics)
        anomalies = CounterMetricFamily(
            "marketdata_anomalies", "Spikes seen, by direction and severity.", labels=("direction", "severity")
        )
        for (direction, severity), count in self._anomalies.counts.items():
            anomalies.add_metric((direction.value, severity.value), count)
        yield anomalies

    def _by_partition(self, statistics: ProcessingStatistics) -> Iterable[Metric]:
        depth = GaugeMetricFamily("marketdata_queue_depth", "Ticks waiting in the queue.", labels=("partition",))
        capacity = GaugeMetricFamily("marketdata_queue_capacity", "Ticks the queue can hold.", labels=("partition",))
        dropped = CounterMetricFamily(
            "marketdata_partition_ticks_dropped", "Ticks let go because this queue was full.", labels=("partition",)
        )
        restarts = CounterMetricFamily(
            "marketdata_worker_restarts", "Times the worker died and was started again.", labels=("partition",)
        )
        for partition in statistics.partitions:
            labels = (str(partition.partition),)
            depth.add_metric(labels, partition.queued)
            capacity.add_metric(labels, partition.capacity)
            dropped.add_metric(labels, partition.dropped)
            restarts.add_metric(labels, partition.restarts)
        yield from (depth, capacity, dropped, restarts)
        yield _histogram(
            "marketdata_processing_latency_seconds",
            "From accepted to processed.",
            ("partition",),
            {(str(partition.index),): partition.latency for partition in self._partitions},
        )


class _Storage(Collector):
    def __init__(self, journal: JournalMeter) -> None:
        self._journal = journal

    def collect(self) -> Iterable[Metric]:
        journal = self._journal
        works = int(journal.failure is None)
        yield GaugeMetricFamily("marketdata_storage_up", "1 while the storage takes what is written, else 0.", works)
        yield GaugeMetricFamily("marketdata_storage_unwritten_ticks", "Ticks not on disk yet.", journal.unwritten)
        yield CounterMetricFamily(
            "marketdata_storage_ticks_lost", "Ticks not logged, because the storage failed for too long.", journal.lost
        )
        yield _histogram(
            "marketdata_storage_write_duration_seconds", "Commits.", ("kind",), {("batch",): journal.latency}
        )


class _Stream(Collector):
    def __init__(self, stream: StreamMeter) -> None:
        self._stream = stream

    def collect(self) -> Iterable[Metric]:
        stream = self._stream
        connections = GaugeMetricFamily("marketdata_stream_connections", "Watchers.", labels=("transport",))
        for transport in _TRANSPORTS:
            connections.add_metric((transport,), stream.connections().get(transport, 0))
        yield connections
        messages = CounterMetricFamily("marketdata_stream_messages", "Messages sent to watchers.", labels=("type",))
        for kind, count in stream.sent.items():
            messages.add_metric((kind,), count)
        yield messages
        yield CounterMetricFamily(
            "marketdata_stream_anomalies_let_go", "Anomalies not sent to watchers that did not keep up.", stream.lost
        )
        yield CounterMetricFamily(
            "marketdata_stream_connections_refused", "Watchers over the limit of connections.", stream.refused
        )
        yield CounterMetricFamily(
            "marketdata_stream_restarts", "Times the fan-out died and was started again.", stream.restarts
        )


class _Loop(Collector):
    """How the event loop is shared; docs/decisions/0019-sharing-the-loop.md says how it is meant to be."""

    def __init__(
        self, partitions: Sequence[Partition], admission: Admission, loop_meter: LoopMeter, stream: StreamMeter
    ) -> None:
        self._partitions = partitions
        self._admission = admission
        self._loop_meter = loop_meter
        self._stream = stream

    def collect(self) -> Iterable[Metric]:
        admission = self._admission
        seconds = CounterMetricFamily(
            "marketdata_event_loop_seconds", "Time of the event loop, by what it was spent on.", labels=("work",)
        )
        seconds.add_metric(("intake",), admission.seconds)
        seconds.add_metric(("processing",), sum(partition.seconds for partition in self._partitions))
        seconds.add_metric(("reads",), self._loop_meter.reads)
        seconds.add_metric(("watchers",), self._stream.seconds)
        yield seconds
        yield GaugeMetricFamily("marketdata_intake_held_connections", "Senders held back now.", admission.held)
        yield GaugeMetricFamily("marketdata_intake_held_bytes", "Bodies of the requests held.", admission.held_bytes)
        yield _histogram("marketdata_intake_hold_seconds", "How long senders were held back.", (), {(): admission.hold})
        yield CounterMetricFamily(
            "marketdata_intake_requests_refused", "Requests refused undecoded, under overload.", admission.refused
        )


class _Latencies(Collector):
    def __init__(self, requests: RequestMeter, messages: PipelineMeter) -> None:
        self._requests = requests
        self._messages = messages

    def collect(self) -> Iterable[Metric]:
        yield _histogram(
            "marketdata_http_request_duration_seconds",
            "HTTP requests, from the first byte read to the last one sent.",
            ("route", "method", "status"),
            {(route, method, str(status)): seen for (route, method, status), seen in self._requests.latency.items()},
        )
        yield _histogram(
            "marketdata_message_duration_seconds",
            "Commands and queries, through the pipeline and their handler.",
            ("message", "outcome"),
            self._messages.latency,
        )


def _histogram(name: str, help_text: str, labels: tuple[str, ...], latencies: Mapping[Any, Latency]) -> Metric:
    family = HistogramMetricFamily(name, help_text, labels=labels)
    bounds = [*map(str, BOUNDS_SECONDS), "+Inf"]
    for values, latency in latencies.items():
        total = 0
        buckets = []
        for bound, count in zip(bounds, latency.counts, strict=True):
            total += count
            buckets.append((bound, total))
        family.add_metric(values, buckets, latency.sum_seconds)
    return family
