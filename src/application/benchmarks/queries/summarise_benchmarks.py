"""Summarise the runs of every benchmark."""

from dataclasses import dataclass

from application.mediator import Message
from application.ports.states import StateRepository
from domain.benchmarks.benchmark_summary import BenchmarkSummary


@dataclass(frozen=True, slots=True)
class SummariseBenchmarks(Message[tuple[BenchmarkSummary, ...]]):
    """Sorted by type and name of the test. prefixes: only names that start with one of these; none for all."""

    prefixes: tuple[str, ...] = ()


class SummariseBenchmarksHandler:
    """tests_max: how many tests there can be."""

    def __init__(self, repository: StateRepository[BenchmarkSummary], tests_max: int) -> None:
        self._repository = repository
        self._tests_max = tests_max

    async def handle(self, query: SummariseBenchmarks) -> tuple[BenchmarkSummary, ...]:
        tests = (await self._repository.page(None, None, self._tests_max)).items
        if not query.prefixes:
            return tests
        return tuple(test for test in tests if test.last.test_name.startswith(query.prefixes))
