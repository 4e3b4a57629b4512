"""Past trades from the log, complete up to the moment of the query while the store works."""

from application.errors import HistoryDisabled
from application.trades.ports.trade_history import TradePage, TradePlace
from infrastructure.storage.answered import answered, caught_up
from infrastructure.storage.journal import Journal
from infrastructure.storage.store import Store
from infrastructure.trades.trade_format import TRADES


class StoredTrades:
    """The `TradeHistory` of this process."""

    def __init__(self, store: Store, journal: Journal) -> None:
        self._store = store
        self._journal = journal

    async def trades(
        self, symbol: str, from_us: int, to_us: int, after: TradePlace | None, limit: int, newest_first: bool = False
    ) -> TradePage:
        await caught_up(self._journal)
        found = await answered(self._store.observations(TRADES, symbol, from_us, to_us, after, limit + 1, newest_first))
        shown = found[:limit]
        return TradePage(tuple(trade for _, trade in shown), shown[-1][0] if len(found) > limit else None)


class NoTrades:
    """The `TradeHistory` of a service without storage."""

    async def trades(
        self, symbol: str, from_us: int, to_us: int, after: TradePlace | None, limit: int, newest_first: bool = False
    ) -> TradePage:
        raise HistoryDisabled
