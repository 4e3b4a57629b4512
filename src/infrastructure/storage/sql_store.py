"""What the stores of both databases have in common: the statements."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import astuple
from typing import Any, TypeVar
from uuid import uuid4

import sqlalchemy as sa

from application.ports.anomaly_repository import AnomalyFilter, AnomalyOrder
from application.ports.journal import FirstAnswer
from domain.candle import Candle, Interval
from domain.price_update import PriceUpdate
from infrastructure.storage import migration
from infrastructure.storage.candle_chunks import CandleChunks, ChunkKey, candles_of, chunk_start
from infrastructure.storage.payloads import (
    Corrupt,
    anomaly_of,
    anomaly_row,
    block_row,
    check,
    decode_answer,
    decode_state,
    decode_ticks,
    encode_answer,
    encode_state,
    seal,
)
from infrastructure.storage.records import (
    Batch,
    Block,
    Position,
    StoredAnomaly,
    StoredState,
)
from infrastructure.storage.schema import ANOMALY, CANDLE_CHUNK, FIRST_ANSWER, POSITION, SYMBOL_STATE, TICK_BLOCK
from infrastructure.storage.store import Place, StoreFailed

# Blocks read at once, to bound the memory that this takes.
_BLOCKS_AT_ONCE = 32
_KEYS_AT_ONCE = 200

Result = TypeVar("Result")
Rows = Sequence[tuple[Any, ...]]


class SqlStore(ABC):
    """A `Store` but for how a database is reached, which is what its subclasses say.

    name: what to call it in front of people.
    """

    name: str

    def __init__(self) -> None:
        self._chunks = CandleChunks()
        # Tells what this process wrote from what any other did.
        self._writer = uuid4().hex

    async def open(self) -> None:
        await self._writing(migration.upgrade)
        await self._writing(self._claim)

    # How the database is reached.

    @abstractmethod
    async def _writing(self, work: Callable[[sa.Connection], Result]) -> Result:
        """Do work in a transaction of its own. Raises StoreFailed."""
        ...

    @abstractmethod
    async def _reading(self, work: Callable[[sa.Connection], Result]) -> Result:
        """Do work that only reads. Raises StoreFailed."""
        ...

    @abstractmethod
    def _put(self, connection: sa.Connection, table: sa.Table, rows: Rows, replace: bool = False) -> None:
        """Insert many rows, all columns in order. replace: those there with the same key."""
        ...

    # Writing.

    async def write(self, batch: Batch) -> None:
        try:
            await self._writing(lambda connection: self._write(connection, batch))
        except BaseException:
            self._chunks.forget()
            raise

    def _claim(self, connection: sa.Connection) -> None:
        """Become the one that writes."""
        self._move_to(connection, _position(connection)[1])

    def _write(self, connection: sa.Connection, batch: Batch) -> None:
        writer, before = _position(connection, to_change=True)
        if writer != self._writer:
            raise StoreFailed("another service has taken the store over")
        if before.batch == batch.number:
            # Its commit went well, and the word of it got lost.
            return
        rows = [block_row(batch.first_seq + at, batch.written_us, block) for at, block in enumerate(batch.blocks)]
        self._put(connection, TICK_BLOCK, rows)
        self._put(connection, ANOMALY, [anomaly_row(_placed(batch, logged)) for logged in batch.anomalies])
        self._put(connection, FIRST_ANSWER, [_answer_row(answer) for answer in batch.answers], replace=True)
        last_seq = batch.last_seq
        if batch.candles is not None:
            rows = self._chunks.merged(batch.candles, last_seq, lambda keys: _load_chunks(connection, keys))
            self._put(connection, CANDLE_CHUNK, rows, replace=True)
        self._put(connection, SYMBOL_STATE, [_state_row(state, last_seq) for state in batch.states], replace=True)
        after = Position(
            batch.number,
            last_seq,
            before.recover_from if batch.recover_from is None else batch.recover_from,
            before.candles_seq if batch.candles is None else last_seq,
        )
        self._move_to(connection, after)

    def _move_to(self, connection: sa.Connection, position: Position) -> None:
        row = (1, self._writer, *astuple(position))
        self._put(connection, POSITION, [(*row, seal(b"", *row))], replace=True)

    async def ticks_written_before(self, moment_us: int) -> int:
        return await self._number(sa.select(sa.func.max(TICK_BLOCK.c.seq)).where(TICK_BLOCK.c.written_us < moment_us))

    async def ticks_over(self, bytes_max: int) -> int:
        table = TICK_BLOCK.c
        size = sa.func.length(table.payload) + sa.func.length(table.symbols)
        sizes = sa.select(table.seq, sa.func.sum(size).over(order_by=table.seq.desc()).label("total")).subquery()
        return await self._number(sa.select(sa.func.max(sizes.c.seq)).where(sizes.c.total > bytes_max))

    async def prune_ticks(self, upto_seq: int, limit: int) -> int:
        seq = TICK_BLOCK.c.seq
        oldest = sa.select(seq).where(seq <= upto_seq).order_by(seq).limit(limit)
        return await self._delete(sa.delete(TICK_BLOCK).where(seq.in_(oldest.scalar_subquery())))

    async def candles_over(self, interval: Interval, chunks_max: int) -> int | None:
        table = CANDLE_CHUNK.c
        own = sa.select(table.start_us).where(table.width == interval.seconds)
        return await self._moment(own.order_by(table.start_us.desc()).offset(chunks_max).limit(1))

    async def prune_candles(self, interval: Interval, symbol: str, before_us: int, limit: int) -> int:
        table = CANDLE_CHUNK.c
        own = (table.width == interval.seconds, table.symbol == symbol)
        oldest = sa.select(table.start_us).where(*own, table.start_us < before_us).order_by(table.start_us).limit(limit)
        return await self._delete(sa.delete(CANDLE_CHUNK).where(*own, table.start_us.in_(oldest.scalar_subquery())))

    async def anomalies_over(self, count_max: int) -> int | None:
        newest = sa.select(ANOMALY.c.detected_us).order_by(ANOMALY.c.detected_us.desc())
        return await self._moment(newest.offset(count_max).limit(1))

    async def prune_anomalies(self, symbol: str | None, before_us: int, limit: int) -> int:
        table = ANOMALY.c
        oldest = sa.select(table.id).where(table.detected_us < before_us).order_by(table.detected_us).limit(limit)
        if symbol is not None:
            oldest = oldest.where(table.symbol == symbol)
        return await self._delete(sa.delete(ANOMALY).where(table.id.in_(oldest.scalar_subquery())))

    async def prune_answers(self, before_us: int) -> int:
        return await self._delete(sa.delete(FIRST_ANSWER).where(FIRST_ANSWER.c.written_us < before_us))

    async def _number(self, statement: sa.Select[Any]) -> int:
        return await self._reading(lambda connection: connection.execute(statement).scalar() or 0)

    async def _moment(self, statement: sa.Select[Any]) -> int | None:
        return await self._reading(lambda connection: connection.execute(statement).scalar())

    async def _delete(self, statement: sa.Delete) -> int:
        return await self._writing(lambda connection: int(connection.execute(statement).rowcount))

    # Looking after it.

    @abstractmethod
    async def verify(self) -> None:
        """Make sure that no row is missing of what a restart needs. Raises Corrupt."""

    async def schema(self) -> migration.SchemaStatus:
        return await self._reading(migration.status)

    async def differences(self) -> list[str]:
        """In what the tables differ from what they should be."""
        return await self._reading(migration.differences)

    async def sizes(self) -> dict[str, int]:
        """What there is, by kind."""

        def count(connection: sa.Connection) -> dict[str, int]:
            counts = {
                "ticks": sa.select(sa.func.sum(TICK_BLOCK.c.ticks)),
                "blocks": sa.select(sa.func.count()).select_from(TICK_BLOCK),
                "symbols": sa.select(sa.func.count()).select_from(SYMBOL_STATE),
                "chunks": sa.select(sa.func.count()).select_from(CANDLE_CHUNK),
                "anomalies": sa.select(sa.func.count()).select_from(ANOMALY),
            }
            return {name: int(connection.execute(statement).scalar() or 0) for name, statement in counts.items()}

        return await self._reading(count)

    async def damages(self) -> list[str]:
        """What is not as it was written, of everything."""
        found = await self._reading(_damages)
        position = await self._reading(lambda connection: _position(connection)[1])
        seqs = sa.select(sa.func.min(TICK_BLOCK.c.seq), sa.func.max(TICK_BLOCK.c.seq), sa.func.count())
        low, high, count = await self._reading(lambda connection: connection.execute(seqs).one())
        if count and (high != position.last_seq or high - low + 1 != count):
            found.append(
                f"the tick log has {count} blocks from {low} to {high}, and should end with {position.last_seq}"
            )
        return found

    # Reading.

    async def position(self) -> Position:
        return await self._reading(lambda connection: _position(connection)[1])

    async def states(self) -> Sequence[StoredState]:
        def read(connection: sa.Connection) -> list[StoredState]:
            return [_state_of(tuple(row)) for row in connection.execute(sa.select(SYMBOL_STATE))]

        return await self._reading(read)

    async def blocks(self, after_seq: int | None) -> AsyncIterator[Block]:
        while True:
            statement = _blocks().limit(_BLOCKS_AT_ONCE)
            if after_seq is not None:
                statement = statement.where(TICK_BLOCK.c.seq > after_seq)
            blocks = await self._reading(lambda connection, chosen=statement: _read_blocks(connection, chosen))  # type: ignore[misc]  # bound at once
            for _, block in blocks:
                if after_seq is not None and block.seq != after_seq + 1:
                    raise Corrupt(f"the tick log has no block {after_seq + 1}, though it has block {block.seq}")
                after_seq = block.seq
                yield block
            if len(blocks) < _BLOCKS_AT_ONCE:
                return

    async def blocks_with_ids(self, since_us: int) -> AsyncIterator[tuple[int, Block]]:
        after_seq = 0
        while True:
            with_ids = (TICK_BLOCK.c.has_ids, TICK_BLOCK.c.written_us >= since_us, TICK_BLOCK.c.seq > after_seq)
            statement = _blocks().where(*with_ids).limit(_BLOCKS_AT_ONCE)
            blocks = await self._reading(lambda connection, chosen=statement: _read_blocks(connection, chosen))  # type: ignore[misc]  # bound at once
            for written_us, block in blocks:
                yield written_us, block
            if len(blocks) < _BLOCKS_AT_ONCE:
                return
            after_seq = blocks[-1][1].seq

    async def answers(self, since_us: int) -> Sequence[FirstAnswer]:
        def read(connection: sa.Connection) -> list[FirstAnswer]:
            written_us = FIRST_ANSWER.c.written_us
            rows = connection.execute(sa.select(FIRST_ANSWER).where(written_us >= since_us).order_by(written_us))
            return [_answer_of(tuple(row)) for row in rows]

        return await self._reading(read)

    async def ticks(
        self, symbol: str, from_us: int, to_us: int, after: Place | None, limit: int
    ) -> Sequence[tuple[Place, PriceUpdate]]:
        behind = (0, 0) if after is None else after
        found: list[tuple[Place, PriceUpdate]] = []
        while len(found) < limit:
            blocks = await self._reading(lambda connection: self._blocks_of(connection, symbol, from_us, to_us, behind))  # noqa: B023  # called at once
            for block in blocks:
                for at in range(len(block.ticks)):
                    place = (block.seq, at)
                    if (
                        place > behind
                        and block.ticks.symbols[at] == symbol
                        and from_us <= block.ticks.times_us[at] < to_us
                    ):
                        found.append((place, block.ticks[at]))
            if not blocks:
                break
            behind = (blocks[-1].seq + 1, -1)
        return found[:limit]

    def _blocks_of(
        self, connection: sa.Connection, symbol: str, from_us: int, to_us: int, after: Place
    ) -> Sequence[Block]:
        """Some of the blocks that may hold a symbol's ticks of a time; none if there are no more of them."""
        table = TICK_BLOCK.c
        find = sa.func.instr if connection.dialect.name == "sqlite" else sa.func.strpos
        statement = _blocks().where(
            table.max_us >= from_us,
            table.min_us < to_us,
            table.seq >= after[0],
            find(table.symbols, f"\n{symbol}\n") > 0,
        )
        return [block for _, block in _read_blocks(connection, statement.limit(4))]

    async def candles(
        self, symbol: str, interval: Interval, from_us: int, to_us: int, chunks_max: int
    ) -> Sequence[tuple[int, int, Sequence[Candle]]]:
        table = CANDLE_CHUNK.c
        statement = (
            sa.select(CANDLE_CHUNK)
            .where(
                table.width == interval.seconds,
                table.symbol == symbol,
                table.start_us >= chunk_start(interval, from_us),
                table.start_us < to_us,
            )
            .order_by(table.start_us)
            .limit(chunks_max)
        )

        def read(connection: sa.Connection) -> list[tuple[int, int, Sequence[Candle]]]:
            return [
                (row[2], row[3], [each for each in candles_of(tuple(row)) if from_us <= each.start_us < to_us])
                for row in connection.execute(statement)
            ]

        return await self._reading(read)

    async def anomalies(
        self, matching: AnomalyFilter, before: AnomalyOrder | None, limit: int
    ) -> Sequence[StoredAnomaly]:
        table = ANOMALY.c
        order = (table.detected_us, table.symbol, table.sequence, table.direction)
        statement = sa.select(ANOMALY).order_by(*(column.desc() for column in order)).limit(limit)
        if matching.symbol is not None:
            statement = statement.where(table.symbol == matching.symbol)
        if matching.direction is not None:
            statement = statement.where(table.direction == matching.direction.value)
        if matching.severity is not None:
            statement = statement.where(table.severity == matching.severity.value)
        if matching.since_us is not None:
            statement = statement.where(table.detected_us >= matching.since_us)
        if before is not None:
            statement = statement.where(sa.tuple_(*order) < sa.tuple_(*map(sa.literal, before)))
        return await self._reading(lambda connection: [anomaly_of(tuple(row)) for row in connection.execute(statement)])

    async def anomaly(self, anomaly_id: str) -> StoredAnomaly | None:
        statement = sa.select(ANOMALY).where(ANOMALY.c.id == anomaly_id)

        def read(connection: sa.Connection) -> StoredAnomaly | None:
            row = connection.execute(statement).first()
            return None if row is None else anomaly_of(tuple(row))

        return await self._reading(read)


def _position(connection: sa.Connection, to_change: bool = False) -> tuple[str, Position]:
    """Who wrote last, and where the store stands. to_change: let nobody else change it in the meantime."""
    statement = sa.select(POSITION)
    row = connection.execute(statement.with_for_update() if to_change else statement).first()
    if row is None:
        return "", Position()
    *position, crc = row
    check(crc, "the position of the store", b"", *position)
    return position[1], Position(*position[2:])


def _damages(connection: sa.Connection) -> list[str]:
    found = []
    readers: list[tuple[sa.Table, Callable[[tuple[Any, ...]], object]]] = [
        (TICK_BLOCK, _check_block),
        (SYMBOL_STATE, _state_of),
        (CANDLE_CHUNK, candles_of),
        (ANOMALY, anomaly_of),
        (FIRST_ANSWER, _answer_of),
    ]
    for table, read in readers:
        for row in connection.execution_options(yield_per=_BLOCKS_AT_ONCE).execute(sa.select(table)):
            try:
                read(tuple(row))
            except Corrupt as error:
                found.append(str(error))
    return found


def _state_of(row: tuple[Any, ...]) -> StoredState:
    symbol, seq, payload, crc = row
    check(crc, f"the state of {symbol}", payload, symbol, seq)
    return StoredState(seq, decode_state(symbol, payload))


def _answer_of(row: tuple[Any, ...]) -> FirstAnswer:
    key, written_us, payload, crc = row
    check(crc, "the answer to an Idempotency-Key", payload, key, written_us)
    return FirstAnswer(key, *decode_answer(payload), written_us)


def _check_block(row: tuple[Any, ...]) -> bytes:
    """The payload of a block."""
    *keys, payload, crc = row
    return check(crc, f"block {keys[0]} of the tick log", payload, *keys)


def _blocks() -> sa.Select[Any]:
    return sa.select(TICK_BLOCK).order_by(TICK_BLOCK.c.seq)


def _read_blocks(connection: sa.Connection, statement: sa.Select[Any]) -> list[tuple[int, Block]]:
    """(when written, block) of rows of `TICK_BLOCK`. Raises Corrupt."""
    rows = map(tuple, connection.execute(statement))
    return [(row[4], Block(row[0], decode_ticks(_check_block(row)))) for row in rows]


def _load_chunks(connection: sa.Connection, keys: Sequence[ChunkKey]) -> Iterable[tuple[Any, ...]]:
    table = CANDLE_CHUNK.c
    key = sa.tuple_(table.width, table.symbol, table.start_us)
    for at in range(0, len(keys), _KEYS_AT_ONCE):
        some = keys[at : at + _KEYS_AT_ONCE]
        yield from map(tuple, connection.execute(sa.select(CANDLE_CHUNK).where(key.in_(some))))


def _placed(batch: Batch, logged: Any) -> StoredAnomaly:
    return StoredAnomaly(logged.anomaly, batch.first_seq + logged.block, logged.place, logged.window_us)


def _answer_row(answer: FirstAnswer) -> tuple[Any, ...]:
    payload = encode_answer(answer.digest, answer.status, answer.body)
    return (answer.key, answer.written_us, payload, seal(payload, answer.key, answer.written_us))


def _state_row(state: Any, seq: int) -> tuple[Any, ...]:
    payload = encode_state(state)
    return (state.symbol, seq, payload, seal(payload, state.symbol, seq))
