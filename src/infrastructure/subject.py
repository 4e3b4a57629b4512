"""A subject as partitions, the log and recovery know it: its book, its columns as bytes, and its tables."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import sqlalchemy as sa

from domain.book import Book
from domain.columns import Columns
from infrastructure.storage.records import LoggedEvent

Put = Callable[[sa.Connection, sa.Table, Sequence[tuple[Any, ...]], bool], None]


class LogFormat(Protocol):
    """Columns and checkpoints as bytes. What was written once must be readable for ever."""

    def encode(self, keys: list[str], places: list[int], columns: Any, /) -> bytes:
        """Some observations. keys: each once; places: which of them each observation has."""
        ...

    def decode(self, segment: bytes, /) -> Columns: ...

    def encode_checkpoint(self, checkpoint: Any, /) -> bytes: ...

    def decode_checkpoint(self, key: str, payload: bytes, /) -> Any: ...


class Aggregates(Protocol):
    """What observations add up to, such as candles, since it was taken away to be stored last."""

    @property
    def count(self) -> int:
        """Observations in it."""
        ...

    def apply(self, columns: Any, /) -> None:
        """Count observations in, in order of arrival."""
        ...


class SubjectTables(Protocol):
    """What a subject keeps in tables of its own, beside the log: its events, and what its observations add up to."""

    def new_aggregates(self) -> Aggregates: ...

    def write(
        self,
        connection: sa.Connection,
        put: Put,
        events: Sequence[LoggedEvent],
        aggregates: Aggregates | None,
        first_seq: int,
        last_seq: int,
    ) -> None:
        """Write its part of a batch, in the transaction of the log. Its first block is first_seq; the batch ends with
        last_seq."""
        ...

    def forget(self) -> None:
        """Forget what is remembered of writes, after one that failed."""
        ...

    def readers(self) -> Sequence[tuple[sa.Table, Callable[[tuple[Any, ...]], object]]]:
        """Its tables, each with what reads a row of it, and raises Corrupt."""
        ...

    def sizes(self) -> Mapping[str, sa.Select[Any]]:
        """What counts its rows, by a word for people."""
        ...


@dataclass(frozen=True, slots=True)
class Subject:
    """name: unique, stored with every block of the log. observations: what they are called, in the plural.

    key: what a key is called on the wire.
    """

    name: str
    observations: str
    key: str
    new_book: Callable[[], Book]
    log: LogFormat
    tables: SubjectTables | None = None
