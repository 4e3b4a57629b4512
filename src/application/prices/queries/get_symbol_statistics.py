"""Get the statistics of one symbol."""

from dataclasses import dataclass

from application.errors import SymbolNotFound
from application.mediator import Message
from application.prices.ports.statistics_repository import StatisticsRepository
from domain.prices.symbol_statistics import SymbolStatistics
from domain.symbol import InvalidSymbol, normalise_symbol


@dataclass(frozen=True, slots=True)
class GetSymbolStatistics(Message[SymbolStatistics]):
    symbol: str


class GetSymbolStatisticsValidator:
    """Raises SymbolNotFound for an invalid symbol, as for a valid one without prices."""

    def validate(self, query: GetSymbolStatistics) -> GetSymbolStatistics:
        try:
            symbol = normalise_symbol(query.symbol)
        except InvalidSymbol:
            raise SymbolNotFound(ascii(query.symbol[:64])) from None
        return query if symbol == query.symbol else GetSymbolStatistics(symbol)


class GetSymbolStatisticsHandler:
    """Raises SymbolNotFound if no price of the symbol has been processed."""

    def __init__(self, repository: StatisticsRepository) -> None:
        self._repository = repository

    async def handle(self, query: GetSymbolStatistics) -> SymbolStatistics:
        statistics = await self._repository.get(query.symbol)
        if statistics is None:
            raise SymbolNotFound(query.symbol)
        return statistics
