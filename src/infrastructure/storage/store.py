"""What a store is, whatever it is made of."""

from collections.abc import AsyncIterator, Sequence
from typing import Any, Protocol

from application.ports.journal import StoredAnswer
from infrastructure.storage.records import Batch, Block, Position, StoredState

# Where an observation stands in the log: number of its block, place in the block.
Place = tuple[int, int]


class StoreRefused(Exception):
    """The store cannot be used at all. The message says why, for whoever started the service."""


class StoreFailed(Exception):
    """The store did not do what was asked, and may do so later. The message says why."""


class Store(Protocol):
    """One service writes to it; any number of readers ask.

    Every method may raise StoreFailed, and Corrupt where it meets a row that is not what was written.
    """

    async def open(self) -> None:
        """Bring the schema up to date and keep other services out. Raises StoreRefused."""
        ...

    async def close(self) -> None: ...

    async def write(self, batch: Batch) -> None:
        """Write all of a batch, or nothing; on return it survives the machine's end. One that is there already is
        passed over."""
        ...

    async def verify(self) -> None:
        """Make sure that no row is missing of what a restart needs. Raises Corrupt."""
        ...

    async def position(self) -> Position: ...

    async def states(self) -> Sequence[StoredState]: ...

    def blocks(self, after_seq: int | None) -> AsyncIterator[Block]:
        """The log behind a block, or from its oldest on, in order. Raises Corrupt where a block is missing."""
        ...

    def blocks_with_ids(self, since_us: int) -> AsyncIterator[tuple[int, Block]]:
        """(when written, block) of those written since then in which an observation has an id, in order."""
        ...

    async def answers(self, since_us: int) -> Sequence[StoredAnswer]:
        """In the order they were given."""
        ...

    async def observations(
        self, subject: str, key: str, from_us: int, to_us: int, after: Place | None, limit: int
    ) -> Sequence[tuple[Place, Any]]:
        """Up to `limit` of a key stamped within [from, to), in order of arrival, from behind a place on."""
        ...

    # What `Retention` asks for. Whatever deletes does so in steps of `limit` rows, and says how many it deleted.

    async def log_written_before(self, moment_us: int) -> int:
        """The last block written before a moment, 0 for none."""
        ...

    async def log_over(self, bytes_max: int) -> int:
        """The last block that must go so that the rest takes at most so many bytes, 0 for none."""
        ...

    async def prune_log(self, upto_seq: int, limit: int) -> int: ...

    async def prune_answers(self, before_us: int) -> int: ...
