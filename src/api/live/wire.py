"""The connection to one subscriber: a WebSocket or server-sent events."""

from typing import Protocol


class Wire(Protocol):
    """The connection to one subscriber."""

    transport_name: str

    @property
    def writable(self) -> bool:
        """Whether the write buffer has room for more."""
        ...

    def frame(self, kind: str, seq: int, text: bytes) -> bytes:
        """A message framed for this transport."""
        ...

    def write(self, frames: bytes) -> None: ...

    def heartbeat(self) -> None:
        """Probe the client, and close if it has been silent for too long."""
        ...

    def close(self, code: int, reason: str) -> None: ...
