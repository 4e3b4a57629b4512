"""All messages about benchmarks."""

from application.benchmarks.commands.record_benchmark import RecordBenchmark
from application.benchmarks.commands.record_benchmark_status import RecordBenchmarkStatus
from application.benchmarks.queries.list_benchmarks import ListBenchmarks
from application.benchmarks.queries.summarise_benchmarks import SummariseBenchmarks

MESSAGES: tuple[type, ...] = (RecordBenchmark, RecordBenchmarkStatus, ListBenchmarks, SummariseBenchmarks)
