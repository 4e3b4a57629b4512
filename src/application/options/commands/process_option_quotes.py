"""Process option quotes, one or many, alone or as a chain: accept the valid ones, report the invalid ones."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from application.errors import BatchTooLarge, FieldError, ValidationFailed
from application.mediator import Message
from application.options.commands.quote_rules import FORBIDDEN_PRODUCT, QuoteRules
from application.ports.journal import Journal
from application.ports.processor import Patience, Processor
from application.processing.batches import ERRORS_REPORTED_MAX, BatchResult
from application.processing.durability import Durability, submit
from domain.access.principal import ANYBODY, Principal
from domain.options.option_quote import OptionQuote
from domain.options.option_quotes import OptionQuotes


@dataclass(frozen=True, slots=True)
class ProcessOptionQuotes(Message[BatchResult]):
    """Answered once the valid quotes have reached `durability`.

    quotes: those that could be decoded. indexes: their positions in the batch; None if all could be decoded.
    rejected: quotes in the batch already known to be invalid. errors: the errors of those, with their index.
    patience: how long to wait for room in the queues. sender: who it comes from.
    """

    quotes: OptionQuotes
    indexes: Sequence[int] | None = None
    rejected: int = 0
    errors: tuple[FieldError, ...] = ()
    patience: Patience = Patience.LIMITED
    durability: Durability = Durability.MEMORY
    sender: Principal = ANYBODY

    @property
    def count(self) -> int:
        """Quotes in the batch, invalid ones included."""
        return len(self.quotes) + self.rejected

    def index_of(self, position: int) -> int:
        return position if self.indexes is None else self.indexes[position]


class ProcessOptionQuotesValidator:
    """quotes_max: the largest batch accepted."""

    def __init__(self, rules: QuoteRules, quotes_max: int) -> None:
        self._rules = rules
        self._quotes_max = quotes_max

    def validate(self, command: ProcessOptionQuotes) -> ProcessOptionQuotes:
        """Return the batch without its invalid quotes, which are reported in `errors`.

        Raises:
            BatchTooLarge: it has more than `quotes_max` quotes; none is counted.
            ValidationFailed: it has no valid quote.
        """
        count = command.count
        if count > self._quotes_max:
            raise BatchTooLarge(count, self._quotes_max)
        if count == 0 and not command.errors:
            raise ValidationFailed([FieldError("", "empty", "the batch has no quote")])
        latest_us = self._rules.latest_us()
        limited = bool(command.sender.prefixes)
        if command.quotes and not limited and self._rules.are_known_valid(command.quotes, latest_us):
            return command
        good: list[OptionQuote] = []
        indexes: list[int] = []
        found = list(command.errors)
        for position, given in enumerate(command.quotes):
            quote, errors = self._rules.check(given, latest_us)
            if not errors and not command.sender.may_touch(quote.product):
                errors = [FORBIDDEN_PRODUCT]
            if errors:
                found += [error.at(command.index_of(position)) for error in errors]
            else:
                good.append(quote)
                indexes.append(command.index_of(position))
        rejected = command.rejected + len(command.quotes) - len(good)
        found.sort(key=lambda error: -1 if error.index is None else error.index)
        if not good:
            raise ValidationFailed(found[:ERRORS_REPORTED_MAX], ticks=rejected)
        return replace(command, quotes=OptionQuotes(good), indexes=indexes, rejected=rejected, errors=tuple(found))


class ProcessOptionQuotesHandler:
    """Raises what `durability.submit` raises, and ValidationFailed if every quote is refused."""

    def __init__(self, processor: Processor, journal: Journal) -> None:
        self._processor = processor
        self._journal = journal

    async def handle(self, command: ProcessOptionQuotes) -> BatchResult:
        if command.rejected:
            self._processor.reject(command.rejected)
        submitted = await submit(
            self._processor, self._journal, command.quotes, command.durability, command.patience, command.sender.id
        )
        refused = [error.at(command.index_of(error.index or 0)) for error in submitted.refused]
        errors = sorted([*command.errors, *refused], key=lambda error: error.index or 0)[:ERRORS_REPORTED_MAX]
        if submitted.accepted == submitted.duplicates == 0:
            raise ValidationFailed(errors)
        return BatchResult(submitted.accepted, command.rejected + len(refused), tuple(errors), submitted.duplicates)
