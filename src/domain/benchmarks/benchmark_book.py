"""The tests of one writer, and their last runs."""

from collections.abc import Collection, Iterable
from dataclasses import replace

from domain.benchmarks.benchmark_run import BenchmarkRun
from domain.benchmarks.benchmark_summary import BenchmarkSummary
from domain.benchmarks.regression import Figure, changes, regressions
from domain.benchmarks.runs import Runs
from domain.book import Applied, figures_in

# On the wire.
FIGURE_NAMES = {Figure.THROUGHPUT: "throughputChange", Figure.P99: "p99Change"}


class BenchmarkBook:
    """The `Book` of benchmarks; its events are regressions. Keys are tests.

    Its figures: by how many percent throughput and 99th percentile differ from the runs before.

    runs_kept: of each test. tolerance_percent: how much worse than the runs before a run may be.
    """

    def __init__(self, runs_kept: int, tolerance_percent: float) -> None:
        self._runs_kept = runs_kept
        self._tolerance_percent = tolerance_percent
        self._tests: dict[str, BenchmarkSummary] = {}

    def apply(self, runs: Runs) -> Applied:
        applied = Applied()
        figures: dict[Figure, list[float | None]] = {figure: [None] * len(runs) for figure in Figure}
        for at, run in enumerate(runs.runs):
            before = self._tests.get(run.key) or BenchmarkSummary(run.key)
            compared = changes(run, list(before.kept))
            worse = regressions(run, compared, self._tolerance_percent)
            for change in compared:
                figures[change.figure][at] = change.percent
            applied.events += worse
            applied.places += [at] * len(worse)
            applied.late += run.timestamp_us < before.newest_us
            self._tests[run.key] = self._after(before, run, len(worse))
        applied.processed = len(runs)
        # Runs are few: there is no need to know which ones are watched.
        applied.figures_at = figures_in({FIGURE_NAMES[figure]: column for figure, column in figures.items()})
        return applied

    def publish_figures(self, keys: Collection[str]) -> bool:
        """They always are."""
        return False

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
