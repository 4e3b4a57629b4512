"""The interface of a store."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Protocol

from application.ports.journal import StoredAnswer
from infrastructure.storage.records import Batch, Block, Position, StoredState

# Position of an observation in the log: number of its block, index in the block.
Place = tuple[int, int]


class StoreRefused(Exception):
    """The store cannot be used at all. The message says why, for the operator."""


class StoreInUse(StoreRefused):
    """Another service is using the store."""


class StoreFailed(Exception):
    """The store could not do what was requested, and may be able to later. The message says why."""


class Store(Protocol):
    """One service writes; any number of readers query.

    Every method may raise StoreFailed, and Corrupt for a row that is not what was written.
    """

    async def open(self) -> None:
        """Migrate the schema, and lock out other services. Raises StoreRefused."""
        ...

    async def close(self) -> None: ...

    async def write(self, batch: Batch) -> None:
        """Write all of a batch, or nothing. On return it survives a machine crash. A known batch is ignored."""
        ...

    async def verify(self) -> None:
        """Check that no row needed by a restart is missing. Raises Corrupt."""
        ...

    async def position(self) -> Position: ...

    async def states(self) -> Sequence[StoredState]: ...

    def blocks(self, after_seq: int | None) -> AsyncIterator[Block]:
        """Yield the log after a block, or from the oldest on, in order. Raises Corrupt if a block is missing."""
        ...

    def blocks_with_ids(self, since_us: int) -> AsyncIterator[tuple[int, Block]]:
        """Yield (when written, block) of the blocks with ids written since then, in order."""
        ...

    async def answers(self, since_us: int) -> Sequence[StoredAnswer]:
        """Return the answers written since then, in order."""
        ...

    async def observations(
        self,
        subject: str,
        key: str,
        from_us: int,
        to_us: int,
        after: Place | None,
        limit: int,
        newest_first: bool = False,
    ) -> Sequence[tuple[Place, Any]]:
        """Return up to `limit` of a key stamped within [from, to), in order of arrival, after a position.

        newest_first: in the opposite order.
        """
        ...

    async def forgotten(self) -> Mapping[tuple[str, str], int]:
        """Return the keys that are forgotten and still in the log, by (subject, key), with the last block of each."""
        ...

    async def erase(self, limit: int) -> bool:
        """Erase a forgotten key from up to `limit` blocks of the log. Return whether there may be more to do."""
        ...

    # For `Retention`. Deletes return the number of rows deleted, at most `limit` where given.

    async def log_written_before(self, moment_us: int) -> int:
        """Return the last block written before a moment, 0 if there is none."""
        ...

    async def log_over(self, bytes_max: int) -> int:
        """Return the last block to delete so that the rest takes at most `bytes_max`, 0 if there is none."""
        ...

    async def prune_log(self, upto_seq: int, limit: int) -> int: ...

    async def prune_answers(self, before_us: int) -> int: ...
