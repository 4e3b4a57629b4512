"""A subject as seen by partitions, the log and recovery: its book, its columns as bytes, and its tables."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import sqlalchemy as sa

from domain.book import Book
from domain.columns import Columns
from infrastructure.public_format import PublicFormat
from infrastructure.storage.records import LoggedEvent, Put


class LogFormat(Protocol):
    """Columns and checkpoints as bytes. Anything ever written must remain readable."""

    def encode(self, keys: list[str], places: list[int], columns: Any, /) -> bytes:
        """Encode observations. keys: the distinct keys; places: for each observation, the index of its key."""
        ...

    def decode(self, segment: bytes, /) -> Columns: ...

    def encode_checkpoint(self, checkpoint: Any, /) -> bytes: ...

    def decode_checkpoint(self, key: str, payload: bytes, /) -> Any: ...


class Aggregates(Protocol):
    """What observations add up to, such as candles, since it was last taken for storage."""

    @property
    def count(self) -> int:
        """Number of observations in it."""
        ...

    @property
    def size(self) -> int:
        """Number of things that it holds, such as candles; about as many as take memory."""
        ...

    def apply(self, columns: Any, /) -> None:
        """Apply observations in order of arrival."""
        ...

    def forget(self, key: str, /) -> None:
        """Remove a key, if it is known."""
        ...


class SubjectTables(Protocol):
    """A subject's own tables beside the log: its events, and what its observations add up to."""

    def new_aggregates(self) -> Aggregates | None:
        """None if the subject keeps none."""
        ...

    def write(
        self,
        connection: sa.Connection,
        put: Put,
        events: Sequence[LoggedEvent],
        aggregates: Aggregates | None,
        first_seq: int,
        last_seq: int,
    ) -> None:
        """Write the subject's part of a batch, in the transaction of the log.

        first_seq: its first block. last_seq: the last block of the batch.
        """
        ...

    def forget(self) -> None:
        """Clear what is cached from writes, after one that failed or deleted a key."""
        ...

    def forget_key(self, connection: sa.Connection, key: str) -> None:
        """Delete everything about a key."""
        ...

    def shift(self, connection: sa.Connection, put: Put, seq: int, erased: Sequence[int]) -> None:
        """Correct the places of events in a block of the log from which observations were erased.

        erased: their places, ascending.
        """
        ...

    def readers(self) -> Sequence[tuple[sa.Table, Callable[[tuple[Any, ...]], object]]]:
        """Return its tables, each with the function that decodes a row and raises Corrupt."""
        ...

    def sizes(self) -> Mapping[str, sa.Select[Any]]:
        """Return the queries that count its rows, by a readable name."""
        ...


@dataclass(frozen=True, slots=True)
class Subject:
    """name: unique, stored with every block of the log. observations: what they are called, in the plural.

    key: what a key is called on the wire. public: what readers see, for other members of a cluster. keys_max: None for
    `processing.max_symbols`. values: the value of each observation in columns, for rules, None for one that no rule is
    shown; None if there are no rules about the subject. figures: names of the figures that its book publishes besides
    (`Applied.figures_at`). has_parts: whether figures can be of a part of the key, such as a contract. Rules are about
    figures only then. is_observed: whether subscribers may watch single observations.
    """

    name: str
    observations: str
    key: str
    new_book: Callable[[], Book]
    log: LogFormat
    public: PublicFormat
    tables: SubjectTables | None = None
    keys_max: int | None = None
    values: Callable[[Any], list[Any]] | None = None
    figures: tuple[str, ...] = ()
    has_parts: bool = False
    is_observed: bool = False
