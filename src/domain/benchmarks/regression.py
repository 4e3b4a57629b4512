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


@dataclass(frozen=True, slots=True)
class Change:
    """Of one figure, against the runs before. expected: their median. worse: by how many percent it is worse."""

    figure: Figure
    value: float
    expected: float
    percent: float

    @property
    def worse(self) -> float:
        return -self.percent if self.figure is Figure.THROUGHPUT else self.percent


def changes(run: BenchmarkRun, before: list[BenchmarkRun]) -> list[Change]:
    """Compare a run with those before it, oldest first; empty if they are too few. O(n log n) of those."""
    if len(before) < RUNS_BEFORE_MIN:
        return []
    throughput = median(each.trades_per_second for each in before)
    p99 = median(each.latency.p99_us for each in before)
    return [
        Change(figure, value, expected, change_percent(value, expected))
        for figure, value, expected in (
            (Figure.THROUGHPUT, run.trades_per_second, throughput),
            (Figure.P99, run.latency.p99_us, p99),
        )
    ]


def regressions(run: BenchmarkRun, compared: list[Change], tolerance_percent: float) -> list[BenchmarkRegression]:
    """Return what of a run is worse than before by more than a tolerance."""
    test_type, name, at_us = run.test_type.value, run.test_name, run.timestamp_us
    return [
        BenchmarkRegression(test_type, name, each.figure, each.value, each.expected, each.percent, at_us)
        for each in compared
        if each.worse > tolerance_percent
    ]
