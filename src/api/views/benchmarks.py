"""Benchmarks: their runs, summaries and regressions."""

from decimal import Decimal
from typing import Any

import msgspec

from api.timestamps import to_rfc3339
from api.views.view import View
from application.benchmarks.commands.record_benchmark_status import BenchmarkStatus
from domain.benchmarks.benchmark_run import BenchmarkRun, RunLatency, RunType
from domain.benchmarks.benchmark_summary import BenchmarkSummary, Comparison
from domain.benchmarks.regression import BenchmarkRegression


class LatencyStatsView(View, frozen=True, forbid_unknown_fields=True):
    """Latency in microseconds. count: of the measurements."""

    count: int = 0
    min_us: float = 0.0
    max_us: float = 0.0
    mean_us: float = 0.0
    p50_us: float = 0.0
    p95_us: float = 0.0
    p99_us: float = 0.0

    @property
    def latency(self) -> RunLatency:
        return RunLatency(*msgspec.structs.astuple(self))


class BenchmarkBody(View, frozen=True, forbid_unknown_fields=True):
    """A run to record. timestamp: when it ended; now, where absent. config: what it was run with."""

    test_type: RunType
    test_name: str
    total_trades: int
    duration_seconds: float
    trades_per_second: float
    timestamp: int | str | None = None
    config: dict[str, msgspec.Raw] = msgspec.field(default_factory=dict)
    queue_full_count: int = 0
    error_count: int = 0
    latency_stats: LatencyStatsView = LatencyStatsView()


class BenchmarkView(View, frozen=True):
    """One run of a benchmark. timestamp: when it ended. config: what it was run with."""

    test_type: str
    test_name: str
    timestamp: str
    config: dict[str, Any]
    total_trades: int
    duration_seconds: float | Decimal
    trades_per_second: float | Decimal
    queue_full_count: int
    error_count: int
    latency_stats: LatencyStatsView

    @classmethod
    def of(cls, run: BenchmarkRun) -> "BenchmarkView":
        return cls(
            run.test_type.value,
            run.test_name,
            to_rfc3339(run.timestamp_us),
            msgspec.json.decode(run.config),
            run.total_trades,
            run.duration_seconds,
            run.trades_per_second,
            run.queue_full_count,
            run.error_count,
            LatencyStatsView(*run.latency),
        )


class BenchmarkPageView(View, frozen=True):
    """Runs, newest first unless ordered otherwise. nextCursor: for the next page, null on the last."""

    items: list[BenchmarkView]
    next_cursor: str | None


class ComparisonView(View, frozen=True):
    """One figure over the runs kept. trendPercent: from the median of the runs before the last one, to the last one."""

    last: float | Decimal
    best: float | Decimal
    median: float | Decimal
    trend_percent: float | Decimal

    @classmethod
    def of(cls, comparison: Comparison) -> "ComparisonView":
        return cls(comparison.last, comparison.best, comparison.median, comparison.trend_percent)


class BenchmarkStatusView(View, frozen=True):
    """How far the test is, as it said last: `started`, `running`, `completed` or `failed`."""

    status: str
    timestamp: str
    message: str

    @classmethod
    def of(cls, status: BenchmarkStatus) -> "BenchmarkStatusView":
        return cls(status.status.value, to_rfc3339(status.timestamp_us), status.message)


class BenchmarkSummaryView(View, frozen=True):
    """The runs of one test. regressions: runs that were worse than those before. p99: in microseconds."""

    test_type: str
    test_name: str
    runs: int
    regressions: int
    total_trades: int
    queue_full_count: int
    error_count: int
    last_run_time: str
    throughput: ComparisonView
    p99: ComparisonView

    @classmethod
    def of(cls, test: BenchmarkSummary) -> "BenchmarkSummaryView":
        return cls(
            test.last.test_type.value,
            test.last.test_name,
            test.runs,
            test.regressions,
            test.total_trades,
            test.queue_full_count,
            test.error_count,
            to_rfc3339(test.newest_us),
            ComparisonView.of(test.throughput),
            ComparisonView.of(test.p99),
        )


class BenchmarkTestView(BenchmarkSummaryView, frozen=True):
    """The runs of one test, and how far it is; `status` is null if it has not said so since the start."""

    status: BenchmarkStatusView | None

    @classmethod
    def with_status(cls, test: BenchmarkSummary, status: BenchmarkStatus | None) -> "BenchmarkTestView":
        view = BenchmarkSummaryView.of(test)
        fields = {name: getattr(view, name) for name in view.__struct_fields__}
        return cls(**fields, status=None if status is None else BenchmarkStatusView.of(status))


class BenchmarkSummariesView(View, frozen=True):
    """All tests, sorted by type and name."""

    items: list[BenchmarkTestView]


class RegressionView(View, frozen=True):
    """A run that is worse than those before. expected: the median of those. figure: `throughput` or `p99`."""

    test_type: str
    test_name: str
    figure: str
    value: float | Decimal
    expected: float | Decimal
    change_percent: float | Decimal
    detected_at: str

    @classmethod
    def of(cls, regression: BenchmarkRegression) -> "RegressionView":
        return cls(
            regression.test_type,
            regression.test_name,
            regression.figure.value,
            regression.value,
            regression.expected,
            regression.change_percent,
            to_rfc3339(regression.detected_at_us),
        )
