"""Past trades from the log, complete up to the moment of the query while the store works."""

from application.errors import HistoryDisabled
from application.trades.ports.trade_history import TradeCandlePage, TradePage, TradePlace
from domain.bars import Interval
from infrastructure.storage.answered import answered, caught_up
from infrastructure.storage.candle_store import CandleStore
from infrastructure.storage.journal import Journal
from infrastructure.storage.store import Store
from infrastructure.storage.stored_candles import StoredCandles
from infrastructure.trades.trade_format import TRADES


class StoredTrades:
    """The `TradeHistory` of this process."""

    def __init__(self, store: Store, candles: CandleStore, journal: Journal) -> None:
        self._store = store
        self._journal = journal
        self._candles = StoredCandles(candles, journal, TRADES)

    async def trades(
        self, symbol: str, from_us: int, to_us: int, after: TradePlace | None, limit: int, newest_first: bool = False
    ) -> TradePage:
        await caught_up(self._journal)
        found = await answered(self._store.observations(TRADES, symbol, from_us, to_us, after, limit + 1, newest_first))
        shown = found[:limit]
        return TradePage(tuple(trade for _, trade in shown), shown[-1][0] if len(found) > limit else None)

    async def candles(
        self, symbol: str, interval: Interval, from_us: int, to_us: int, limit: int, newest_first: bool = False
    ) -> TradeCandlePage:
        return TradeCandlePage(*await self._candles.page(symbol, interval, from_us, to_us, limit, newest_first))


class NoTrades:
    """The `TradeHistory` of a service that keeps none. reason: why it does not."""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    async def trades(
        self, symbol: str, from_us: int, to_us: int, after: TradePlace | None, limit: int, newest_first: bool = False
    ) -> TradePage:
        raise HistoryDisabled(self._reason)

    async def candles(
        self, symbol: str, interval: Interval, from_us: int, to_us: int, limit: int, newest_first: bool = False
    ) -> TradeCandlePage:
        raise HistoryDisabled(self._reason)
