"""What was answered to requests that carry a key of their own, so that a retry gets the same."""

from typing import Protocol

from application.ports.journal import StoredAnswer


class IdempotencyStore(Protocol):
    async def begin(self, key: str, digest: bytes, durable: bool) -> StoredAnswer | None:
        """What the request was answered before; None where it is the first, which `finish` or `abandon` must end.

        digest: of the request's body. durable: return what was answered once that is on disk.

        Raises:
            KeyReused: the key belongs to a request with another body.
            KeyInUse: the first request is not answered yet.
            StorageFailed: it cannot be put on disk.
        """
        ...

    async def finish(self, key: str, digest: bytes, status: int, body: bytes, durable: bool) -> None:
        """Keep the answer. durable: return once it is on disk, and the ticks with it; raises StorageFailed."""
        ...

    def abandon(self, key: str) -> None:
        """Let the next request with this key be the first."""
        ...
