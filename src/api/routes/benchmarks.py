"""Routes for benchmarks: runs in, comparisons out."""

from typing import Annotated, Any

import msgspec
from litestar import Controller, Response, get, post
from litestar.di import NamedDependency

from api.http.access import Rule, rule
from api.http.cursors import Int64, from_cursor, to_cursor
from api.http.dependencies import Posted
from api.http.query import MOMENT, Cursor, Descending, Limit, Moment, NoQuery, Query, To
from api.http.responses import JSON, PageResponse, ValidatedResponse, response_of
from api.ingest.benchmark_intake import BenchmarkIntake
from api.reference import benchmark_examples as example
from api.reference.documented import ONE_PAGE, documented, header
from api.timestamps import EARLIEST_MS, LATEST_MS
from api.views.benchmarks import (
    BenchmarkBody,
    BenchmarkPageView,
    BenchmarkSummariesView,
    BenchmarkTestView,
    BenchmarkView,
)
from api.views.ingest import AcceptedView
from application.benchmarks.commands.record_benchmark import COUNT_MAX, NAME_LENGTH_MAX, NUMBER_MAX
from application.benchmarks.commands.record_benchmark_status import BenchmarkStatuses
from application.benchmarks.queries.list_benchmarks import ListBenchmarks, RunOrder
from application.benchmarks.queries.summarise_benchmarks import SummariseBenchmarks
from application.mediator import Mediator
from application.paging import Order
from domain.access.principal import Principal
from domain.benchmarks.benchmark_run import RunType

_PLACES: msgspec.json.Decoder[RunOrder] = msgspec.json.Decoder(tuple[Int64, str, Int64])
_BOUNDS = {"integer": COUNT_MAX, "number": NUMBER_MAX}
_PREFER = header("Prefer", "`durable`: answer with 200 once the run is on disk.", "durable")


def _schema() -> dict[str, Any]:
    _, schemas = msgspec.json.schema_components([BenchmarkBody], ref_template="#/components/schemas/{name}")
    # The bounds are checked after decoding, with errors that say more.
    for name in ("BenchmarkBody", "LatencyStatsView"):
        for each in schemas[name]["properties"].values():
            if each.get("type") in _BOUNDS:
                each.update(minimum=0, maximum=_BOUNDS[each["type"]])
    schemas["BenchmarkBody"]["properties"]["testName"].update(minLength=1, maxLength=NAME_LENGTH_MAX)
    moment = schemas["BenchmarkBody"]["properties"]["timestamp"]["anyOf"]
    next(each for each in moment if each["type"] == "integer").update(minimum=EARLIEST_MS, maximum=LATEST_MS)
    return dict(schemas)


class BenchmarksQuery(Query, frozen=True):
    test_type: Annotated[
        RunType | None, msgspec.Meta(description="Only of tests of this type.", examples=["burst"])
    ] = None
    test_name: Annotated[str | None, msgspec.Meta(description="Only of tests of this name.", examples=["loopback"])] = (
        None
    )
    since: Annotated[
        Moment | None, msgspec.Meta(description=f"From this moment on: {MOMENT}.", examples=["2026-01-31T12:00:00Z"])
    ] = None
    to: To = None
    limit: Limit = None
    cursor: Cursor = None
    order: Descending = Order.DESC


class BenchmarksController(Controller):
    path = "/api/benchmarks"
    tags = ("benchmarks",)
    opt = rule(Rule.READ)

    @post(
        "/",
        operation_id="postBenchmark",
        summary="Record one run of a benchmark",
        status_code=202,
        opt=documented(
            "The run is in memory, and on disk soon.",
            {"accepted": 1},
            also={200: (AcceptedView, "The run is on disk.", {"accepted": 1})},
            problems=(400, 413, 415, 503, 507),
            headers=[_PREFER],
            body={
                JSON: {
                    "schema": {"$ref": "#/components/schemas/BenchmarkBody"},
                    "example": example.RUN,
                    "schemas": _schema(),
                }
            },
        )
        | rule(Rule.WRITE),
    )
    async def accept_benchmark(
        self,
        posted_benchmarks: NamedDependency[Posted],
        benchmark_intake: NamedDependency[BenchmarkIntake],
    ) -> Response[AcceptedView]:
        return response_of(await benchmark_intake.take(posted_benchmarks.options, posted_benchmarks.body))

    @get(
        "/",
        operation_id="listBenchmarks",
        summary="The runs of benchmarks by time",
        response_class=PageResponse,
        opt=documented(ONE_PAGE, example.PAGE, media=example.RUN_LINES, problems=(400,)),
    )
    async def list_benchmarks(
        self,
        params: NamedDependency[BenchmarksQuery],
        mediator: NamedDependency[Mediator],
        principal: NamedDependency[Principal],
    ) -> BenchmarkPageView:
        after = from_cursor(params.cursor, _PLACES)
        page = await mediator.send(
            ListBenchmarks(
                params.test_type,
                params.test_name,
                params.since,
                params.to,
                params.limit,
                after,
                params.order,
                principal.prefixes,
            )
        )
        return BenchmarkPageView(list(map(BenchmarkView.of, page.items)), to_cursor(page.next_after))

    @get(
        "/summary",
        operation_id="summariseBenchmarks",
        summary="Every benchmark: its last run beside those before",
        response_class=ValidatedResponse,
        opt=documented("All tests.", example.SUMMARIES, problems=(400,)),
    )
    async def summarise(
        self,
        params: NamedDependency[NoQuery],
        mediator: NamedDependency[Mediator],
        statuses: NamedDependency[BenchmarkStatuses],
        principal: NamedDependency[Principal],
    ) -> BenchmarkSummariesView:
        found = await mediator.send(SummariseBenchmarks(principal.prefixes))
        return BenchmarkSummariesView(
            [BenchmarkTestView.with_status(test, statuses.of(test.last.test_name)) for test in found]
        )
