"""Process a batch of ticks: accept the valid ones, report the invalid ones."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from application.errors import BatchTooLarge, FieldError, ValidationFailed
from application.mediator import Message
from application.ports.journal import Journal
from application.ports.processor import Patience, Processor
from application.prices.commands.tick_rules import TickRules
from application.processing.batches import ERRORS_REPORTED_MAX, FORBIDDEN_SYMBOL, BatchResult
from application.processing.durability import Durability, submit
from domain.access.principal import ANYBODY, Principal
from domain.prices.price_update import PriceUpdate
from domain.prices.ticks import Ticks


@dataclass(frozen=True, slots=True)
class ProcessPriceBatch(Message[BatchResult]):
    """Answered once the valid ticks have reached `durability`.

    ticks: those that could be decoded.
    indexes: their positions in the batch; None if the whole batch could be decoded.
    rejected: number of ticks in the batch already known to be invalid.
    errors: the errors of those, with their index.
    patience: how long to wait for room in the queues before their policy applies.
    errors_max: how many errors are reported.
    sender: who it comes from.
    """

    ticks: Ticks
    indexes: Sequence[int] | None = None
    rejected: int = 0
    errors: tuple[FieldError, ...] = ()
    patience: Patience = Patience.LIMITED
    durability: Durability = Durability.MEMORY
    errors_max: int = ERRORS_REPORTED_MAX
    sender: Principal = ANYBODY

    @property
    def count(self) -> int:
        """Ticks in the batch, invalid ones included."""
        return len(self.ticks) + self.rejected

    def index_of(self, position: int) -> int:
        return position if self.indexes is None else self.indexes[position]


class ProcessPriceBatchValidator:
    """ticks_max: the largest batch accepted."""

    def __init__(self, rules: TickRules, ticks_max: int) -> None:
        self._rules = rules
        self._ticks_max = ticks_max

    def validate(self, command: ProcessPriceBatch) -> ProcessPriceBatch:
        """Return the batch without its invalid ticks, which are reported in `errors`.

        Raises:
            BatchTooLarge: it has more than `ticks_max` ticks; none is counted.
            ValidationFailed: it has no valid tick.
        """
        count = command.count
        if count > self._ticks_max:
            raise BatchTooLarge(count, self._ticks_max)
        if count == 0:
            raise ValidationFailed([FieldError("", "empty", "the batch has no tick")])
        latest_us = self._rules.latest_us()
        if command.ticks and not self._rules.are_known_valid(command.ticks, latest_us):
            command = self._drop_invalid(command, latest_us)
        if command.sender.prefixes:
            command = _drop_forbidden(command)
        if not command.ticks:
            raise ValidationFailed(command.errors[: command.errors_max], ticks=command.rejected)
        return command

    def _drop_invalid(self, command: ProcessPriceBatch, latest_us: int) -> ProcessPriceBatch:
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


def _drop_forbidden(command: ProcessPriceBatch) -> ProcessPriceBatch:
    symbols, prefixes = command.ticks.symbols, command.sender.prefixes
    places = {place for place, symbol in enumerate(symbols) if not symbol.startswith(prefixes)}
    if not places:
        return command
    found = [*command.errors, *(FORBIDDEN_SYMBOL.at(command.index_of(place)) for place in sorted(places))]
    found.sort(key=lambda error: -1 if error.index is None else error.index)
    return replace(
        command,
        ticks=command.ticks.without(places),
        indexes=[command.index_of(place) for place in range(len(symbols)) if place not in places],
        rejected=command.rejected + len(places),
        errors=tuple(found),
    )


class ProcessPriceBatchHandler:
    """Raises what `durability.submit` raises, and ValidationFailed if the symbol limit refuses every tick."""

    def __init__(self, processor: Processor, journal: Journal) -> None:
        self._processor = processor
        self._journal = journal

    async def handle(self, command: ProcessPriceBatch) -> BatchResult:
        if command.rejected:
            self._processor.reject(command.rejected)
        submitted = await submit(
            self._processor, self._journal, command.ticks, command.durability, command.patience, command.sender.owner
        )
        refused = [error.at(command.index_of(error.index or 0)) for error in submitted.refused]
        errors = sorted([*command.errors, *refused], key=lambda error: error.index or 0)[: command.errors_max]
        if submitted.accepted == submitted.duplicates == 0:
            raise ValidationFailed(errors)
        rejected = command.rejected + len(refused)
        return BatchResult(submitted.accepted, rejected, tuple(errors), submitted.duplicates)
