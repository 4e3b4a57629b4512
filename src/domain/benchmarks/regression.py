"""Regressions: runs that are worse than those before."""

from dataclasses import dataclass
from enum import Enum
from statistics import median

from domain.benchmarks.benchmark_run import BenchmarkRun

# With fewer runs before, a difference says little.
RUNS_BEFORE_MIN = 3


class Figure(Enum):
    """What is compared: throughput must not fall, the 99th percentile of the latency must not rise."""

    THROUGHPUT = "throughput"
    P99 = "p99"


@dataclass(frozen=True, slots=True)
class BenchmarkRegression:
    """expected: the median of the runs before. change_percent: from there to `value`, signed."""

    test_type: str
    test_name: str
    figure: Figure
    value: float
    expected: float
    change_percent: float
    detected_at_us: int

    @property
    def key(self) -> str:
        return f"{self.test_type}/{self.test_name}"


def change_percent(value: float, expected: float) -> float:
    """Return by how much a value differs from what was expected; 0.0 if nothing was."""
    return (value - expected) / expected * 100 if expected else 0.0


def regressions(run: BenchmarkRun, before: list[BenchmarkRun], tolerance_percent: float) -> list[BenchmarkRegression]:
    """Compare a run with those before it, oldest first. O(n log n) of those."""
    if len(before) < RUNS_BEFORE_MIN:
        return []
    found = []
    throughput = median(each.trades_per_second for each in before)
    p99 = median(each.latency.p99_us for each in before)
    for figure, value, expected, worse in (
        (Figure.THROUGHPUT, run.trades_per_second, throughput, -1),
        (Figure.P99, run.latency.p99_us, p99, 1),
    ):
        change = change_percent(value, expected)
        if worse * change > tolerance_percent:
            found.append(
                BenchmarkRegression(
                    run.test_type.value, run.test_name, figure, value, expected, change, run.timestamp_us
                )
            )
    return found
