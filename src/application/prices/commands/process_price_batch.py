"""Take many ticks at once: the good ones are accepted, the bad ones named."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from application.errors import BatchTooLarge, FieldError, ValidationFailed
from application.mediator import Message
from application.ports.journal import Journal
from application.ports.processor import Patience, Processor
from application.prices.commands.tick_rules import TickRules
from application.processing.durability import Durability, submit
from domain.prices.price_update import PriceUpdate
from domain.prices.ticks import Ticks

ERRORS_REPORTED_MAX = 100


@dataclass(frozen=True, slots=True)
class BatchResult:
    """accepted, rejected, duplicates: ticks. errors: what is wrong with the first of the rejected, by index."""

    accepted: int
    rejected: int
    errors: tuple[FieldError, ...]
    duplicates: int = 0


@dataclass(frozen=True, slots=True)
class ProcessPriceBatch(Message[BatchResult]):
    """Answered once the good ticks have come as far as `durability` says.

    ticks: those that could be read.
    indexes: the place in the batch of each of them; None where all of the batch could be read.
    rejected: how many ticks of the batch are already known to be bad.
    errors: what is wrong with those, with their index.
    patience: how long it waits for room in the queues before their policy decides.
    """

    ticks: Ticks
    indexes: Sequence[int] | None = None
    rejected: int = 0
    errors: tuple[FieldError, ...] = ()
    patience: Patience = Patience.LIMITED
    durability: Durability = Durability.MEMORY

    def index_of(self, position: int) -> int:
        return position if self.indexes is None else self.indexes[position]


class ProcessPriceBatchValidator:
    """ticks_max: the largest batch taken."""

    def __init__(self, rules: TickRules, ticks_max: int) -> None:
        self._rules = rules
        self._ticks_max = ticks_max

    def validate(self, command: ProcessPriceBatch) -> ProcessPriceBatch:
        """The batch without its bad ticks, which have moved to `errors`.

        Raises:
            BatchTooLarge: it has more ticks than are taken at once; none is counted.
            ValidationFailed: no tick of it is good.
        """
        count = len(command.ticks) + command.rejected
        if count > self._ticks_max:
            raise BatchTooLarge(count, self._ticks_max)
        if count == 0:
            raise ValidationFailed([FieldError("", "empty", "the batch has no tick")])
        latest_us = self._rules.latest_us()
        if command.ticks and not self._rules.are_known_valid(command.ticks, latest_us):
            command = self._sort_out(command, latest_us)
        if not command.ticks:
            raise ValidationFailed(command.errors[:ERRORS_REPORTED_MAX], ticks=command.rejected)
        return command

    def _sort_out(self, command: ProcessPriceBatch, latest_us: int) -> ProcessPriceBatch:
        good: list[PriceUpdate] = []
        indexes: list[int] = []
        found = list(command.errors)
        for position, given in enumerate(command.ticks):
            index = command.index_of(position)
            update = given
            if not self._rules.is_known_valid(given, latest_us):
                update, errors = self._rules.check(given, latest_us)
                if errors:
                    found += [error.at(index) for error in errors]
                    continue
            good.append(update)
            indexes.append(index)
        bad = len(command.ticks) - len(good)
        found.sort(key=lambda error: -1 if error.index is None else error.index)
        return replace(
            command, ticks=Ticks.of(good), indexes=indexes, rejected=command.rejected + bad, errors=tuple(found)
        )


class ProcessPriceBatchHandler:
    """Raises what `durability.submit` does, and ValidationFailed where the symbol limit bars all."""

    def __init__(self, processor: Processor, journal: Journal) -> None:
        self._processor = processor
        self._journal = journal

    async def handle(self, command: ProcessPriceBatch) -> BatchResult:
        if command.rejected:
            self._processor.reject(command.rejected)
        submitted = await submit(self._processor, self._journal, command.ticks, command.durability, command.patience)
        refused = [error.at(command.index_of(error.index or 0)) for error in submitted.refused]
        errors = sorted([*command.errors, *refused], key=lambda error: error.index or 0)[:ERRORS_REPORTED_MAX]
        if submitted.accepted == submitted.duplicates == 0:
            raise ValidationFailed(errors)
        rejected = command.rejected + len(refused)
        return BatchResult(submitted.accepted, rejected, tuple(errors), submitted.duplicates)
