"""The statistics of all symbols, read straight from the books of the partitions."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import islice

from application.ports.statistics_repository import StatisticsPage
from domain.symbol_book import SymbolBook
from domain.symbol_statistics import SymbolStatistics
from infrastructure.processing.partition import Partition
from infrastructure.processing.partitioned_processor import partition_of


class InMemoryStatisticsRepository:
    """Serves clones of what the partitions' workers write."""

    def __init__(self, partitions: Sequence[Partition]) -> None:
        self._books = [partition.book for partition in partitions]
        self._sorted: list[str] = []
        # How many symbols of each book are in _sorted; books only grow, at their end.
        self._known = [0] * len(partitions)

    def snapshot(self, symbol: str) -> SymbolStatistics | None:
        return self._book_of(symbol).snapshot(symbol)

    async def get(self, symbol: str) -> SymbolStatistics | None:
        return self.snapshot(symbol)

    async def page(self, symbols: Sequence[str] | None, after: str | None, limit: int) -> StatisticsPage:
        if symbols is None:
            names = self.names()
        else:
            names = [symbol for symbol in sorted(symbols) if symbol in self._book_of(symbol)]
        start = 0 if after is None else bisect_right(names, after)
        chosen = names[start : start + limit]
        items = [statistics for name in chosen if (statistics := self.snapshot(name)) is not None]
        more = start + limit < len(names)
        return StatisticsPage(tuple(items), len(names), chosen[-1] if more else None)

    def names(self) -> list[str]:
        """Every symbol, sorted. Not to be changed."""
        added = False
        for i, book in enumerate(self._books):
            if len(book) > self._known[i]:
                self._sorted.extend(islice(book.symbols(), self._known[i], None))
                self._known[i] = len(book)
                added = True
        if added:
            # Cheap: sorted already but for its end.
            self._sorted.sort()
        return self._sorted

    def _book_of(self, symbol: str) -> SymbolBook:
        return self._books[partition_of(symbol, len(self._books))]
