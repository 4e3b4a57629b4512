"""Wait until what was sent before is on disk."""

from dataclasses import dataclass

from application.mediator import Message
from application.ports.journal import Journal


@dataclass(frozen=True, slots=True)
class ConfirmDurability(Message[None]):
    """Answered once all ticks that are processed by now are on disk."""


class ConfirmDurabilityHandler:
    """Raises StorageFailed where they cannot be put there."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    async def handle(self, command: ConfirmDurability) -> None:
        await self._journal.committed()
