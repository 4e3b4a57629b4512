"""What a store is, whatever it is made of."""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from application.ports.anomaly_repository import AnomalyFilter, AnomalyOrder
from application.ports.journal import FirstAnswer
from domain.candle import Candle, Interval
from domain.price_update import PriceUpdate
from infrastructure.storage.records import Batch, Block, Position, StoredAnomaly, StoredState

# Where a tick stands in the log: number of its block, place in the block.
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
        """(when written, block) of those written since then in which a tick has an id, in order."""
        ...

    async def answers(self, since_us: int) -> Sequence[FirstAnswer]:
        """In the order they were given."""
        ...

    async def ticks(
        self, symbol: str, from_us: int, to_us: int, after: Place | None, limit: int
    ) -> Sequence[tuple[Place, PriceUpdate]]:
        """Up to `limit` ticks stamped within [from, to), in order of arrival, from behind a place on."""
        ...

    async def candles(
        self, symbol: str, interval: Interval, from_us: int, to_us: int, chunks_max: int
    ) -> Sequence[tuple[int, int, Sequence[Candle]]]:
        """The first chunks that hold candles which start within [from, to), and those candles, old to new.

        Each chunk with its start, and the block up to which it is complete.
        """
        ...

    async def anomalies(
        self, matching: AnomalyFilter, before: AnomalyOrder | None, limit: int
    ) -> Sequence[StoredAnomaly]:
        """The newest older than `before`, newest first."""
        ...

    async def anomaly(self, anomaly_id: str) -> StoredAnomaly | None: ...

    # What `Retention` asks for. Whatever deletes does so in steps of `limit` rows, and says how many it deleted.

    async def ticks_written_before(self, moment_us: int) -> int:
        """The last block written before a moment, 0 for none."""
        ...

    async def ticks_over(self, bytes_max: int) -> int:
        """The last block that must go so that the rest takes at most so many bytes, 0 for none."""
        ...

    async def prune_ticks(self, upto_seq: int, limit: int) -> int: ...

    async def candles_over(self, interval: Interval, chunks_max: int) -> int | None:
        """The moment before which chunks must go so that about so many are left; None where there are no more."""
        ...

    async def prune_candles(self, interval: Interval, symbol: str, before_us: int, limit: int) -> int:
        """Chunks of candles that begin before a moment."""
        ...

    async def anomalies_over(self, count_max: int) -> int | None:
        """The moment before which anomalies must go so that about so many are left; None where there are no more."""
        ...

    async def prune_anomalies(self, symbol: str | None, before_us: int, limit: int) -> int:
        """Anomalies, of one symbol or of all, detected before a moment."""
        ...

    async def prune_answers(self, before_us: int) -> int: ...
