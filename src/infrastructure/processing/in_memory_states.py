"""The states of a subject's keys, from memory."""

from collections.abc import Sequence
from typing import Generic, TypeVar

from application.ports.states import StatePage
from domain.symbol import starting_with
from infrastructure.processing.snapshots import Snapshots

State = TypeVar("State")


class InMemoryStates(Generic[State]):
    """Serves clones of the workers' state."""

    def __init__(self, snapshots: Snapshots) -> None:
        self._snapshots = snapshots

    async def get(self, key: str) -> State | None:
        found: State | None = self._snapshots.snapshot(key)
        return found

    async def page(
        self,
        keys: Sequence[str] | None,
        after: str | None,
        limit: int,
        updated: tuple[int, int] | None = None,
        descending: bool = False,
        prefixes: tuple[str, ...] = (),
    ) -> StatePage[State]:
        if keys is None:
            names: Sequence[str] = self._snapshots.keys()
        else:
            names = [key for key in sorted(keys) if key in self._snapshots]
        if prefixes:
            names = [key for prefix in sorted(prefixes) for key in starting_with(names, prefix)]
        if updated is not None:
            from_us, to_us = updated
            names = [key for key in names if from_us <= self._snapshots.newest_us(key) < to_us]
        items, next_after = self._snapshots.page(names, after, limit, descending)
        return StatePage(tuple(items), len(names), next_after)
