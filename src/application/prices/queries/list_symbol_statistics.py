"""List the statistics of many symbols."""

from dataclasses import dataclass, replace

from application.errors import FieldError, ValidationFailed
from application.mediator import Message
from application.paging import PAGE_SIZE_DEFAULT, page_size
from application.prices.ports.statistics_repository import StatisticsPage, StatisticsRepository
from domain.symbol import InvalidSymbol, normalise_symbol


@dataclass(frozen=True, slots=True)
class ListSymbolStatistics(Message[StatisticsPage]):
    """symbols: None for all. after: the symbol after which the page starts."""

    symbols: tuple[str, ...] | None = None
    limit: int | None = None
    after: str | None = None


class ListSymbolStatisticsValidator:
    def __init__(self, limit_max: int) -> None:
        self._limit_max = limit_max

    def validate(self, query: ListSymbolStatistics) -> ListSymbolStatistics:
        errors: list[FieldError] = []
        limit = page_size(query.limit, self._limit_max, errors)
        if query.symbols is None:
            symbols = None
        else:
            names = []
            for name in query.symbols:
                try:
                    names.append(normalise_symbol(name))
                except InvalidSymbol as error:
                    errors.append(FieldError("symbols", "invalid_symbol", f"{name[:64]!a} {error}"))
            symbols = tuple(sorted(set(names)))
        if errors:
            raise ValidationFailed(errors)
        return replace(query, symbols=symbols, limit=limit)


class ListSymbolStatisticsHandler:
    def __init__(self, repository: StatisticsRepository) -> None:
        self._repository = repository

    async def handle(self, query: ListSymbolStatistics) -> StatisticsPage:
        return await self._repository.page(query.symbols, query.after, query.limit or PAGE_SIZE_DEFAULT)
