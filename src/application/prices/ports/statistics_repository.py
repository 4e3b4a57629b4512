"""The port for reading symbol statistics."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from domain.prices.symbol_statistics import SymbolStatistics


@dataclass(frozen=True, slots=True)
class StatisticsPage:
    """total: over all pages. next_after: where the next page starts, None on the last."""

    items: tuple[SymbolStatistics, ...]
    total: int
    next_after: str | None


class StatisticsRepository(Protocol):
    async def get(self, symbol: str) -> SymbolStatistics | None: ...

    async def page(
        self,
        symbols: Sequence[str] | None,
        after: str | None,
        limit: int,
        updated: tuple[int, int] | None = None,
        descending: bool = False,
        prefixes: tuple[str, ...] = (),
    ) -> StatisticsPage:
        """Return up to `limit` symbols that come after `after`, out of `symbols` or of all.

        updated: only those last updated within this range, microseconds since the epoch.
        prefixes: only those that start with one of them, none of which starts with another; none for all.
        """
        ...
