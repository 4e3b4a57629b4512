"""Where what was accepted is kept, and what was answered."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """What was answered to the first request with a key. digest: of that request's body."""

    key: str
    digest: bytes
    status: int
    body: bytes
    written_us: int


class Journal(Protocol):
    async def committed(self) -> None:
        """Return once all ticks processed by now, and all answers remembered, are on disk.

        Raises:
            StorageFailed: they could not be put there.
        """
        ...

    @property
    def lost(self) -> int:
        """Ticks that were not logged, because nothing could be put on disk for too long."""
        ...

    @property
    def is_complete(self) -> bool:
        """Whether what is on disk makes up for every tick lost."""
        ...

    @property
    def failure(self) -> str | None:
        """Why nothing can be put on disk just now; None while all is well."""
        ...
