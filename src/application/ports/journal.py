"""Where what was accepted is kept, and what was answered."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class FirstAnswer:
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
    def failure(self) -> str | None:
        """Why nothing can be put on disk just now; None while all is well."""
        ...
