"""Record one run of a benchmark."""

from dataclasses import dataclass, replace
from math import isfinite

from application.errors import FieldError, ValidationFailed
from application.mediator import Message
from application.ports.clock import Clock
from application.ports.journal import Journal
from application.ports.processor import Patience, Processor
from application.processing.durability import Durability, submit
from domain.access.principal import ANYBODY, Principal
from domain.benchmarks.benchmark_run import BenchmarkRun
from domain.benchmarks.runs import Runs

NAME_LENGTH_MAX = 64
_CONFIG_LENGTH_MAX = 8192
COUNT_MAX = 2**53
NUMBER_MAX = 1e18


@dataclass(frozen=True, slots=True)
class RecordBenchmark(Message[None]):
    """Answered once the run has reached `durability`."""

    run: BenchmarkRun
    durability: Durability = Durability.MEMORY
    patience: Patience = Patience.LIMITED
    sender: Principal = ANYBODY


class RecordBenchmarkValidator:
    """max_clock_skew_us: how far ahead of the clock a timestamp may be."""

    def __init__(self, clock: Clock, max_clock_skew_us: int) -> None:
        self._clock = clock
        self._max_clock_skew_us = max_clock_skew_us

    def validate(self, command: RecordBenchmark) -> RecordBenchmark:
        run, errors = command.run, []
        if not (0 < len(run.test_name) <= NAME_LENGTH_MAX and run.test_name.isprintable()):
            message = f"must be 1 to {NAME_LENGTH_MAX} printable characters"
            errors.append(FieldError("testName", "invalid_name", message))
        if not command.sender.may_touch(run.test_name):
            errors.append(FieldError("testName", "forbidden_symbol", "must begin like one of the symbols of your key"))
        if len(run.config) > _CONFIG_LENGTH_MAX:
            errors.append(FieldError("config", "too_long", f"must have at most {_CONFIG_LENGTH_MAX} characters"))
        if run.timestamp_us > self._clock.now_us() + self._max_clock_skew_us:
            seconds = self._max_clock_skew_us / 1_000_000
            message = f"must not be more than {seconds:g} s ahead of the server's clock"
            errors.append(FieldError("timestamp", "in_the_future", message))
        counts = {
            "totalTrades": run.total_trades,
            "queueFullCount": run.queue_full_count,
            "errorCount": run.error_count,
            "latencyStats": run.latency.measured,
        }
        errors += [
            FieldError(name, "out_of_range", f"must be between 0 and {COUNT_MAX}")
            for name, count in counts.items()
            if not 0 <= count <= COUNT_MAX
        ]
        numbers = [("durationSeconds", run.duration_seconds), ("tradesPerSecond", run.trades_per_second)]
        numbers += [("latencyStats", each) for each in run.latency[1:]]
        errors += [
            FieldError(name, "out_of_range", f"must be between 0 and {NUMBER_MAX:g}")
            for name, number in numbers
            if not (isfinite(number) and 0 <= number <= NUMBER_MAX)
        ]
        if errors:
            raise ValidationFailed(errors, ticks=1)
        return command


class RecordBenchmarkHandler:
    """Raises what `durability.submit` raises, and ValidationFailed at the limit of tests."""

    def __init__(self, processor: Processor, journal: Journal) -> None:
        self._processor = processor
        self._journal = journal

    async def handle(self, command: RecordBenchmark) -> None:
        submitted = await submit(
            self._processor,
            self._journal,
            Runs([command.run]),
            command.durability,
            command.patience,
            command.sender.owner,
        )
        if submitted.refused:
            raise ValidationFailed([replace(error, index=None) for error in submitted.refused])
