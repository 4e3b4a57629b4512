"""Prometheus metrics of benchmarks, under the names that dashboards of trading systems query."""

from collections.abc import Callable, Iterable, Sequence

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from domain.benchmarks.benchmark_summary import BenchmarkSummary
from infrastructure.processing.snapshots import Snapshots

_LABELS = ("test_type", "test_name")
_COUNTERS: Sequence[tuple[str, str, Callable[[BenchmarkSummary], float]]] = (
    ("benchmark_tests", "Runs.", lambda test: test.runs),
    ("benchmark_trades_published", "Trades published by runs.", lambda test: test.total_trades),
    ("benchmark_queue_full_events", "Times the queue of a publisher was full.", lambda test: test.queue_full_count),
)
_GAUGES: Sequence[tuple[str, str, Callable[[BenchmarkSummary], float]]] = (
    (
        "benchmark_last_test_timestamp",
        "When the last run ended, in seconds since the Unix epoch.",
        lambda test: test.last.timestamp_us / 1_000_000,
    ),
    (
        "benchmark_throughput_trades_per_second",
        "Throughput of the last run.",
        lambda test: test.last.trades_per_second,
    ),
    ("benchmark_duration_seconds", "Duration of the last run.", lambda test: test.last.duration_seconds),
    ("benchmark_latency_min_microseconds", "Latency of the last run.", lambda test: test.last.latency.min_us),
    ("benchmark_latency_mean_microseconds", "Latency of the last run.", lambda test: test.last.latency.mean_us),
    ("benchmark_latency_p50_microseconds", "Latency of the last run.", lambda test: test.last.latency.p50_us),
    ("benchmark_latency_p95_microseconds", "Latency of the last run.", lambda test: test.last.latency.p95_us),
    ("benchmark_latency_p99_microseconds", "Latency of the last run.", lambda test: test.last.latency.p99_us),
    ("benchmark_latency_max_microseconds", "Latency of the last run.", lambda test: test.last.latency.max_us),
)


class BenchmarkCollector(Collector):
    """One value a test; the number of tests is limited."""

    def __init__(self, snapshots: Snapshots) -> None:
        self._snapshots = snapshots

    def collect(self) -> Iterable[Metric]:
        found = map(self._snapshots.snapshot, self._snapshots.keys())
        tests: list[BenchmarkSummary] = [test for test in found if test is not None]
        for name, about, value in _COUNTERS:
            counter = CounterMetricFamily(name, about, labels=_LABELS)
            for test in tests:
                counter.add_metric(_labels(test), value(test))
            yield counter
        for name, about, value in _GAUGES:
            gauge = GaugeMetricFamily(name, about, labels=_LABELS)
            for test in tests:
                gauge.add_metric(_labels(test), value(test))
            yield gauge
        errors = CounterMetricFamily("benchmark_errors", "Errors of runs.", labels=(*_LABELS, "error_type"))
        for test in tests:
            errors.add_metric((*_labels(test), "publish"), test.error_count)
        yield errors


def _labels(test: BenchmarkSummary) -> tuple[str, str]:
    return test.last.test_type.value, test.last.test_name
