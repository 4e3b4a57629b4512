"""What is known of the runs of one benchmark."""

from dataclasses import dataclass, field
from statistics import median

from domain.benchmarks.benchmark_run import BenchmarkRun
from domain.benchmarks.regression import change_percent


@dataclass(frozen=True, slots=True)
class Comparison:
    """One figure over the runs kept. trend_percent: from the median of those before the last one, to the last one."""

    last: float
    best: float
    median: float
    trend_percent: float


@dataclass(frozen=True, slots=True)
class BenchmarkSummary:
    """Both the snapshot and the checkpoint of a test. Totals are over all runs, figures over those kept.

    kept: the last runs in order of arrival, never empty.
    """

    key: str
    runs: int = 0
    late: int = 0
    total_trades: int = 0
    queue_full_count: int = 0
    error_count: int = 0
    regressions: int = 0
    newest_us: int = -(2**63)
    kept: tuple[BenchmarkRun, ...] = field(default_factory=tuple)

    @property
    def last(self) -> BenchmarkRun:
        return self.kept[-1]

    @property
    def throughput(self) -> Comparison:
        """Trades per second."""
        values = [run.trades_per_second for run in self.kept]
        return _compared(values, max(values))

    @property
    def p99(self) -> Comparison:
        """Of the latency, in microseconds."""
        values = [run.latency.p99_us for run in self.kept]
        return _compared(values, min(values))


def _compared(values: list[float], best: float) -> Comparison:
    before = values[:-1] or values
    return Comparison(values[-1], best, median(values), change_percent(values[-1], median(before)))
