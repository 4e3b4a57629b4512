"""List anomalies or moves by time."""

from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from application.errors import FieldError, ValidationFailed
from application.mediator import Message
from application.paging import PAGE_SIZE_DEFAULT, Order, page_size
from application.prices.ports.event_repository import EventFilter, EventOrder, EventPage, EventRepository
from application.processing.time_range import check_range
from domain.prices.price_anomaly import PriceAnomaly
from domain.prices.price_move import PriceMove
from domain.symbol import InvalidSymbol, normalise_symbol


@dataclass(frozen=True, slots=True)
class _ListEvents:
    """after: the position, in `PriceEvent.order`, after which the page starts."""

    matching: EventFilter = field(default_factory=EventFilter)
    limit: int | None = None
    after: EventOrder | None = None
    order: Order = Order.DESC


class GetRecentAnomalies(_ListEvents, Message[EventPage[PriceAnomaly]]):
    __slots__ = ()


class ListMoves(_ListEvents, Message[EventPage[PriceMove]]):
    __slots__ = ()


Q = TypeVar("Q", bound=_ListEvents)


class ListEventsValidator:
    def __init__(self, limit_max: int) -> None:
        self._limit_max = limit_max

    def validate(self, query: Q) -> Q:
        errors: list[FieldError] = []
        limit = page_size(query.limit, self._limit_max, errors)
        check_range(query.matching.from_us, query.matching.to_us, errors)
        symbol = query.matching.symbol
        if symbol is not None:
            try:
                symbol = normalise_symbol(symbol)
            except InvalidSymbol as error:
                errors.append(FieldError("symbol", "invalid_symbol", str(error)))
        if errors:
            raise ValidationFailed(errors)
        return replace(query, matching=replace(query.matching, symbol=symbol), limit=limit)


class ListEventsHandler:
    def __init__(self, repository: EventRepository[Any]) -> None:
        self._repository = repository

    async def handle(self, query: _ListEvents) -> EventPage[Any]:
        limit = query.limit or PAGE_SIZE_DEFAULT
        return await self._repository.page(query.matching, query.after, limit, query.order is Order.DESC)
