"""List alerts by when they were raised."""

from dataclasses import dataclass, field, replace

from application.errors import FieldError, ValidationFailed
from application.mediator import Message
from application.paging import PAGE_SIZE_DEFAULT, Order, page_size
from application.rules.ports.alerts import AlertFilter, AlertOrder, AlertPage, Alerts
from domain.symbol import InvalidSymbol, normalise_symbol


@dataclass(frozen=True, slots=True)
class ListAlerts(Message[AlertPage]):
    """after: the position, in `Alert.order`, after which the page starts."""

    matching: AlertFilter = field(default_factory=AlertFilter)
    limit: int | None = None
    after: AlertOrder | None = None
    order: Order = Order.DESC


class ListAlertsValidator:
    def __init__(self, limit_max: int) -> None:
        self._limit_max = limit_max

    def validate(self, query: ListAlerts) -> ListAlerts:
        errors: list[FieldError] = []
        limit = page_size(query.limit, self._limit_max, errors)
        matching = query.matching
        if matching.from_us is not None and matching.to_us is not None and matching.from_us >= matching.to_us:
            errors.append(FieldError("to", "out_of_range", "must be later than from"))
        key = matching.key
        if key is not None:
            try:
                key = normalise_symbol(key)
            except InvalidSymbol as error:
                errors.append(FieldError("key", "invalid_symbol", str(error)))
        if errors:
            raise ValidationFailed(errors)
        return replace(query, matching=replace(matching, key=key), limit=limit)


class ListAlertsHandler:
    def __init__(self, alerts: Alerts) -> None:
        self._alerts = alerts

    async def handle(self, query: ListAlerts) -> AlertPage:
        limit = query.limit or PAGE_SIZE_DEFAULT
        return await self._alerts.page(query.matching, query.after, limit, query.order is Order.DESC)
