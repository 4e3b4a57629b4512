"""The port for the audit log."""

from typing import Protocol


class Audit(Protocol):
    def note(self, event: str, **facts: str) -> None:
        """Log who did what. Never a secret."""
        ...
