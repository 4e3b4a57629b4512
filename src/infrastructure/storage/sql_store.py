"""A `Store` in a SQL database, except for how to access it."""

from abc import abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import astuple
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from application.ports.journal import StoredAnswer
from infrastructure.storage import migration
from infrastructure.storage.erasing import erase_some
from infrastructure.storage.payloads import Corrupt, block_row, encode_answer, of_subject, seal
from infrastructure.storage.records import Batch, HistoryPart, LogPlace, Position, State
from infrastructure.storage.schema import (
    CLUSTER_POSITION,
    FORGOTTEN,
    KEY_STATE,
    POSITION,
    STORED_ANSWER,
    TICK_BLOCK,
    holds_key,
)
from infrastructure.storage.sql_log import BLOCKS_AT_ONCE, SqlLog, answer_of, read_position, read_upto
from infrastructure.storage.store import StoreFailed, StoreInUse, StoreRefused
from infrastructure.subject import Subject


class SqlStore(SqlLog):
    """Writes the journal's batches, and manages the tables of all subjects.

    is_shared: whether the members of a cluster write to it (`add_history`), instead of one process.
    """

    def __init__(self, subjects: Sequence[Subject]) -> None:
        super().__init__(subjects)
        self.is_shared = False
        # Distinguishes what this process wrote from what others did.
        self._writer = uuid4().hex

    async def open(self) -> None:
        await self.writing(migration.upgrade)
        await self.writing(self._claim)

    async def open_beside(self) -> None:
        """Open a store for changing keys, whether a service is using it or not. Raises StoreRefused."""
        try:
            await self.open()
        except StoreInUse:
            schema = await self.schema()
            if schema.current != schema.newest:
                raise StoreRefused(
                    f"the service that uses {self.name} is of another version: its schema is {schema.current}, "
                    f"not {schema.newest}"
                ) from None

    async def leads(self) -> bool:
        """Whether this process is the one of all that use the database that does what only one may do."""
        return True

    async def write(self, batch: Batch) -> None:
        try:
            await self.writing(lambda connection: self._write(connection, batch))
        except BaseException:
            self._forget_cached(self.subjects.values())
            raise

    async def knows(self, subject: str, key: str) -> bool:
        """Whether anything is stored of a key."""
        states = sa.select(KEY_STATE.c.seq).where(KEY_STATE.c.subject == subject, KEY_STATE.c.key == key)

        def read(connection: sa.Connection) -> bool:
            in_log = sa.select(TICK_BLOCK.c.seq).where(TICK_BLOCK.c.subject == subject, holds_key(connection, key))
            return any(connection.execute(each.limit(1)).first() is not None for each in (states, in_log))

        return await self.reading(read)

    async def forget(self, subject: str, key: str) -> None:
        """Forget a key and its past. No service may be running; `erase` does the rest."""
        await self.writing(
            lambda connection: self._forget(connection, subject, key, read_position(connection)[1].last_seq)
        )

    async def erase(self, limit: int) -> bool:
        def work(connection: sa.Connection) -> bool:
            # One at a time: a batch may forget a key that is being erased.
            writer = read_position(connection, to_change=True)[0]
            if writer != self._writer and not self.is_shared:
                raise StoreFailed("another service has taken the store over")
            return erase_some(connection, self.put, self.subjects, limit)

        return await self.writing(work)

    async def history_upto(self, place: LogPlace) -> int:
        """Return the first record of a log that is not in the history. What others have written is read anew."""
        self._forget_cached([self.subjects[place.subject]])
        return await self.reading(lambda connection: read_upto(connection, place))

    async def add_history(
        self, place: LogPlace, before: int, upto: int, parts: Sequence[HistoryPart], written_us: int
    ) -> bool:
        """Add the records of a log from `before` up to another one. Return whether `before` is where the history is.

        Any member may add, one after the other.
        """

        def work(connection: sa.Connection) -> bool:
            writer, position = read_position(connection, to_change=True)
            if read_upto(connection, place) != before:
                return False
            seq = position.last_seq
            for part in parts:
                batch = Batch(
                    position.batch + 1,
                    written_us,
                    seq + 1,
                    part.blocks,
                    part.count,
                    {place.subject: part.events},
                    aggregates={place.subject: part.aggregates},
                )
                self._write_blocks(connection, batch)
                seq = batch.last_seq
                for key in part.forgotten:
                    self._forget(connection, place.subject, key, seq)
            row = (*astuple(place), upto)
            self.put(connection, CLUSTER_POSITION, [(*row, seal(b"", *row))], replace=True)
            # States are in the checkpoints of the partitions: nothing here is needed for a recovery.
            self._move_to(connection, Position(position.batch + 1, seq, seq, seq), writer)
            return True

        try:
            return await self.writing(work)
        except BaseException:
            self._forget_cached([self.subjects[place.subject]])
            raise

    @abstractmethod
    async def close(self) -> None: ...

    @abstractmethod
    async def verify(self) -> None:
        """Check that no row needed by a restart is missing. Raises Corrupt."""

    async def schema(self) -> migration.SchemaStatus:
        return await self.reading(migration.status)

    async def differences(self) -> list[str]:
        """Return how the tables differ from what they should be."""
        return await self.reading(migration.differences)

    async def sizes(self) -> dict[str, int]:
        """Return how much is stored, by kind."""
        blocks, states = TICK_BLOCK.c, KEY_STATE.c
        counts: dict[str, sa.Select[Any]] = {
            each.observations: sa.select(sa.func.sum(blocks.ticks)).where(blocks.subject == each.name)
            for each in self.subjects.values()
        }
        counts["blocks"] = sa.select(sa.func.count()).select_from(TICK_BLOCK)
        for each in self.subjects.values():
            counts[f"{each.key}s"] = sa.select(sa.func.count()).where(states.subject == each.name)
            counts |= {} if each.tables is None else each.tables.sizes()
        return {name: await self.scalar(statement) or 0 for name, statement in counts.items()}

    async def damages(self) -> list[str]:
        """Return everything in the store that is not as it was written."""
        found = await self.reading(self._damages)
        position = await self.position()
        seqs = sa.select(sa.func.min(TICK_BLOCK.c.seq), sa.func.max(TICK_BLOCK.c.seq), sa.func.count())
        low, high, count = await self.reading(lambda connection: connection.execute(seqs).one())
        if count and (high != position.last_seq or high - low + 1 != count):
            found.append(
                f"the tick log has {count} blocks from {low} to {high}, and should end with {position.last_seq}"
            )
        return found

    def _claim(self, connection: sa.Connection) -> None:
        """Become the writer."""
        self._move_to(connection, read_position(connection)[1])

    def _write(self, connection: sa.Connection, batch: Batch) -> None:
        writer, before = read_position(connection, to_change=True)
        if writer != self._writer:
            raise StoreFailed("another service has taken the store over")
        if before.batch == batch.number:
            # It was committed, but the confirmation was lost.
            return
        self._write_blocks(connection, batch)
        self.put(connection, STORED_ANSWER, [_answer_row(answer) for answer in batch.answers], replace=True)
        self.put(
            connection, KEY_STATE, [self._state_row(state, batch.last_seq) for state in batch.states], replace=True
        )
        for amendment in batch.amendments:
            amendment.write(connection, self.put, batch.last_seq)
        for subject, key in batch.forgotten:
            self._forget(connection, subject, key, batch.last_seq)
        after = Position(
            batch.number,
            batch.last_seq,
            before.recover_from if batch.recover_from is None else batch.recover_from,
            before.candles_seq if batch.aggregates is None else batch.last_seq,
        )
        self._move_to(connection, after)

    def _write_blocks(self, connection: sa.Connection, batch: Batch) -> None:
        """Write the log, and what belongs to it in the tables of the subjects."""
        rows = [block_row(batch.first_seq + at, batch.written_us, block) for at, block in enumerate(batch.blocks)]
        self.put(connection, TICK_BLOCK, rows)
        self._write_subjects(connection, batch)

    def _write_subjects(self, connection: sa.Connection, batch: Batch) -> None:
        for name, subject in self.subjects.items():
            if subject.tables is not None:
                own = [batch.first_seq + at for at, block in enumerate(batch.blocks) if block.subject == name]
                aggregates = None if batch.aggregates is None else batch.aggregates.get(name)
                first_seq = own[0] if own else batch.first_seq
                events = batch.events.get(name, ())
                subject.tables.write(connection, self.put, events, aggregates, first_seq, batch.last_seq)

    def _forget(self, connection: sa.Connection, subject: str, key: str, upto_seq: int) -> None:
        connection.execute(sa.delete(KEY_STATE).where(KEY_STATE.c.subject == subject, KEY_STATE.c.key == key))
        tables = self.subjects[subject].tables
        if tables is not None:
            tables.forget_key(connection, key)
        row = (subject, key, upto_seq)
        self.put(connection, FORGOTTEN, [(*row, seal(b"", *row))], replace=True)

    def _move_to(self, connection: sa.Connection, position: Position, writer: str = "") -> None:
        row = (1, writer or self._writer, *astuple(position))
        self.put(connection, POSITION, [(*row, seal(b"", *row))], replace=True)

    def _forget_cached(self, subjects: Iterable[Subject]) -> None:
        for subject in subjects:
            if subject.tables is not None:
                subject.tables.forget()

    def _state_row(self, state: State, seq: int) -> tuple[Any, ...]:
        payload = self.subjects[state.subject].log.encode_checkpoint(state.checkpoint)
        return (state.subject, state.key, seq, payload, seal(payload, *of_subject(state.subject, state.key, seq)))

    def _damages(self, connection: sa.Connection) -> list[str]:
        found = []
        readers: list[tuple[sa.Table, Callable[[tuple[Any, ...]], object]]] = [
            (TICK_BLOCK, self.columns_of),
            (KEY_STATE, self.state_of),
            (STORED_ANSWER, answer_of),
        ]
        for subject in self.subjects.values():
            readers += () if subject.tables is None else subject.tables.readers()
        for table, read in readers:
            for row in connection.execution_options(yield_per=BLOCKS_AT_ONCE).execute(sa.select(table)):
                try:
                    read(tuple(row))
                except Corrupt as error:
                    found.append(str(error))
        return found


def _answer_row(answer: StoredAnswer) -> tuple[Any, ...]:
    payload = encode_answer(answer.digest, answer.status, answer.body)
    return (answer.key, answer.written_us, payload, seal(payload, answer.key, answer.written_us))
