"""The way to one subscriber, whatever it is: a WebSocket, or server-sent events."""

from typing import Protocol


class Wire(Protocol):
    """The way to one watcher."""

    transport_name: str

    @property
    def writable(self) -> bool:
        """Whether what was written before is on its way, so that more may be."""
        ...

    def frame(self, kind: str, seq: int, text: bytes) -> bytes:
        """A message as it goes over this wire."""
        ...

    def write(self, frames: bytes) -> None: ...

    def heartbeat(self) -> None:
        """Ask whether anybody is there, and close if nobody has been for too long."""
        ...

    def close(self, code: int, reason: str) -> None: ...
