"""The port for secrets."""

from typing import Protocol


class Secrets(Protocol):
    def identifier(self) -> str:
        """Return 16 random hexadecimal digits, which are not secret."""
        ...

    def secret(self) -> str:
        """Return 256 random bits in base64url, 43 characters."""
        ...
