"""Prometheus metrics of the service as a whole."""

from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from typing import Protocol

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, SummaryMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from infrastructure.engine import ENGINE
from infrastructure.processing.admission import Admission
from infrastructure.processing.latency import Latency
from infrastructure.processing.partition import Partition
from infrastructure.telemetry.histogram import histogram
from infrastructure.telemetry.meters import LoopMeter, PipelineMeter, RequestMeter


class JournalMeter(Protocol):
    """What a journal reports."""

    @property
    def failure(self) -> str | None: ...

    @property
    def unwritten(self) -> int: ...

    @property
    def lost(self) -> int: ...

    @property
    def latency(self) -> Latency: ...


class StreamMeter(Protocol):
    """What a hub reports."""

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
        """Subscribers by transport."""
        ...


class ConnectionMeter(Protocol):
    """What counts the connections."""

    @property
    def open(self) -> int: ...

    @property
    def refused(self) -> Mapping[str, int]: ...


class RateLimitMeter(Protocol):
    """What limits the rates of clients."""

    @property
    def refused(self) -> Mapping[str, int]: ...


_TRANSPORTS = ("websocket", "events")


class BuildCollector(Collector):
    """simulated: whether a simulated feed sends ticks."""

    def __init__(self, simulated: bool) -> None:
        self._simulated = simulated

    def collect(self) -> Iterable[Metric]:
        build = InfoMetricFamily("marketdata_build", "Version of the service, and how its engine runs.")
        build.add_metric((), {"version": version("marketdata"), "engine": ENGINE})
        yield build
        yield GaugeMetricFamily("marketdata_simulated", "1 if the prices are SIMULATED, else 0.", int(self._simulated))


class StorageCollector(Collector):
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
        yield histogram(
            "marketdata_storage_write_duration_seconds", "Commits.", ("kind",), {("batch",): journal.latency}
        )


class ConnectionsCollector(Collector):
    def __init__(self, connections: ConnectionMeter) -> None:
        self._connections = connections

    def collect(self) -> Iterable[Metric]:
        yield GaugeMetricFamily("marketdata_connections", "Open connections.", self._connections.open)
        refused = CounterMetricFamily("marketdata_connections_refused", "Connections over a limit.", labels=("limit",))
        for limit, count in self._connections.refused.items():
            refused.add_metric((limit,), count)
        yield refused


class RateLimitCollector(Collector):
    """limits: None where there are none."""

    def __init__(self, limits: RateLimitMeter | None) -> None:
        self._limits = limits

    def collect(self) -> Iterable[Metric]:
        if self._limits is None:
            return
        name = "marketdata_requests_rate_limited"
        refused = CounterMetricFamily(name, "Requests over a rate limit.", labels=("limit",))
        for limit, count in self._limits.refused.items():
            refused.add_metric((limit,), count)
        yield refused


class StreamCollector(Collector):
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


class Workers(Protocol):
    @property
    def partitions(self) -> Sequence[Partition]: ...

    @property
    def admission(self) -> Admission: ...


class Worked(Protocol):
    """A subject with its processing."""

    @property
    def processing(self) -> Workers: ...


def _together(latencies: Sequence[Latency]) -> Latency:
    total = Latency()
    for each in latencies:
        total.count += each.count
        total.sum_seconds += each.sum_seconds
        total.counts = [one + other for one, other in zip(total.counts, each.counts, strict=True)]
    return total


class LoopCollector(Collector):
    """How the event loop is shared; docs/decisions/0019-sharing-the-loop.md says how it should be."""

    def __init__(self, subjects: Sequence[Worked], loop_meter: LoopMeter, stream: StreamMeter) -> None:
        self._partitions = [partition for each in subjects for partition in each.processing.partitions]
        self._admissions = [each.processing.admission for each in subjects]
        self._loop_meter = loop_meter
        self._stream = stream

    def collect(self) -> Iterable[Metric]:
        admissions = self._admissions
        seconds = CounterMetricFamily(
            "marketdata_event_loop_seconds", "Time of the event loop, by what it was spent on.", labels=("work",)
        )
        seconds.add_metric(("intake",), sum(each.seconds for each in admissions))
        seconds.add_metric(("processing",), sum(partition.seconds for partition in self._partitions))
        seconds.add_metric(("reads",), self._loop_meter.reads)
        seconds.add_metric(("watchers",), self._stream.seconds)
        yield seconds
        held, held_bytes = sum(each.held for each in admissions), sum(each.held_bytes for each in admissions)
        hold = _together([each.hold for each in admissions])
        refused = sum(each.refused for each in admissions)
        yield GaugeMetricFamily("marketdata_intake_held_connections", "Senders held back now.", held)
        yield GaugeMetricFamily(
            "marketdata_intake_held_bytes", "Bodies of the requests held, and what was read with them.", held_bytes
        )
        yield histogram("marketdata_intake_hold_seconds", "How long senders were held back.", (), {(): hold})
        yield CounterMetricFamily(
            "marketdata_intake_requests_refused", "Requests refused undecoded, under overload.", refused
        )


class LatenciesCollector(Collector):
    def __init__(self, requests: RequestMeter, messages: PipelineMeter) -> None:
        self._requests = requests
        self._messages = messages

    def collect(self) -> Iterable[Metric]:
        yield histogram(
            "marketdata_http_request_duration_seconds",
            "HTTP requests, from the first byte read to the last one sent.",
            ("route", "method", "status"),
            {(route, method, str(status)): seen for (route, method, status), seen in self._requests.latency.items()},
        )
        messages = SummaryMetricFamily(
            "marketdata_message_duration_seconds",
            "Commands and queries, through the pipeline and their handler.",
            labels=("message", "outcome"),
        )
        for labels, seen in self._messages.latency.items():
            messages.add_metric(labels, seen.count, seen.sum_seconds)
        yield messages
