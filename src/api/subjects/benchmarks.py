"""The benchmarks subject: its features and how they are wired."""

from operator import attrgetter

from api.http.dependencies import posted_by
from api.http.encoded_states import EncodedStates
from api.ingest.benchmark_intake import BenchmarkIntake
from api.live.benchmark_messages import EXAMPLES, SHAPES
from api.live.live_subject import EventChannel, LiveSubject
from api.routes.benchmarks import BenchmarksController
from api.subjects.features import Connected, Entry, Features
from api.subjects.processing import Core, NoSink, processing_of
from api.views.benchmarks import BenchmarkSummaryView, RegressionView
from application.benchmarks.commands.record_benchmark import (
    RecordBenchmark,
    RecordBenchmarkHandler,
    RecordBenchmarkValidator,
)
from application.benchmarks.commands.record_benchmark_status import (
    BenchmarkStatuses,
    RecordBenchmarkStatus,
    RecordBenchmarkStatusHandler,
    RecordBenchmarkStatusValidator,
)
from application.benchmarks.messages import MESSAGES
from application.benchmarks.queries.list_benchmarks import (
    ListBenchmarks,
    ListBenchmarksHandler,
    ListBenchmarksValidator,
)
from application.benchmarks.queries.summarise_benchmarks import SummariseBenchmarks, SummariseBenchmarksHandler
from domain.benchmarks.benchmark_summary import BenchmarkSummary
from domain.benchmarks.regression import BenchmarkRegression
from infrastructure.benchmarks.benchmark_collector import BenchmarkCollector
from infrastructure.benchmarks.subject import benchmarks
from infrastructure.processing.in_memory_states import InMemoryStates
from infrastructure.settings import Settings
from infrastructure.subject import Subject
from infrastructure.telemetry.processing_collector import ProcessingCollector


def _assemble(subject: Subject, core: Core) -> Features:
    settings = core.settings
    states = EncodedStates(BenchmarkSummaryView.of, attrgetter("runs"))
    core.journal.on_forget(subject.name, states.forget)
    processing = processing_of(subject, core, NoSink())
    tests_max = settings.benchmarks.max_tests
    statuses = BenchmarkStatuses(tests_max)
    tests: InMemoryStates[BenchmarkSummary] = InMemoryStates(processing.snapshots)
    own = ProcessingCollector(subject, processing.processor, processing.partitions, "marketdata_benchmarks")
    compatible = [BenchmarkCollector(processing.snapshots)] if settings.trades.compatible_metrics else []
    return Features(
        processing=processing,
        live=LiveSubject(
            "benchmarks",
            processing.feed,
            states,
            (EventChannel("regressions", "regression", BenchmarkRegression, attrgetter("key"), RegressionView.of),),
        ),
        messages=MESSAGES,
        handlers={
            RecordBenchmark: RecordBenchmarkHandler(processing.processor, core.durability),
            RecordBenchmarkStatus: RecordBenchmarkStatusHandler(statuses),
            ListBenchmarks: ListBenchmarksHandler(tests, tests_max),
            SummariseBenchmarks: SummariseBenchmarksHandler(tests, tests_max),
        },
        validators={
            RecordBenchmark: RecordBenchmarkValidator(core.clock, settings.processing.max_clock_skew_us),
            RecordBenchmarkStatus: RecordBenchmarkStatusValidator(),
            ListBenchmarks: ListBenchmarksValidator(settings.limits.max_page_size),
        },
        routes=(BenchmarksController,),
        connect=lambda mediator: Connected(
            {
                "posted_benchmarks": posted_by(processing.admission, settings.limits),
                "statuses": statuses,
                "benchmark_intake": BenchmarkIntake(mediator, core.clock, core.is_durable),
            }
        ),
        live_examples=EXAMPLES,
        live_shapes=SHAPES,
        collectors=[own, *compatible],
    )


def _define(settings: Settings) -> Subject:
    return benchmarks(settings.benchmarks)


BENCHMARKS = Entry(_define, _assemble)
