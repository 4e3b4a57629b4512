"""List the candles of a symbol."""

from dataclasses import dataclass, replace

from application.errors import FieldError, SymbolNotFound, ValidationFailed
from application.mediator import Message
from application.paging import PAGE_SIZE_DEFAULT, Order, page_size
from application.ports.states import StateRepository
from application.prices.ports.history import History
from application.processing.known_symbol import known_symbol
from application.processing.time_range import EARLIEST_US, check_range
from domain.bars import Interval
from domain.prices.candle import Candle
from domain.prices.symbol_statistics import SymbolStatistics


@dataclass(frozen=True, slots=True)
class CandleList:
    """still_open_us: a candle that ends later is still open, because no later tick has arrived.

    rest: the range of the next page, None on the last.
    """

    items: tuple[Candle, ...]
    still_open_us: int
    rest: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class ListCandles(Message[CandleList]):
    """Candles that start within [from_us, to_us). Without to_us, the range ends at the newest tick of the symbol."""

    symbol: str
    interval: Interval
    from_us: int | None = None
    to_us: int | None = None
    limit: int | None = None
    order: Order = Order.ASC


class ListCandlesValidator:
    def __init__(self, limit_max: int) -> None:
        self._limit_max = limit_max

    def validate(self, query: ListCandles) -> ListCandles:
        errors: list[FieldError] = []
        limit = page_size(query.limit, self._limit_max, errors)
        check_range(query.from_us, query.to_us, errors)
        if errors:
            raise ValidationFailed(errors)
        return replace(query, symbol=known_symbol(query.symbol, "price"), limit=limit)


class ListCandlesHandler:
    """Raises SymbolNotFound if no price of the symbol has been processed, HistoryUnavailable."""

    def __init__(self, history: History, statistics: StateRepository[SymbolStatistics]) -> None:
        self._history = history
        self._statistics = statistics

    async def handle(self, query: ListCandles) -> CandleList:
        statistics = await self._statistics.get(query.symbol)
        if statistics is None:
            raise SymbolNotFound(query.symbol)
        newest_us = statistics.last_update_us
        from_us = EARLIEST_US if query.from_us is None else query.from_us
        to_us = newest_us + 1 if query.to_us is None else query.to_us
        limit, newest_first = query.limit or PAGE_SIZE_DEFAULT, query.order is Order.DESC
        page = await self._history.candles(query.symbol, query.interval, from_us, to_us, limit, newest_first)
        return CandleList(page.items, newest_us, page.rest)
