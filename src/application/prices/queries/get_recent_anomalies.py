"""List anomalies by time."""

from dataclasses import dataclass, field, replace

from application.errors import FieldError, ValidationFailed
from application.mediator import Message
from application.paging import PAGE_SIZE_DEFAULT, Order, page_size
from application.prices.ports.anomaly_repository import AnomalyFilter, AnomalyOrder, AnomalyPage, AnomalyRepository
from application.prices.queries.time_range import check_range
from domain.symbol import InvalidSymbol, normalise_symbol


@dataclass(frozen=True, slots=True)
class GetRecentAnomalies(Message[AnomalyPage]):
    """after: the position, in `PriceAnomaly.order`, after which the page starts."""

    matching: AnomalyFilter = field(default_factory=AnomalyFilter)
    limit: int | None = None
    after: AnomalyOrder | None = None
    order: Order = Order.DESC


class GetRecentAnomaliesValidator:
    def __init__(self, limit_max: int) -> None:
        self._limit_max = limit_max

    def validate(self, query: GetRecentAnomalies) -> GetRecentAnomalies:
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


class GetRecentAnomaliesHandler:
    def __init__(self, repository: AnomalyRepository) -> None:
        self._repository = repository

    async def handle(self, query: GetRecentAnomalies) -> AnomalyPage:
        limit = query.limit or PAGE_SIZE_DEFAULT
        return await self._repository.page(query.matching, query.after, limit, query.order is Order.DESC)
