"""List the ticks of a symbol, in order of arrival or the newest first."""

from dataclasses import dataclass, replace

from application.errors import FieldError, SymbolNotFound, ValidationFailed
from application.mediator import Message
from application.paging import PAGE_SIZE_DEFAULT, Order, page_size
from application.ports.states import StateRepository
from application.prices.ports.history import History, TickPage, TickPlace
from application.processing.known_symbol import known_symbol
from application.processing.time_range import EARLIEST_US, LATEST_US, check_range
from domain.prices.symbol_statistics import SymbolStatistics


@dataclass(frozen=True, slots=True)
class ListTicks(Message[TickPage]):
    """Ticks stamped within [from_us, to_us); either end may be None. after: exclusive start of the page."""

    symbol: str
    from_us: int | None = None
    to_us: int | None = None
    limit: int | None = None
    after: TickPlace | None = None
    order: Order = Order.ASC


class ListTicksValidator:
    def __init__(self, limit_max: int) -> None:
        self._limit_max = limit_max

    def validate(self, query: ListTicks) -> ListTicks:
        errors: list[FieldError] = []
        limit = page_size(query.limit, self._limit_max, errors)
        check_range(query.from_us, query.to_us, errors)
        if errors:
            raise ValidationFailed(errors)
        return replace(query, symbol=known_symbol(query.symbol, "price"), limit=limit)


class ListTicksHandler:
    """Raises SymbolNotFound if no price of the symbol has been processed, HistoryUnavailable."""

    def __init__(self, history: History, statistics: StateRepository[SymbolStatistics]) -> None:
        self._history = history
        self._statistics = statistics

    async def handle(self, query: ListTicks) -> TickPage:
        if await self._statistics.get(query.symbol) is None:
            raise SymbolNotFound(query.symbol)
        from_us = EARLIEST_US if query.from_us is None else query.from_us
        to_us = LATEST_US if query.to_us is None else query.to_us
        limit = query.limit or PAGE_SIZE_DEFAULT
        return await self._history.ticks(query.symbol, from_us, to_us, query.after, limit, query.order is Order.DESC)
