"""What of one subject is recorded and not yet on its way to the store."""

from typing import Protocol

from domain.book import Applied
from domain.columns import Columns
from infrastructure.storage.block_builder import BlockBuilder
from infrastructure.storage.records import LogBlock, LoggedEvent
from infrastructure.subject import Aggregates, Subject


class Gate(Protocol):
    """What decides whether more can be recorded, over all subjects."""

    @property
    def is_crowded(self) -> bool: ...

    async def wait_for_room(self) -> None: ...

    def admits(self, count: int) -> bool:
        """Whether so many observations can be recorded; they are counted as lost where not."""
        ...


class SubjectLog:
    """The `Recorder` of one subject's partitions. aggregates: None where the subject keeps none."""

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
        """Take over observations that were just applied, and what came of them."""
        if not self._gate.admits(len(columns)):
            return
        if self.aggregates is not None:
            self.aggregates.apply(columns)
        block, first = self.blocks.add(columns)
        if applied.events:
            self._events += [
                LoggedEvent(event, block, first + at) for event, at in zip(applied.events, applied.places, strict=True)
            ]

    def take_blocks(self) -> tuple[list[LogBlock], list[LoggedEvent]]:
        """The blocks, and the events of their observations."""
        events, self._events = self._events, []
        return self.blocks.take(), events

    def take_aggregates(self) -> None:
        """Begin with new aggregates; the ones so far belong to whoever has them."""
        tables = self._subject.tables
        self.aggregates = None if tables is None else tables.new_aggregates()
