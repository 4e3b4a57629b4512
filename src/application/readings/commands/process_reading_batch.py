"""Process a batch of readings: accept the valid ones, report the invalid ones."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from application.errors import BatchTooLarge, FieldError, ValidationFailed
from application.mediator import Message
from application.ports.journal import Journal
from application.ports.processor import Patience, Processor
from application.processing.batches import ERRORS_REPORTED_MAX, BatchResult
from application.processing.durability import Durability, submit
from application.readings.commands.reading_rules import ReadingRules
from domain.access.principal import ANYBODY, Principal
from domain.readings.reading import Reading
from domain.readings.readings import Readings

FORBIDDEN = FieldError("machineId", "forbidden_symbol", "must be one of the machines of your key")


@dataclass(frozen=True, slots=True)
class ProcessReadingBatch(Message[BatchResult]):
    """Answered once the valid readings have reached `durability`.

    readings: those that could be decoded.
    indexes: their positions in the batch; None if the whole batch could be decoded.
    rejected: number of readings in the batch already known to be invalid.
    errors: the errors of those, with their index.
    patience: how long to wait for room in the queues before their policy applies.
    sender: who it comes from.
    """

    readings: Readings
    indexes: Sequence[int] | None = None
    rejected: int = 0
    errors: tuple[FieldError, ...] = ()
    patience: Patience = Patience.LIMITED
    durability: Durability = Durability.MEMORY
    sender: Principal = ANYBODY

    @property
    def count(self) -> int:
        """Readings in the batch, invalid ones included."""
        return len(self.readings) + self.rejected

    def index_of(self, position: int) -> int:
        return position if self.indexes is None else self.indexes[position]


class ProcessReadingBatchValidator:
    """readings_max: the largest batch accepted."""

    def __init__(self, rules: ReadingRules, readings_max: int) -> None:
        self._rules = rules
        self._readings_max = readings_max

    def validate(self, command: ProcessReadingBatch) -> ProcessReadingBatch:
        """Return the batch without its invalid readings, which are reported in `errors`.

        Raises:
            BatchTooLarge: it has more than `readings_max` readings; none is counted.
            ValidationFailed: it has no valid reading.
        """
        count = command.count
        if count > self._readings_max:
            raise BatchTooLarge(count, self._readings_max)
        if count == 0:
            raise ValidationFailed([FieldError("", "empty", "the batch has no reading")])
        latest_us = self._rules.latest_us()
        limited = bool(command.sender.prefixes)
        if command.readings and (limited or not self._rules.are_known_valid(command.readings, latest_us)):
            command = self._drop_invalid(command, latest_us)
        if not command.readings:
            raise ValidationFailed(command.errors[:ERRORS_REPORTED_MAX], ticks=command.rejected)
        return command

    def _drop_invalid(self, command: ProcessReadingBatch, latest_us: int) -> ProcessReadingBatch:
        good: list[Reading] = []
        indexes: list[int] = []
        found = list(command.errors)
        for position, given in enumerate(command.readings):
            index = command.index_of(position)
            errors = self._rules.check(given, latest_us)
            if not errors and not command.sender.may_touch(given.key):
                errors = [FORBIDDEN]
            if errors:
                found += [error.at(index) for error in errors]
            else:
                good.append(given)
                indexes.append(index)
        bad = len(command.readings) - len(good)
        found.sort(key=lambda error: -1 if error.index is None else error.index)
        return replace(
            command, readings=Readings.of(good), indexes=indexes, rejected=command.rejected + bad, errors=tuple(found)
        )


class ProcessReadingBatchHandler:
    """Raises what `durability.submit` raises, and ValidationFailed if the limit of sensors refuses every reading."""

    def __init__(self, processor: Processor, journal: Journal) -> None:
        self._processor = processor
        self._journal = journal

    async def handle(self, command: ProcessReadingBatch) -> BatchResult:
        if command.rejected:
            self._processor.reject(command.rejected)
        submitted = await submit(
            self._processor, self._journal, command.readings, command.durability, command.patience, command.sender.id
        )
        refused = [error.at(command.index_of(error.index or 0)) for error in submitted.refused]
        errors = sorted([*command.errors, *refused], key=lambda error: error.index or 0)[:ERRORS_REPORTED_MAX]
        if submitted.accepted == submitted.duplicates == 0:
            raise ValidationFailed(errors)
        return BatchResult(submitted.accepted, command.rejected + len(refused), tuple(errors), submitted.duplicates)
