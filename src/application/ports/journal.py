"""The journal: where accepted ticks and responses are stored."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """The response to the first request with a key. digest: of that request's body."""

    key: str
    digest: bytes
    status: int
    body: bytes
    written_us: int


class Journal(Protocol):
    async def committed(self) -> None:
        """Wait until all ticks processed so far, and all remembered responses, are on disk.

        Raises:
            StorageFailed: they could not be written.
        """
        ...

    @property
    def lost(self) -> int:
        """Ticks not logged because writes failed for too long."""
        ...

    @property
    def is_complete(self) -> bool:
        """Whether the data on disk covers every lost tick."""
        ...

    @property
    def failure(self) -> str | None:
        """Why writes currently fail; None if they work."""
        ...


class Forgetting(Protocol):
    async def forget(self, subject: str, key: str) -> None:
        """Forget a key of a subject: its state, events and history, in memory and on disk, all at one moment.

        Observations processed later begin it anew.

        Raises:
            StorageFailed: the storage fails.
        """
        ...

    def is_forgetting(self, subject: str, key: str) -> bool:
        """Whether a key is forgotten in memory and not on disk yet."""
        ...
