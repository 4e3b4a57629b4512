"""The observations of one subject that are recorded and not being written yet."""

from typing import Protocol

from domain.book import Applied
from domain.columns import Columns
from infrastructure.storage.block_builder import BlockBuilder
from infrastructure.storage.records import LogBlock, LoggedEvent
from infrastructure.subject import Aggregates, Subject


class Gate(Protocol):
    """Decides whether more can be recorded, over all subjects."""

    @property
    def is_crowded(self) -> bool: ...

    async def wait_for_room(self) -> None: ...

    def admits(self, count: int) -> bool:
        """Whether so many observations can be recorded; if not, they are counted as lost."""
        ...


class SubjectLog:
    """The `Recorder` of one subject's partitions. aggregates: None if the subject keeps none."""

    def __init__(self, subject: Subject, gate: Gate) -> None:
        self.blocks = BlockBuilder(subject)
        self.aggregates: Aggregates | None = None
        self._subject = subject
        self._gate = gate
        self._events: list[LoggedEvent] = []
        self.take_aggregates()

    @property
    def is_crowded(self) -> bool:
        return self._gate.is_crowded

    async def wait_for_room(self) -> None:
        await self._gate.wait_for_room()

    def record(self, columns: Columns, applied: Applied) -> None:
        """Record observations that were just applied, and the result."""
        if not self._gate.admits(len(columns)):
            return
        if self.aggregates is not None:
            self.aggregates.apply(columns)
        block, first = self.blocks.add(columns)
        if applied.updates:
            self._events += [LoggedEvent(update, block, first) for update in applied.updates]
        if applied.events:
            self._events += [
                LoggedEvent(event, block, first + at) for event, at in zip(applied.events, applied.places, strict=True)
            ]

    def take_blocks(self) -> tuple[list[LogBlock], list[LoggedEvent]]:
        """Return the blocks, and the events of their observations."""
        events, self._events = self._events, []
        return self.blocks.take(), events

    def take_aggregates(self) -> None:
        """Start new aggregates; the previous ones are left to the caller."""
        tables = self._subject.tables
        self.aggregates = None if tables is None else tables.new_aggregates()
