"""Record how far a benchmark is."""

from collections import OrderedDict
from dataclasses import dataclass
from enum import Enum

from application.benchmarks.commands.record_benchmark import NAME_LENGTH_MAX
from application.errors import FieldError, ValidationFailed
from application.mediator import Message

_MESSAGE_LENGTH_MAX = 256


class Status(Enum):
    STARTED = "started"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class RecordBenchmarkStatus(Message[None]):
    """message: for people; only its first characters are kept."""

    test_name: str
    status: Status
    timestamp_us: int
    message: str = ""


@dataclass(frozen=True, slots=True)
class BenchmarkStatus:
    status: Status
    timestamp_us: int
    message: str


class BenchmarkStatuses:
    """The last status of each test, by name; in memory only. Of more than `tests_max`, the newest stay."""

    def __init__(self, tests_max: int) -> None:
        self._tests_max = tests_max
        self._statuses: OrderedDict[str, BenchmarkStatus] = OrderedDict()

    def of(self, test_name: str) -> BenchmarkStatus | None:
        return self._statuses.get(test_name)

    def put(self, test_name: str, status: BenchmarkStatus) -> None:
        self._statuses[test_name] = status
        self._statuses.move_to_end(test_name)
        if len(self._statuses) > self._tests_max:
            self._statuses.popitem(last=False)


class RecordBenchmarkStatusValidator:
    def validate(self, command: RecordBenchmarkStatus) -> RecordBenchmarkStatus:
        if not (0 < len(command.test_name) <= NAME_LENGTH_MAX and command.test_name.isprintable()):
            message = f"must be 1 to {NAME_LENGTH_MAX} printable characters"
            raise ValidationFailed([FieldError("testName", "invalid_name", message)])
        return command


class RecordBenchmarkStatusHandler:
    def __init__(self, statuses: BenchmarkStatuses) -> None:
        self._statuses = statuses

    async def handle(self, command: RecordBenchmarkStatus) -> None:
        message = command.message[:_MESSAGE_LENGTH_MAX]
        self._statuses.put(command.test_name, BenchmarkStatus(command.status, command.timestamp_us, message))
