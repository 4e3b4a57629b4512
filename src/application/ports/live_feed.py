"""What changes, for whoever watches."""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import Protocol

from domain.price_anomaly import PriceAnomaly
from domain.symbol_statistics import SymbolStatistics


@dataclass(frozen=True, slots=True)
class Changes:
    """Symbols whose statistics may have changed, and the spikes seen, in the order they were."""

    symbols: Set[str]
    anomalies: Sequence[PriceAnomaly]


class LiveFeed(Protocol):
    """The way from those who change statistics to those who fan them out to watchers.

    Only symbols are told; what they are now is asked for when it is needed, so that a symbol which changes a thousand
    times between two looks costs one. Several instances share a feed by an adapter that merges their changes and keeps
    the statistics the others sent.
    """

    def watch(self, watching: bool) -> None:
        """Begin or end to note changes. Nothing is noted, nor paid for, while nobody watches."""
        ...

    def take(self) -> Changes:
        """What has changed since this was asked last."""
        ...

    def statistics(self, symbol: str) -> SymbolStatistics | None:
        """A clone of what the symbol is now; None for one never seen."""
        ...

    def symbols(self) -> Sequence[str]:
        """Every symbol there is, sorted. Not to be changed."""
        ...
