"""Tracks what the workers changed since the last read.

One event loop: workers mark, one reader takes. Workers yield to the loop, so no more can gather between two reads than
they process in that time.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from application.ports.live_feed import Changes
from domain.columns import Columns


class ChangeTracker:
    """Costs one test per batch without subscribers, otherwise one addition to a set per tick."""

    def __init__(self) -> None:
        self._watched = False
        self._keys: set[str] = set()
        self._events: list[Any] = []
        self._observed: Collection[str] = ()

    def watch(self, watching: bool) -> None:
        self._watched = watching
        self.take()

    def observe(self, keys: Collection[str]) -> None:
        """Track the observations of some keys too, as events. The collection may change meanwhile."""
        self._observed = keys

    @property
    def sees(self) -> bool:
        """Whether somebody watches observations."""
        return self._watched and bool(self._observed)

    def see(self, columns: Columns) -> None:
        """Track the observations that somebody watches."""
        if self.sees:
            observed = self._observed
            self._events += [columns[at] for at, key in enumerate(columns.keys) if key in observed]

    def mark(self, keys: Iterable[str], events: Sequence[Any]) -> None:
        if self._watched:
            self._keys.update(keys)
            if events:
                self._events += events

    def take(self) -> Changes:
        changes = Changes(self._keys, self._events)
        self._keys = set()
        self._events = []
        return changes
