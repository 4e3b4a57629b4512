"""Revoke a key."""

from dataclasses import dataclass

from application.access.errors import KeyNotFound
from application.access.ports.key_repository import KeyRepository
from application.mediator import Message
from application.ports.clock import Clock


@dataclass(frozen=True, slots=True)
class RevokeKey(Message[None]):
    """For good: a revoked key never becomes valid again."""

    key_id: str


class RevokeKeyHandler:
    """Raises KeyNotFound."""

    def __init__(self, repository: KeyRepository, clock: Clock) -> None:
        self._repository = repository
        self._clock = clock

    async def handle(self, command: RevokeKey) -> None:
        if not await self._repository.revoke(command.key_id, self._clock.now_us()):
            raise KeyNotFound(command.key_id)
