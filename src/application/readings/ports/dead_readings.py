"""The port of messages that are no readings, kept until somebody looks after them."""

from dataclasses import dataclass
from typing import Protocol

from domain.readings.reading import Reading


@dataclass(frozen=True, slots=True)
class DeadReading:
    """A message over MQTT that could not be taken. id: grows with every one. reason: why."""

    id: int
    received_us: int
    topic: str
    payload: bytes
    reason: str


@dataclass(frozen=True, slots=True)
class DeadReadingPage:
    """next_before: the id before which the next page starts, None on the last."""

    items: tuple[DeadReading, ...]
    total: int
    next_before: int | None


class DeadReadings(Protocol):
    """The newest are kept, up to a limit."""

    def page(self, before: int | None, limit: int) -> DeadReadingPage:
        """Return up to `limit`, newest first."""
        ...

    def get(self, dead_id: int) -> DeadReading | None: ...

    def remove(self, dead_id: int) -> None:
        """Remove a message, if it is known."""
        ...


class ReadingReader(Protocol):
    """Reads messages over MQTT."""

    def reading(self, dead: DeadReading) -> Reading:
        """Read a message as if it came when it did. Raises ValidationFailed, if it is none still."""
        ...
