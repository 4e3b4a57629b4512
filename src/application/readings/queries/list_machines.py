"""List machines, sorted by name."""

from dataclasses import dataclass, replace

from application.errors import FieldError, ValidationFailed
from application.mediator import Message
from application.paging import PAGE_SIZE_DEFAULT, Order, page_size
from application.readings.ports.machines import MachinePage, MachineRepository
from domain.readings.machine import Standing


@dataclass(frozen=True, slots=True)
class ListMachines(Message[MachinePage]):
    """standing: only those that stand so. after: exclusive start of the page. prefixes: see `MachineRepository`."""

    limit: int | None = None
    after: str | None = None
    standing: Standing | None = None
    order: Order = Order.ASC
    prefixes: tuple[str, ...] = ()


class ListMachinesValidator:
    def __init__(self, limit_max: int) -> None:
        self._limit_max = limit_max

    def validate(self, query: ListMachines) -> ListMachines:
        errors: list[FieldError] = []
        limit = page_size(query.limit, self._limit_max, errors)
        if errors:
            raise ValidationFailed(errors)
        return replace(query, limit=limit)


class ListMachinesHandler:
    def __init__(self, machines: MachineRepository) -> None:
        self._machines = machines

    async def handle(self, query: ListMachines) -> MachinePage:
        limit = query.limit or PAGE_SIZE_DEFAULT
        descending = query.order is Order.DESC
        return await self._machines.page(query.after, limit, query.standing, descending, query.prefixes)
