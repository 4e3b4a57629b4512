"""Where the statistics of symbols are read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from domain.prices.symbol_statistics import SymbolStatistics


@dataclass(frozen=True, slots=True)
class StatisticsPage:
    """items: sorted by symbol. total: on all pages. next_after: where the next page starts, None after the last."""

    items: tuple[SymbolStatistics, ...]
    total: int
    next_after: str | None


class StatisticsRepository(Protocol):
    async def get(self, symbol: str) -> SymbolStatistics | None: ...

    async def page(self, symbols: Sequence[str] | None, after: str | None, limit: int) -> StatisticsPage:
        """Up to `limit` symbols that sort behind `after`, out of `symbols` or of all."""
        ...
