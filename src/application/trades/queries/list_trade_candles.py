"""List the candles of the trades of a symbol."""

from dataclasses import dataclass, replace

from application.errors import FieldError, SymbolNotFound, ValidationFailed
from application.mediator import Message
from application.paging import PAGE_SIZE_DEFAULT, Order, page_size
from application.ports.states import StateRepository
from application.processing.known_symbol import known_symbol
from application.processing.time_range import EARLIEST_US, check_range
from application.trades.ports.trade_history import TradeHistory
from domain.bars import Interval
from domain.trades.trade_candle import TradeCandle
from domain.trades.trade_statistics import TradeStatistics


@dataclass(frozen=True, slots=True)
class TradeCandleList:
    """still_open_us: a candle that ends later is still open, because no later trade has arrived.

    rest: the range of the next page, None on the last.
    """

    items: tuple[TradeCandle, ...]
    still_open_us: int
    rest: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class ListTradeCandles(Message[TradeCandleList]):
    """Candles that start within [from_us, to_us). Without to_us, the range ends at the newest trade of the symbol."""

    symbol: str
    interval: Interval
    from_us: int | None = None
    to_us: int | None = None
    limit: int | None = None
    order: Order = Order.ASC


class ListTradeCandlesValidator:
    def __init__(self, limit_max: int) -> None:
        self._limit_max = limit_max

    def validate(self, query: ListTradeCandles) -> ListTradeCandles:
        errors: list[FieldError] = []
        limit = page_size(query.limit, self._limit_max, errors)
        check_range(query.from_us, query.to_us, errors)
        if errors:
            raise ValidationFailed(errors)
        return replace(query, symbol=known_symbol(query.symbol, "trade"), limit=limit)


class ListTradeCandlesHandler:
    """Raises SymbolNotFound if no trade of the symbol has been processed, HistoryUnavailable."""

    def __init__(self, history: TradeHistory, statistics: StateRepository[TradeStatistics]) -> None:
        self._history = history
        self._statistics = statistics

    async def handle(self, query: ListTradeCandles) -> TradeCandleList:
        statistics = await self._statistics.get(query.symbol)
        if statistics is None:
            raise SymbolNotFound(query.symbol, "trade")
        newest_us = statistics.last_trade_us
        from_us = EARLIEST_US if query.from_us is None else query.from_us
        to_us = newest_us + 1 if query.to_us is None else query.to_us
        limit, newest_first = query.limit or PAGE_SIZE_DEFAULT, query.order is Order.DESC
        page = await self._history.candles(query.symbol, query.interval, from_us, to_us, limit, newest_first)
        return TradeCandleList(page.items, newest_us, page.rest)
