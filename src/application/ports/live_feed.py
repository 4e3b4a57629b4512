"""What changes, for whoever watches."""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Changes:
    """Keys whose states may have changed, and the events seen, in the order they were."""

    keys: Set[str]
    events: Sequence[Any]


class LiveFeed(Protocol):
    """The way from the workers of one subject to the hub that fans changes out to subscribers.

    Only keys are passed on. Their states are read when they are needed, so a key that changes a thousand times between
    two reads costs one read. Several instances share a feed through an adapter that merges their changes and keeps the
    states that the others sent.
    """

    def watch(self, watching: bool) -> None:
        """Begin or end to note changes. Nothing is noted, nor paid for, while nobody watches."""
        ...

    def take(self) -> Changes:
        """What has changed since this was asked last."""
        ...

    def snapshot(self, key: str) -> Any:
        """A clone of what readers see of a key now; None for one never seen."""
        ...

    def keys(self) -> Sequence[str]:
        """Every key there is, sorted. Not to be changed."""
        ...
