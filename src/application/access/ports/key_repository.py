"""The port for storing keys."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from domain.access.api_key import ApiKey


class KeyRepository(Protocol):
    async def add(self, key: ApiKey) -> None: ...

    async def list(self) -> Sequence[ApiKey]:
        """Return all keys, the oldest first."""
        ...

    async def revoke(self, key_id: str, now_us: int) -> bool:
        """Revoke a key, from now on or from when it was revoked before. Return whether there is such a key."""
        ...

    async def used(self, last_used_us: Mapping[str, int]) -> None:
        """Note when keys were last used, by id."""
        ...

    async def version(self) -> int:
        """Return a number that grows with every key added or revoked, by whichever process."""
        ...
