"""The history port: past readings and their roll-ups."""

from dataclasses import dataclass
from typing import Protocol

from domain.bars import Interval
from domain.readings.reading import Reading
from domain.readings.rollup import Rollup

# Position of a reading in the log: number of its block, index in the block.
ReadingPlace = tuple[int, int]


@dataclass(frozen=True, slots=True)
class ReadingPage:
    """next_after: the position after which the next page starts, None on the last."""

    items: tuple[Reading, ...]
    next_after: ReadingPlace | None


@dataclass(frozen=True, slots=True)
class RollupPage:
    """items: without empty intervals. rest: the range of the next page, None on the last."""

    items: tuple[Rollup, ...]
    rest: tuple[int, int] | None


class ReadingHistory(Protocol):
    """Every method raises HistoryUnavailable if the store does not respond. key: of a sensor."""

    async def readings(
        self, key: str, from_us: int, to_us: int, after: ReadingPlace | None, limit: int, newest_first: bool = False
    ) -> ReadingPage:
        """Return readings stamped within [from, to), in order of arrival or the other way round."""
        ...

    async def rollups(
        self, key: str, interval: Interval, from_us: int, to_us: int, limit: int, newest_first: bool = False
    ) -> RollupPage:
        """Return roll-ups that start within [from, to)."""
        ...
