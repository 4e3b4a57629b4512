"""The live feed of one instance: what its own workers change, read from their books."""

from collections.abc import Sequence

from application.ports.live_feed import Changes
from domain.symbol_statistics import SymbolStatistics
from infrastructure.processing.change_marks import ChangeMarks
from infrastructure.repositories.in_memory_statistics import InMemoryStatisticsRepository


class PartitionFeed:
    """Watchers of this process see what this process takes."""

    def __init__(self, marks: ChangeMarks, statistics: InMemoryStatisticsRepository) -> None:
        self._marks = marks
        self._statistics = statistics

    def watch(self, watching: bool) -> None:
        self._marks.watch(watching)

    def take(self) -> Changes:
        return self._marks.take()

    def statistics(self, symbol: str) -> SymbolStatistics | None:
        return self._statistics.snapshot(symbol)

    def symbols(self) -> Sequence[str]:
        return self._statistics.names()
