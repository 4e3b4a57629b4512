"""The statistics of all symbols, from memory."""

from collections.abc import Sequence

from application.prices.ports.statistics_repository import StatisticsPage
from domain.prices.symbol_statistics import SymbolStatistics
from infrastructure.processing.snapshots import Snapshots


class InMemoryStatisticsRepository:
    """Serves clones of the workers' state."""

    def __init__(self, snapshots: Snapshots) -> None:
        self._snapshots = snapshots

    async def get(self, symbol: str) -> SymbolStatistics | None:
        found: SymbolStatistics | None = self._snapshots.snapshot(symbol)
        return found

    async def page(self, symbols: Sequence[str] | None, after: str | None, limit: int) -> StatisticsPage:
        if symbols is None:
            names: Sequence[str] = self._snapshots.keys()
        else:
            names = [symbol for symbol in sorted(symbols) if symbol in self._snapshots]
        items, next_after = self._snapshots.page(names, after, limit)
        return StatisticsPage(tuple(items), len(names), next_after)
