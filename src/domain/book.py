"""A book: the states of many keys, and what a batch of observations does to them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(slots=True)
class Applied:
    """What became of a batch.

    processed: observations counted in. late: how many of them were late. events: what they caused, such as anomalies;
    places: where in the batch the observation of each event stands. failures: keys of the observations that failed, and
    why.
    """

    processed: int = 0
    late: int = 0
    events: list[Any] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    failures: list[tuple[str, Exception]] = field(default_factory=list)


class Book(Protocol):
    """The states of every key that one writer has seen.

    Not safe for two writers. Readers get clones. A checkpoint is all of a state, to be stored and restored.
    """

    def apply(self, columns: Any, /) -> Applied:
        """Take observations in order of arrival. One that cannot be applied is set aside and ends nothing."""
        ...

    def __len__(self) -> int: ...

    def __contains__(self, key: object, /) -> bool: ...

    def keys(self) -> Iterable[str]:
        """The keys in the order they were first seen."""
        ...

    def snapshot(self, key: str, /) -> Any:
        """A clone of what readers see of a key; None for one never seen."""
        ...

    def checkpoint(self, key: str, /) -> Any:
        """All of the state of a key that was seen."""
        ...

    def restore(self, key: str, checkpoint: Any, /) -> None:
        """Put the state of a key back, in place of any that there is."""
        ...

    def update_count(self, key: str, /) -> int:
        """Observations of a key that was seen."""
        ...

    def newest_us(self, key: str, /) -> int:
        """The time of the newest observation of a key that was seen."""
        ...
