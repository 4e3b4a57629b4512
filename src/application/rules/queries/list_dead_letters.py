"""List deliveries that failed for good."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from application.errors import FieldError, ValidationFailed
from application.mediator import Message
from application.paging import PAGE_SIZE_DEFAULT, Order, page_size
from application.rules.ports.dead_letters import DeadLetter, DeadLetterOrder, DeadLetters


@dataclass(frozen=True, slots=True)
class DeadLetterPage:
    """next_after: the position after which the next page starts, None on the last."""

    items: Sequence[DeadLetter]
    next_after: DeadLetterOrder | None


@dataclass(frozen=True, slots=True)
class ListDeadLetters(Message[DeadLetterPage]):
    """By when they failed, within [from_us, to_us). prefixes: of the keys that the caller is limited to."""

    from_us: int | None = None
    to_us: int | None = None
    limit: int | None = None
    after: DeadLetterOrder | None = None
    order: Order = Order.DESC
    prefixes: tuple[str, ...] = ()


class ListDeadLettersValidator:
    def __init__(self, limit_max: int) -> None:
        self._limit_max = limit_max

    def validate(self, query: ListDeadLetters) -> ListDeadLetters:
        errors: list[FieldError] = []
        limit = page_size(query.limit, self._limit_max, errors)
        if query.from_us is not None and query.to_us is not None and query.from_us >= query.to_us:
            errors.append(FieldError("to", "out_of_range", "must be later than from"))
        if errors:
            raise ValidationFailed(errors)
        return replace(query, limit=limit)


class ListDeadLettersHandler:
    def __init__(self, letters: DeadLetters) -> None:
        self._letters = letters

    async def handle(self, query: ListDeadLetters) -> DeadLetterPage:
        limit, newest_first = query.limit or PAGE_SIZE_DEFAULT, query.order is Order.DESC
        found = await self._letters.page(
            query.after, limit + 1, newest_first, query.from_us, query.to_us, query.prefixes
        )
        shown = found[:limit]
        after = (shown[-1].dead_us or 0, shown[-1].id) if len(found) > limit else None
        return DeadLetterPage(shown, after)
