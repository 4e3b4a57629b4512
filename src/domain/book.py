"""The book: the state of every key that one writer owns, and how a batch of observations changes it."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(slots=True)
class Applied:
    """The result of applying a batch.

    processed: observations applied. late: how many of those were late. events: events they caused, such as anomalies.
    places: position in the batch of each event's observation.
    updates: what goes on over many observations, such as a move, as it is after them where it has changed; the last one
        of several is the valid one.
    failures: key and error of each observation that failed.
    figures_at: figures of the keys after each observation, such as a spread, if the book publishes any for rules: from
        the place of an observation to an object whose `get` takes a name and returns the figure, None if it is not
        known anew.
    troubles: key and error of what else went wrong, beside the observations.
    """

    processed: int = 0
    late: int = 0
    events: list[Any] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    updates: list[Any] = field(default_factory=list)
    failures: list[tuple[str, Exception]] = field(default_factory=list)
    figures_at: Callable[[int], Any] | None = field(default=None, compare=False)
    troubles: list[tuple[str, Exception]] = field(default_factory=list)


def figures_in(columns: dict[str, list[Any]]) -> Callable[[int], Any]:
    """Return the `Applied.figures_at` of figures in columns, one for each name."""

    def at(place: int) -> dict[str, Any]:
        return {name: column[place] for name, column in columns.items()}

    return at


class Book(Protocol):
    """The state of every key seen by one writer.

    Not safe for two writers. Readers get clones. A checkpoint is the full state of a key, for storage and recovery.
    """

    def apply(self, columns: Any, /) -> Applied:
        """Apply observations in order of arrival. One that fails goes into `failures` and does not stop the batch."""
        ...

    def publish_figures(self, keys: Collection[str], /) -> bool:
        """From now on publish figures of these keys in `Applied.figures_at`, if there are any. The keys may change.

        Return whether it depends on the keys what is published.
        """
        ...

    def __len__(self) -> int: ...

    def __contains__(self, key: object, /) -> bool: ...

    def keys(self) -> Iterable[str]:
        """Return the keys, in the order first seen."""
        ...

    def snapshot(self, key: str, /) -> Any:
        """Return a clone of the key's public state, or None if the key is unknown."""
        ...

    def checkpoint(self, key: str, /) -> Any:
        """Return the full state of a known key."""
        ...

    def restore(self, key: str, checkpoint: Any, /) -> None:
        """Set the state of a key, replacing any existing one."""
        ...

    def forget(self, key: str, /) -> None:
        """Remove a key, if it is known."""
        ...

    def update_count(self, key: str, /) -> int:
        """Return the number of observations of a known key."""
        ...

    def newest_us(self, key: str, /) -> int:
        """Return the time of a known key's newest observation."""
        ...
