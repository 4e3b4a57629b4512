"""List the runs of benchmarks that are kept, newest first."""

from dataclasses import dataclass, replace

from application.errors import FieldError, ValidationFailed
from application.mediator import Message
from application.paging import PAGE_SIZE_DEFAULT, Order, page_size
from application.ports.states import StateRepository
from application.processing.time_range import check_range
from domain.benchmarks.benchmark_run import BenchmarkRun, RunType
from domain.benchmarks.benchmark_summary import BenchmarkSummary

# Time, test, and number of the run of that test: the order of runs.
RunOrder = tuple[int, str, int]


@dataclass(frozen=True, slots=True)
class RunPage:
    """next_after: the position after which the next page starts, None on the last."""

    items: tuple[BenchmarkRun, ...]
    next_after: RunOrder | None


@dataclass(frozen=True, slots=True)
class ListBenchmarks(Message[RunPage]):
    """Runs stamped within [from_us, to_us). A filter that is None matches everything.

    prefixes: only of tests whose names start with one of these; none for all.
    """

    test_type: RunType | None = None
    test_name: str | None = None
    from_us: int | None = None
    to_us: int | None = None
    limit: int | None = None
    after: RunOrder | None = None
    order: Order = Order.DESC
    prefixes: tuple[str, ...] = ()


class ListBenchmarksValidator:
    def __init__(self, limit_max: int) -> None:
        self._limit_max = limit_max

    def validate(self, query: ListBenchmarks) -> ListBenchmarks:
        errors: list[FieldError] = []
        limit = page_size(query.limit, self._limit_max, errors)
        check_range(query.from_us, query.to_us, errors)
        if errors:
            raise ValidationFailed(errors)
        return replace(query, limit=limit)


class ListBenchmarksHandler:
    """tests_max: how many tests there can be."""

    def __init__(self, repository: StateRepository[BenchmarkSummary], tests_max: int) -> None:
        self._repository = repository
        self._tests_max = tests_max

    async def handle(self, query: ListBenchmarks) -> RunPage:
        page = await self._repository.page(None, None, self._tests_max)
        found = [
            ((run.timestamp_us, test.key, test.runs - len(test.kept) + at), run)
            for test in page.items
            for at, run in enumerate(test.kept)
            if _matches(query, run)
        ]
        descending = query.order is Order.DESC
        found.sort(key=lambda each: each[0], reverse=descending)
        after = query.after
        if after is not None:
            found = [each for each in found if (each[0] < after if descending else each[0] > after)]
        limit = query.limit or PAGE_SIZE_DEFAULT
        shown = found[:limit]
        return RunPage(tuple(run for _, run in shown), shown[-1][0] if len(found) > limit else None)


def _matches(query: ListBenchmarks, run: BenchmarkRun) -> bool:
    return (
        (query.test_type is None or run.test_type is query.test_type)
        and (query.test_name is None or run.test_name == query.test_name)
        and (query.from_us is None or run.timestamp_us >= query.from_us)
        and (query.to_us is None or run.timestamp_us < query.to_us)
        and (not query.prefixes or run.test_name.startswith(query.prefixes))
    )
