"""The tests of one writer, and their last runs."""

from collections.abc import Collection, Iterable
from dataclasses import replace

from domain.benchmarks.benchmark_run import BenchmarkRun
from domain.benchmarks.benchmark_summary import BenchmarkSummary
from domain.benchmarks.regression import regressions
from domain.benchmarks.runs import Runs
from domain.book import Applied


class BenchmarkBook:
    """The `Book` of benchmarks; its events are regressions. Keys are tests.

    runs_kept: of each test. tolerance_percent: how much worse than the runs before a run may be.
    """

    def __init__(self, runs_kept: int, tolerance_percent: float) -> None:
        self._runs_kept = runs_kept
        self._tolerance_percent = tolerance_percent
        self._tests: dict[str, BenchmarkSummary] = {}

    def apply(self, runs: Runs) -> Applied:
        applied = Applied()
        for at, run in enumerate(runs.runs):
            before = self._tests.get(run.key) or BenchmarkSummary(run.key)
            worse = regressions(run, list(before.kept), self._tolerance_percent)
            applied.events += worse
            applied.places += [at] * len(worse)
            applied.late += run.timestamp_us < before.newest_us
            self._tests[run.key] = self._after(before, run, len(worse))
        applied.processed = len(runs)
        return applied

    def publish_figures(self, keys: Collection[str]) -> None:
        """There are none."""

    def __len__(self) -> int:
        return len(self._tests)

    def __contains__(self, key: object) -> bool:
        return key in self._tests

    def keys(self) -> Iterable[str]:
        return self._tests.keys()

    def snapshot(self, key: str) -> BenchmarkSummary | None:
        return self._tests.get(key)

    def checkpoint(self, key: str) -> BenchmarkSummary:
        return self._tests[key]

    def restore(self, key: str, checkpoint: BenchmarkSummary) -> None:
        self._tests[key] = replace(checkpoint, kept=checkpoint.kept[-self._runs_kept :])

    def forget(self, key: str) -> None:
        self._tests.pop(key, None)

    def update_count(self, key: str) -> int:
        return self._tests[key].runs

    def newest_us(self, key: str) -> int:
        return self._tests[key].newest_us

    def _after(self, before: BenchmarkSummary, run: BenchmarkRun, worse: int) -> BenchmarkSummary:
        return BenchmarkSummary(
            before.key,
            before.runs + 1,
            before.late + (run.timestamp_us < before.newest_us),
            before.total_trades + run.total_trades,
            before.queue_full_count + run.queue_full_count,
            before.error_count + run.error_count,
            before.regressions + worse,
            max(before.newest_us, run.timestamp_us),
            (*before.kept[-self._runs_kept + 1 :], run) if self._runs_kept > 1 else (run,),
        )
