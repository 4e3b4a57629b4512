"""The port for hashing passwords."""

from typing import Protocol


class Passwords(Protocol):
    async def hash(self, password: str) -> str: ...

    async def matches(self, password: str, hashed: str | None) -> bool:
        """Whether a password has a hash. It takes as long if there is no hash.

        Raises:
            AccessUnavailable: too many passwords are being checked.
        """
        ...
