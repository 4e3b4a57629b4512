"""List all keys, without their secrets, which nobody knows."""

from collections.abc import Sequence
from dataclasses import dataclass

from application.access.ports.key_repository import KeyRepository
from application.mediator import Message
from domain.access.api_key import ApiKey


@dataclass(frozen=True, slots=True)
class ListKeys(Message[Sequence[ApiKey]]):
    """The oldest first."""


class ListKeysHandler:
    def __init__(self, repository: KeyRepository) -> None:
        self._repository = repository

    async def handle(self, _: ListKeys) -> Sequence[ApiKey]:
        return await self._repository.list()
