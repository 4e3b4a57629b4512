"""The `Subject` of benchmarks."""

from operator import attrgetter

from domain.benchmarks.benchmark_book import FIGURE_NAMES, BenchmarkBook
from infrastructure.benchmarks.benchmark_format import BENCHMARKS, BenchmarkLogFormat
from infrastructure.settings import BenchmarksSettings
from infrastructure.subject import Subject


def benchmarks(settings: BenchmarksSettings) -> Subject:
    """Create the subject from the settings."""
    return Subject(
        name=BENCHMARKS,
        observations="benchmarks",
        key="test",
        new_book=lambda: BenchmarkBook(settings.runs_kept, settings.tolerance_percent),
        log=BenchmarkLogFormat(),
        keys_max=settings.max_tests,
        values=attrgetter("throughputs"),
        figures=tuple(FIGURE_NAMES.values()),
    )
