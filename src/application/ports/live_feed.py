"""The live feed: changes for subscribers."""

from collections.abc import Collection, Sequence, Set
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Changes:
    """Keys whose states may have changed, and the events, in order."""

    keys: Set[str]
    events: Sequence[Any]


class LiveFeed(Protocol):
    """Carries changes from the workers of one subject to the hub that fans them out to subscribers.

    Only keys are passed on. States are read on demand, so a key that changes a thousand times between two reads costs
    one read. Several instances share a feed through an adapter that merges their changes and keeps the states received
    from the others.
    """

    def watch(self, watching: bool) -> None:
        """Start or stop tracking changes. Nothing is tracked while there are no subscribers."""
        ...

    def observe(self, keys: Collection[str]) -> None:
        """Track the observations of some keys too, as events. The collection may change meanwhile."""
        ...

    def take(self) -> Changes:
        """Return the changes since the last call."""
        ...

    def snapshot(self, key: str) -> Any:
        """Return a clone of the key's current public state, or None if the key is unknown."""
        ...

    def keys(self) -> Sequence[str]:
        """Return all keys, sorted. Callers must not modify the list."""
        ...
