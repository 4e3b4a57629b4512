"""Restores books, aggregates and the journal from a store."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol

import structlog

from domain.book import Book
from domain.columns import Columns
from infrastructure.processing.placement import partition_of
from infrastructure.storage.payloads import Corrupt
from infrastructure.storage.records import Block, Position
from infrastructure.storage.store import Store
from infrastructure.storage.subject_log import SubjectLog


class Resumed(Protocol):
    """Continues where a log ends."""

    def recorder(self, subject: str) -> SubjectLog: ...

    def resume_from(self, position: Position) -> None: ...


class Follower(Protocol):
    """Has to know which part of the log a recovery replays."""

    async def begin(self) -> None:
        """Nothing is restored yet. Raises StoreFailed, Corrupt."""
        ...

    def restored(self, seq: int) -> None:
        """The stored states are restored; the blocks after `seq` are replayed next."""
        ...

    def follow(self, block: Block) -> None:
        """A block is replayed next."""
        ...

    async def end(self) -> None:
        """All are replayed. Raises StoreFailed, Corrupt."""
        ...


# The block up to which the stored state covers the log, by (subject, key).
_Known = Mapping[tuple[str, str], int]

_log = structlog.stdlib.get_logger(__name__)


async def recover(
    store: Store, books: Mapping[str, Sequence[Book]], journal: Resumed, follower: Follower | None = None
) -> int:
    """Fill the books and let the journal continue where the log ends. Return the number of observations replayed.

    Every stored state is restored, and later observations are applied again. Their events are stored already.

    Raises:
        Corrupt: the store is damaged.
    """
    await store.verify()
    position = await store.position()
    if follower is not None:
        await follower.begin()
    known_to: dict[tuple[str, str], int] = {}
    for state in await store.states():
        known_to[state.subject, state.key] = state.seq
        own = books[state.subject]
        own[partition_of(state.key, len(own))].restore(state.key, state.checkpoint)
    newest_state = max(known_to.values(), default=0)
    seq = min(position.recover_from, position.candles_seq)
    count = 0
    if follower is not None:
        follower.restored(seq)
    forgotten = await store.forgotten()
    async for stored in store.blocks(seq):
        block = without_forgotten(stored, forgotten)
        seq = block.seq
        count += len(block.columns)
        if follower is not None:
            follower.follow(block)
        aggregates = journal.recorder(block.subject).aggregates
        if seq > position.candles_seq and aggregates is not None:
            aggregates.apply(block.columns)
        if seq > position.recover_from:
            _apply(block.subject, block.columns, books[block.subject], seq, known_to if seq <= newest_state else {})
    if seq < position.last_seq:
        raise Corrupt(f"the log ends with block {seq} and should go on to block {position.last_seq}")
    journal.resume_from(position)
    if follower is not None:
        await follower.end()
    if known_to or count:
        keys = sum(len(book) for own in books.values() for book in own)
        _log.info("recovered", keys=keys, states=len(known_to), replayed=count)
    return count


def without_forgotten(block: Block, forgotten: _Known) -> Block:
    """Return a block as it is to be read: without the observations of keys that were forgotten after it."""
    keys = {key for (subject, key), upto in forgotten.items() if subject == block.subject and block.seq <= upto}
    places = [at for at, key in enumerate(block.columns.keys) if key in keys] if keys else []
    return replace(block, columns=block.columns.without(set(places))) if places else block


def _apply(subject: str, columns: Columns, books: Sequence[Book], seq: int, known_to: _Known) -> None:
    """Apply what is newer than the states: for each key, the blocks after `known_to`."""
    places = {
        key: partition_of(key, len(books))
        for key in dict.fromkeys(columns.keys)
        if known_to.get((subject, key), 0) < seq
    }
    for index, line in columns.spread(places).items():
        books[index].apply(line)
