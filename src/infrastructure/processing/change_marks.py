"""What the workers changed since somebody looked.

One event loop: workers mark, one reader takes. A worker gives way after every batch, so that no more can gather between
two looks than the workers do in that time.
"""

from collections.abc import Iterable, Sequence

from application.ports.live_feed import Changes
from domain.price_anomaly import PriceAnomaly


class ChangeMarks:
    """Costs one test a batch while nobody watches, and one addition to a set a tick otherwise."""

    def __init__(self) -> None:
        self._watched = False
        self._symbols: set[str] = set()
        self._anomalies: list[PriceAnomaly] = []

    def watch(self, watching: bool) -> None:
        self._watched = watching
        self.take()

    def mark(self, symbols: Iterable[str], anomalies: Sequence[PriceAnomaly]) -> None:
        if self._watched:
            self._symbols.update(symbols)
            if anomalies:
                self._anomalies += anomalies

    def take(self) -> Changes:
        changes = Changes(self._symbols, self._anomalies)
        self._symbols = set()
        self._anomalies = []
        return changes
