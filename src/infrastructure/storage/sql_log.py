"""Reads and prunes the log, states and answers in a SQL database."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from application.ports.journal import StoredAnswer
from domain.columns import Columns
from infrastructure.storage.payloads import Corrupt, check, decode_answer, of_subject, segments_of
from infrastructure.storage.records import Block, Position, StoredState
from infrastructure.storage.schema import FORGOTTEN, KEY_STATE, POSITION, STORED_ANSWER, TICK_BLOCK, holds_key
from infrastructure.storage.sql_database import SqlDatabase
from infrastructure.storage.store import Place
from infrastructure.subject import Subject

# Blocks read at once, to bound memory.
BLOCKS_AT_ONCE = 32
# Behind every observation.
_LAST: Place = (2**63 - 1, 2**63 - 1)


class SqlLog(SqlDatabase):
    """subjects: by name, those whose observations may be in the log."""

    def __init__(self, subjects: Sequence[Subject]) -> None:
        self.subjects: Mapping[str, Subject] = {subject.name: subject for subject in subjects}

    async def position(self) -> Position:
        return await self.reading(lambda connection: read_position(connection)[1])

    async def states(self) -> Sequence[StoredState]:
        def read(connection: sa.Connection) -> list[StoredState]:
            return [self.state_of(tuple(row)) for row in connection.execute(sa.select(KEY_STATE))]

        return await self.reading(read)

    async def blocks(self, after_seq: int | None) -> AsyncIterator[Block]:
        while True:
            statement = _blocks().limit(BLOCKS_AT_ONCE)
            if after_seq is not None:
                statement = statement.where(TICK_BLOCK.c.seq > after_seq)
            blocks = await self.reading(lambda connection, chosen=statement: self._read_blocks(connection, chosen))  # type: ignore[misc]  # bound at once
            for _, block in blocks:
                if after_seq is not None and block.seq != after_seq + 1:
                    raise Corrupt(f"the tick log has no block {after_seq + 1}, though it has block {block.seq}")
                after_seq = block.seq
                yield block
            if len(blocks) < BLOCKS_AT_ONCE:
                return

    async def seqs_of(self, subject: str, keys: Sequence[str] | None, from_us: int, to_us: int) -> Sequence[int]:
        """Return the blocks that may hold observations of a subject within [from, to). keys: of these, None for all."""
        table = TICK_BLOCK.c
        statement = (
            sa.select(table.seq)
            .where(table.subject == subject, table.max_us >= from_us, table.min_us < to_us)
            .order_by(table.seq)
        )

        def read(connection: sa.Connection) -> list[int]:
            chosen = statement
            if keys is not None:
                chosen = statement.where(sa.or_(*(holds_key(connection, key) for key in keys)))
            return [int(row[0]) for row in connection.execute(chosen)]

        return await self.reading(read)

    async def newest_us(self, subject: str) -> int:
        """Return the time of the newest observation of a subject in the log, 0 without any."""
        table = TICK_BLOCK.c
        return await self.scalar(sa.select(sa.func.max(table.max_us)).where(table.subject == subject)) or 0

    async def blocks_at(self, seqs: Sequence[int]) -> Sequence[Block]:
        """Return the blocks with these numbers that are still there, at most BLOCKS_AT_ONCE. Raises Corrupt."""
        statement = _blocks().where(TICK_BLOCK.c.seq.in_(seqs))
        blocks = await self.reading(lambda connection: self._read_blocks(connection, statement))
        return [block for _, block in blocks]

    async def blocks_with_ids(self, since_us: int) -> AsyncIterator[tuple[int, Block]]:
        after_seq = 0
        while True:
            with_ids = (TICK_BLOCK.c.has_ids, TICK_BLOCK.c.written_us >= since_us, TICK_BLOCK.c.seq > after_seq)
            statement = _blocks().where(*with_ids).limit(BLOCKS_AT_ONCE)
            blocks = await self.reading(lambda connection, chosen=statement: self._read_blocks(connection, chosen))  # type: ignore[misc]  # bound at once
            for written_us, block in blocks:
                yield written_us, block
            if len(blocks) < BLOCKS_AT_ONCE:
                return
            after_seq = blocks[-1][1].seq

    async def answers(self, since_us: int) -> Sequence[StoredAnswer]:
        def read(connection: sa.Connection) -> list[StoredAnswer]:
            written_us = STORED_ANSWER.c.written_us
            rows = connection.execute(sa.select(STORED_ANSWER).where(written_us >= since_us).order_by(written_us))
            return [answer_of(tuple(row)) for row in rows]

        return await self.reading(read)

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
        behind = after or (_LAST if newest_first else (0, 0))
        found: list[tuple[Place, Any]] = []
        while len(found) < limit:
            blocks = await self.reading(
                lambda connection, after=behind: self._read_blocks(  # type: ignore[misc]  # bound at once
                    connection, _blocks_of(connection, subject, key, from_us, to_us, after, newest_first)
                )
            )
            for _, block in blocks:
                keys, times_us = block.columns.keys, block.columns.times_us
                positions = range(len(keys))
                for at in reversed(positions) if newest_first else positions:
                    place = (block.seq, at)
                    is_after = place < behind if newest_first else place > behind
                    if is_after and keys[at] == key and from_us <= times_us[at] < to_us:
                        found.append((place, block.columns[at]))
            if not blocks:
                break
            last = blocks[-1][1].seq
            behind = (last - 1, _LAST[1]) if newest_first else (last + 1, -1)
        return found[:limit]

    async def forgotten(self) -> Mapping[tuple[str, str], int]:
        def read(connection: sa.Connection) -> dict[tuple[str, str], int]:
            found: dict[tuple[str, str], int] = {}
            for subject, key, seq, crc in connection.execute(sa.select(FORGOTTEN)):
                check(crc, f"that {key} is forgotten", b"", subject, key, seq)
                found[subject, key] = seq
            return found

        return await self.reading(read)

    # Pruning.

    async def log_written_before(self, moment_us: int) -> int:
        written = sa.select(sa.func.max(TICK_BLOCK.c.seq)).where(TICK_BLOCK.c.written_us < moment_us)
        return await self.scalar(written) or 0

    async def log_over(self, bytes_max: int) -> int:
        table = TICK_BLOCK.c
        size = sa.func.length(table.payload) + sa.func.length(table.symbols)
        sizes = sa.select(table.seq, sa.func.sum(size).over(order_by=table.seq.desc()).label("total")).subquery()
        return await self.scalar(sa.select(sa.func.max(sizes.c.seq)).where(sizes.c.total > bytes_max)) or 0

    async def prune_log(self, upto_seq: int, limit: int) -> int:
        seq = TICK_BLOCK.c.seq
        oldest = sa.select(seq).where(seq <= upto_seq).order_by(seq).limit(limit)
        return await self.delete(sa.delete(TICK_BLOCK).where(seq.in_(oldest.scalar_subquery())))

    async def prune_answers(self, before_us: int) -> int:
        return await self.delete(sa.delete(STORED_ANSWER).where(STORED_ANSWER.c.written_us < before_us))

    # Rows.

    def state_of(self, row: tuple[Any, ...]) -> StoredState:
        """Raises Corrupt."""
        name, key, seq, payload, crc = row
        check(crc, f"the state of {key}", payload, *of_subject(name, key, seq))
        return StoredState(seq, name, key, self._subject(name, key).log.decode_checkpoint(key, payload))

    def columns_of(self, row: tuple[Any, ...]) -> Columns:
        """Decode the observations of a `TICK_BLOCK` row. Raises Corrupt."""
        log = self._subject(row[-1], f"block {row[0]}").log
        first, *others = segments_of(row)
        columns = log.decode(first)
        for segment in others:
            columns.extend(log.decode(segment))
        return columns

    def _subject(self, name: str, what: str) -> Subject:
        subject = self.subjects.get(name)
        if subject is None:
            raise Corrupt(f"{what} is of {name!a}, which this version of marketdata does not know")
        return subject

    def _read_blocks(self, connection: sa.Connection, statement: sa.Select[Any]) -> list[tuple[int, Block]]:
        """Return (when written, block) of `TICK_BLOCK` rows. Raises Corrupt."""
        rows = map(tuple, connection.execute(statement))
        return [(row[4], Block(row[0], row[-1], self.columns_of(row), row[4])) for row in rows]


def read_position(connection: sa.Connection, to_change: bool = False) -> tuple[str, Position]:
    """Return the last writer, and the position of the store. to_change: lock it against concurrent changes."""
    statement = sa.select(POSITION)
    row = connection.execute(statement.with_for_update() if to_change else statement).first()
    if row is None:
        return "", Position()
    *position, crc = row
    check(crc, "the position of the store", b"", *position)
    return position[1], Position(*position[2:])


def answer_of(row: tuple[Any, ...]) -> StoredAnswer:
    """Raises Corrupt."""
    key, written_us, payload, crc = row
    check(crc, "the answer to an Idempotency-Key", payload, key, written_us)
    return StoredAnswer(key, *decode_answer(payload), written_us)


def _blocks() -> sa.Select[Any]:
    return sa.select(TICK_BLOCK).order_by(TICK_BLOCK.c.seq)


def _blocks_of(
    connection: sa.Connection, subject: str, key: str, from_us: int, to_us: int, after: Place, newest_first: bool
) -> sa.Select[Any]:
    """Select some of the blocks that may hold a key's observations in a time range; none if there are no more."""
    table = TICK_BLOCK.c
    own = (FORGOTTEN.c.subject == subject, FORGOTTEN.c.key == key)
    erased_upto = sa.func.coalesce(sa.select(FORGOTTEN.c.seq).where(*own).scalar_subquery(), 0)
    return (
        sa.select(TICK_BLOCK)
        .order_by(table.seq.desc() if newest_first else table.seq)
        .where(
            table.max_us >= from_us,
            table.min_us < to_us,
            table.seq <= after[0] if newest_first else table.seq >= after[0],
            table.subject == subject,
            table.seq > erased_upto,
            holds_key(connection, key),
        )
        .limit(4)
    )
