"""Stored responses to requests with an Idempotency-Key, so that a retry gets the same response."""

from typing import Protocol

from application.ports.journal import StoredAnswer


class IdempotencyStore(Protocol):
    async def begin(self, key: str, digest: bytes, durable: bool) -> StoredAnswer | None:
        """Return the stored response; None for the first request, which `finish` or `abandon` must end.

        digest: of the request's body. durable: wait until the stored response is on disk.

        Raises:
            KeyReused: the key belongs to a request with another body.
            KeyInUse: the first request is still in progress.
            StorageFailed: the response cannot be put on disk.
        """
        ...

    async def finish(self, key: str, digest: bytes, status: int, body: bytes, durable: bool) -> None:
        """Store the response. durable: wait until it and the ticks are on disk; raises StorageFailed."""
        ...

    def abandon(self, key: str) -> None:
        """Release the key: the next request with it counts as the first."""
        ...
