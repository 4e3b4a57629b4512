"""Count: the one use case of counters."""

from dataclasses import dataclass

from application.errors import FieldError, ValidationFailed
from application.mediator import Message
from application.ports.journal import Journal
from application.ports.processor import Patience, Processor, Submitted
from application.processing.durability import Durability, submit
from support.counters.counts import Counts


@dataclass(frozen=True)
class Count(Message[Submitted]):
    counts: Counts
    durability: Durability


class CountValidator:
    """Validates that counters only go up."""

    def validate(self, command: Count) -> Count:
        amounts = command.counts.amounts
        errors = [
            FieldError("amount", "not_positive", "must be greater than 0", at)
            for at, amount in enumerate(amounts)
            if amount < 1
        ]
        if errors:
            raise ValidationFailed(errors, ticks=len(amounts))
        return command


class CountHandler:
    def __init__(self, processor: Processor, journal: Journal) -> None:
        self._processor = processor
        self._journal = journal

    async def handle(self, command: Count) -> Submitted:
        return await submit(self._processor, self._journal, command.counts, command.durability, Patience.LIMITED)
