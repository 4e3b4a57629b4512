"""The port for reading machines."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from domain.readings.machine import Machine, Standing


@dataclass(frozen=True, slots=True)
class MachinePage:
    """total: over all pages. next_after: where the next page starts, None on the last."""

    items: tuple[Machine, ...]
    total: int
    next_after: str | None


class MachineRepository(Protocol):
    """prefixes: only sensors whose keys start with one of them; none for all."""

    def sensors(self, machine: str, prefixes: tuple[str, ...] = ()) -> Sequence[str]:
        """Return the keys of a machine's sensors, sorted; none if the machine is unknown."""
        ...

    async def get(self, machine: str, prefixes: tuple[str, ...] = ()) -> Machine | None: ...

    async def page(
        self,
        after: str | None,
        limit: int,
        standing: Standing | None = None,
        descending: bool = False,
        prefixes: tuple[str, ...] = (),
    ) -> MachinePage:
        """Return up to `limit` machines after `after`, sorted by name. standing: only those that stand so."""
        ...
