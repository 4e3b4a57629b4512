"""The types written to a store and read from it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import sqlalchemy as sa

from application.ports.journal import StoredAnswer
from domain.columns import Columns

Put = Callable[[sa.Connection, sa.Table, Sequence[tuple[Any, ...]], bool], None]


class Amendment(Protocol):
    """A change made at one moment between two blocks of the log, in memory and on disk."""

    def apply(self, last_seq: int, /) -> None:
        """Change what is in memory. last_seq: the last block before."""
        ...

    def write(self, connection: sa.Connection, put: Put, last_seq: int, /) -> None:
        """Write the change, in the transaction of that block. May be called again after a failure."""
        ...


@dataclass(frozen=True, slots=True)
class Position:
    """The position of a store.

    batch: number of the last batch written. last_seq: the last block of the log.
    recover_from: states cover at least everything up to this block.
    candles_seq: aggregates, such as candles, cover exactly everything up to this block.
    """

    batch: int = 0
    last_seq: int = 0
    recover_from: int = 0
    candles_seq: int = 0


@dataclass(frozen=True, slots=True)
class Block:
    """Observations of one subject in the log. seq: its number, one more than the previous block's.

    written_us: when it was written.
    """

    seq: int
    subject: str
    columns: Columns
    written_us: int


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """Its observation is at `place` in block `block` of its subject's blocks in the batch, both from 0.

    An update has the place of the first observation of its batch.
    """

    event: Any
    block: int
    place: int


@dataclass(frozen=True, slots=True)
class StoredState:
    """The state of a key of a subject as of block `seq`."""

    seq: int
    subject: str
    key: str
    checkpoint: Any


@dataclass(frozen=True, slots=True)
class State:
    """A state to store."""

    subject: str
    key: str
    checkpoint: Any


@dataclass(slots=True)
class LogBlock:
    """A block of the log in stored form, its observations in order of arrival.

    low_us, high_us: their earliest and latest time.
    """

    subject: str
    count: int = 0
    low_us: int = 0
    high_us: int = 0
    has_ids: bool = False
    keys: dict[str, None] = field(default_factory=dict)
    segments: list[bytes] = field(default_factory=list)


@dataclass(slots=True)
class Batch:
    """The contents of one transaction, written all or nothing.

    number: one more than the previous batch's. written_us: when it was assembled.
    blocks: of the log, the first of them `first_seq`. count: the observations in them. events: by subject.
    aggregates: by subject, what all observations since the last batch with aggregates have changed, including those of
        this batch; None if they are not written now.
    forgotten: keys, each with its subject, of which nothing up to the last block of this batch is to be known.
    amendments: made behind the last block of this batch.
    states: as of the last block of this batch. recover_from: new value of `Position.recover_from`, if any.
    """

    number: int
    written_us: int
    first_seq: int
    blocks: Sequence[LogBlock]
    count: int
    events: Mapping[str, Sequence[LoggedEvent]] = field(default_factory=dict)
    answers: Sequence[StoredAnswer] = ()
    aggregates: Mapping[str, Any] | None = None
    states: Sequence[State] = ()
    recover_from: int | None = None
    forgotten: Sequence[tuple[str, str]] = ()
    amendments: Sequence[Amendment] = ()

    @property
    def last_seq(self) -> int:
        """The last block of the log after this batch."""
        return self.first_seq - 1 + len(self.blocks)
