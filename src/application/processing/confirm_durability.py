"""Wait until everything sent so far is on disk."""

from dataclasses import dataclass

from application.mediator import Message
from application.ports.journal import Journal


@dataclass(frozen=True, slots=True)
class ConfirmDurability(Message[None]):
    """Answered once all ticks processed so far are on disk."""


class ConfirmDurabilityHandler:
    """Raises StorageFailed if they cannot be written."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    async def handle(self, command: ConfirmDurability) -> None:
        await self._journal.committed()
