"""The statistics of all symbols, from memory."""

from collections.abc import Sequence

from application.prices.ports.statistics_repository import StatisticsPage
from domain.prices.symbol_statistics import SymbolStatistics
from domain.symbol import starting_with
from infrastructure.processing.snapshots import Snapshots


class InMemoryStatisticsRepository:
    """Serves clones of the workers' state."""

    def __init__(self, snapshots: Snapshots) -> None:
        self._snapshots = snapshots

    async def get(self, symbol: str) -> SymbolStatistics | None:
        found: SymbolStatistics | None = self._snapshots.snapshot(symbol)
        return found

    async def page(
        self,
        symbols: Sequence[str] | None,
        after: str | None,
        limit: int,
        updated: tuple[int, int] | None = None,
        descending: bool = False,
        prefixes: tuple[str, ...] = (),
    ) -> StatisticsPage:
        if symbols is None:
            names: Sequence[str] = self._snapshots.keys()
        else:
            names = [symbol for symbol in sorted(symbols) if symbol in self._snapshots]
        if prefixes:
            names = [symbol for prefix in sorted(prefixes) for symbol in starting_with(names, prefix)]
        if updated is not None:
            from_us, to_us = updated
            names = [symbol for symbol in names if from_us <= self._snapshots.newest_us(symbol) < to_us]
        items, next_after = self._snapshots.page(names, after, limit, descending)
        return StatisticsPage(tuple(items), len(names), next_after)
