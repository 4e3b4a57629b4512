"""List the messages over MQTT that could not be taken, newest first."""

from dataclasses import dataclass, replace

from application.errors import FieldError, ValidationFailed
from application.mediator import Message
from application.paging import PAGE_SIZE_DEFAULT, page_size
from application.readings.ports.dead_readings import DeadReadingPage, DeadReadings


@dataclass(frozen=True, slots=True)
class ListDeadReadings(Message[DeadReadingPage]):
    """before: exclusive start of the page. prefixes: of the keys that the caller is limited to; who is, sees none."""

    limit: int | None = None
    before: int | None = None
    prefixes: tuple[str, ...] = ()


class ListDeadReadingsValidator:
    def __init__(self, limit_max: int) -> None:
        self._limit_max = limit_max

    def validate(self, query: ListDeadReadings) -> ListDeadReadings:
        errors: list[FieldError] = []
        limit = page_size(query.limit, self._limit_max, errors)
        if errors:
            raise ValidationFailed(errors)
        return replace(query, limit=limit)


class ListDeadReadingsHandler:
    def __init__(self, dead: DeadReadings) -> None:
        self._dead = dead

    async def handle(self, query: ListDeadReadings) -> DeadReadingPage:
        if query.prefixes:
            return DeadReadingPage((), 0, None)
        return self._dead.page(query.before, query.limit or PAGE_SIZE_DEFAULT)
