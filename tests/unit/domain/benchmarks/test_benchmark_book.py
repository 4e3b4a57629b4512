from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.benchmarks.benchmark_book import BenchmarkBook
from domain.benchmarks.benchmark_run import BenchmarkRun, RunLatency, RunType
from domain.benchmarks.benchmark_summary import BenchmarkSummary
from domain.benchmarks.regression import BenchmarkRegression, Figure
from domain.benchmarks.runs import Runs

T0 = 1_769_860_800_000_000


def run(throughput: float, p99: float = 10.0, at: int = 0, name: str = "a") -> BenchmarkRun:
    latency = RunLatency(5, 1.0, p99, 5.0, 5.0, 8.0, p99)
    return BenchmarkRun(RunType.BURST, name, T0 + at, "{}", 100, 1.0, throughput, 1, 2, latency)


def regressions_of(runs: list[BenchmarkRun], tolerance: float = 10.0) -> list[BenchmarkRegression]:
    return BenchmarkBook(100, tolerance).apply(Runs(runs)).events


def summary_of(book: BenchmarkBook, key: str = "burst/a") -> BenchmarkSummary:
    found = book.snapshot(key)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("last", "figures"),
    [
        (run(90.0), []),
        (run(89.9), [Figure.THROUGHPUT]),
        (run(200.0), []),
        (run(100.0, p99=11.0), []),
        (run(100.0, p99=11.1), [Figure.P99]),
        (run(1.0, p99=99.0), [Figure.THROUGHPUT, Figure.P99]),
    ],
)
def test_run_beyond_the_tolerance_is_a_regression(last: BenchmarkRun, figures: list[Figure]) -> None:
    assert [each.figure for each in regressions_of([run(100.0)] * 3 + [last])] == figures


def test_regression_says_how_far_it_is_from_the_median_before() -> None:
    (found,) = regressions_of([run(100.0), run(1000.0), run(100.0), run(50.0)])
    assert (found.value, found.expected, found.change_percent) == (50.0, 100.0, -50.0)


def test_two_runs_before_are_too_few() -> None:
    assert regressions_of([run(100.0), run(100.0), run(1.0)]) == []


def test_tests_are_compared_with_themselves() -> None:
    assert regressions_of([*[run(100.0)] * 3, run(1.0, name="b")]) == []


@given(st.lists(st.floats(1, 1e6), min_size=1, max_size=20), st.integers(1, 8))
def test_summary_is_over_the_runs_kept(throughputs: list[float], kept: int) -> None:
    book = BenchmarkBook(kept, 10.0)
    book.apply(Runs([run(each, at=at) for at, each in enumerate(throughputs)]))
    found, last = summary_of(book), throughputs[-kept:]
    assert (found.runs, found.total_trades, found.queue_full_count) == (
        len(throughputs),
        100 * len(throughputs),
        len(throughputs),
    )
    assert [each.trades_per_second for each in found.kept] == last
    assert (found.throughput.last, found.throughput.best, found.throughput.median) == (
        last[-1],
        max(last),
        median(last),
    )


def test_restored_test_goes_on_like_the_original() -> None:
    original, restored = BenchmarkBook(5, 10.0), BenchmarkBook(5, 10.0)
    original.apply(Runs([run(100.0, at=at) for at in range(7)]))
    restored.restore("burst/a", original.checkpoint("burst/a"))
    for book in (original, restored):
        assert len(book.apply(Runs([run(10.0, at=3)])).events) == 1
    assert summary_of(restored) == summary_of(original)
    assert summary_of(restored).late == 1


def test_figures_are_how_far_a_run_is_from_those_before() -> None:
    book = BenchmarkBook(100, 10.0)
    applied = book.apply(Runs([*[run(100.0)] * 3, run(50.0, p99=15.0)]))
    assert applied.figures_at is not None
    figures = [applied.figures_at(at) for at in range(4)]
    assert [each["throughputChange"] for each in figures] == [None, None, None, -50.0]
    assert [each["p99Change"] for each in figures] == [None, None, None, 50.0]
