"""The port for reading the states of a subject's keys."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

State = TypeVar("State")


@dataclass(frozen=True, slots=True)
class StatePage(Generic[State]):
    """total: over all pages. next_after: where the next page starts, None on the last."""

    items: tuple[State, ...]
    total: int
    next_after: str | None


class StateRepository(Protocol[State]):
    async def get(self, key: str) -> State | None: ...

    async def page(
        self,
        keys: Sequence[str] | None,
        after: str | None,
        limit: int,
        updated: tuple[int, int] | None = None,
        descending: bool = False,
        prefixes: tuple[str, ...] = (),
    ) -> StatePage[State]:
        """Return up to `limit` states whose keys come after `after`, out of `keys` or of all.

        updated: only those last updated within this range, microseconds since the epoch.
        prefixes: only of keys that start with one of them, none of which starts with another; none for all.
        """
        ...
