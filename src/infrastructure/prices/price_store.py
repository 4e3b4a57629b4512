"""Queries and pruning of stored anomalies, moves and candles."""

from collections.abc import Sequence
from typing import Any, Literal, Protocol

import sqlalchemy as sa

from application.prices.ports.event_repository import EventFilter, EventOrder
from domain.prices.candle import Candle, Interval
from domain.prices.price_move import PriceMove
from domain.symbol import BEHIND_ALL
from infrastructure.prices.candle_chunks import candles_of, chunk_start
from infrastructure.prices.price_format import StoredAnomaly, anomaly_of, move_of
from infrastructure.storage.schema import ANOMALY, CANDLE_CHUNK, MOVE
from infrastructure.storage.sql_database import SqlDatabase

Kind = Literal["anomalies", "moves"]


class PriceStore(Protocol):
    """Every method may raise StoreFailed, and Corrupt for a row that is not what was written."""

    async def candles(
        self,
        symbol: str,
        interval: Interval,
        from_us: int,
        to_us: int,
        chunks_max: int,
        newest_first: bool = False,
    ) -> Sequence[tuple[int, int, Sequence[Candle]]]:
        """Return the first or the last chunks with candles that start within [from, to), and those candles.

        The chunks are in that order, the candles of each oldest first. Each chunk comes with its start, and the block
        up to which it is complete.
        """
        ...

    async def anomalies(
        self, matching: EventFilter, after: EventOrder | None, limit: int, newest_first: bool = True
    ) -> Sequence[StoredAnomaly]:
        """Return the first anomalies in that order, after a position."""
        ...

    async def anomaly(self, anomaly_id: str) -> StoredAnomaly | None: ...

    async def moves(
        self, matching: EventFilter, after: EventOrder | None, limit: int, newest_first: bool = True
    ) -> Sequence[PriceMove]:
        """Return the first moves in that order, after a position."""
        ...

    # For retention. Deletes are limited to `limit` rows per call and return the number deleted.

    async def candles_over(self, interval: Interval, chunks_max: int) -> int | None:
        """Return the time before which to prune so that about `chunks_max` are left; None if there are no more."""
        ...

    async def prune_candles(self, interval: Interval, symbol: str, before_us: int, limit: int) -> int:
        """Delete chunks of candles that begin before `before_us`."""
        ...

    async def events_over(self, kind: Kind, count_max: int) -> int | None:
        """Return the time before which to prune so that about `count_max` are left; None if there are no more."""
        ...

    async def prune_events(self, kind: Kind, symbol: str | None, before_us: int, limit: int) -> int:
        """Delete events, of one symbol or of all, from before `before_us`."""
        ...


class SqlPriceStore:
    """The `PriceStore` in a SQL database."""

    def __init__(self, database: SqlDatabase) -> None:
        self._database = database

    async def candles(
        self,
        symbol: str,
        interval: Interval,
        from_us: int,
        to_us: int,
        chunks_max: int,
        newest_first: bool = False,
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
            .order_by(table.start_us.desc() if newest_first else table.start_us)
            .limit(chunks_max)
        )

        def read(connection: sa.Connection) -> list[tuple[int, int, Sequence[Candle]]]:
            return [
                (row[2], row[3], [each for each in candles_of(tuple(row)) if from_us <= each.start_us < to_us])
                for row in connection.execute(statement)
            ]

        return await self._database.reading(read)

    async def anomalies(
        self, matching: EventFilter, after: EventOrder | None, limit: int, newest_first: bool = True
    ) -> Sequence[StoredAnomaly]:
        statement = _page(ANOMALY, ANOMALY.c.detected_us, matching, after, limit, newest_first)
        return await self._database.reading(
            lambda connection: [anomaly_of(tuple(row)) for row in connection.execute(statement)]
        )

    async def moves(
        self, matching: EventFilter, after: EventOrder | None, limit: int, newest_first: bool = True
    ) -> Sequence[PriceMove]:
        statement = _page(MOVE, MOVE.c.started_us, matching, after, limit, newest_first)
        return await self._database.reading(
            lambda connection: [move_of(tuple(row)) for row in connection.execute(statement)]
        )

    async def anomaly(self, anomaly_id: str) -> StoredAnomaly | None:
        statement = sa.select(ANOMALY).where(ANOMALY.c.id == anomaly_id)

        def read(connection: sa.Connection) -> StoredAnomaly | None:
            row = connection.execute(statement).first()
            return None if row is None else anomaly_of(tuple(row))

        return await self._database.reading(read)

    async def candles_over(self, interval: Interval, chunks_max: int) -> int | None:
        table = CANDLE_CHUNK.c
        own = sa.select(table.start_us).where(table.width == interval.seconds)
        return await self._database.scalar(own.order_by(table.start_us.desc()).offset(chunks_max).limit(1))

    async def prune_candles(self, interval: Interval, symbol: str, before_us: int, limit: int) -> int:
        table = CANDLE_CHUNK.c
        own = (table.width == interval.seconds, table.symbol == symbol)
        oldest = sa.select(table.start_us).where(*own, table.start_us < before_us).order_by(table.start_us).limit(limit)
        chosen = table.start_us.in_(oldest.scalar_subquery())
        return await self._database.delete(sa.delete(CANDLE_CHUNK).where(*own, chosen))

    async def events_over(self, kind: Kind, count_max: int) -> int | None:
        _, time_us = _TABLES[kind]
        return await self._database.scalar(sa.select(time_us).order_by(time_us.desc()).offset(count_max).limit(1))

    async def prune_events(self, kind: Kind, symbol: str | None, before_us: int, limit: int) -> int:
        table, time_us = _TABLES[kind]
        oldest = sa.select(table.c.id).where(time_us < before_us).order_by(time_us).limit(limit)
        if symbol is not None:
            oldest = oldest.where(table.c.symbol == symbol)
        return await self._database.delete(sa.delete(table).where(table.c.id.in_(oldest.scalar_subquery())))


# The table of each kind of event, and its column of event times.
_TABLES: dict[Kind, tuple[sa.Table, sa.ColumnElement[int]]] = {
    "anomalies": (ANOMALY, ANOMALY.c.detected_us),
    "moves": (MOVE, MOVE.c.started_us),
}


def _page(
    table: sa.Table,
    time_us: sa.ColumnElement[int],
    matching: EventFilter,
    after: EventOrder | None,
    limit: int,
    newest_first: bool,
) -> sa.Select[Any]:
    column = table.c
    order: tuple[sa.ColumnElement[Any], ...] = (time_us, column.symbol, column.sequence, column.direction)
    statement = sa.select(table).order_by(*([each.desc() for each in order] if newest_first else order)).limit(limit)
    if matching.symbol is not None:
        statement = statement.where(column.symbol == matching.symbol)
    if matching.prefixes:
        symbol = column.symbol
        statement = statement.where(
            sa.or_(*((symbol >= prefix) & (symbol < prefix + BEHIND_ALL) for prefix in matching.prefixes))
        )
    if matching.direction is not None:
        statement = statement.where(column.direction == matching.direction.value)
    if matching.severity is not None:
        statement = statement.where(column.severity == matching.severity.value)
    if matching.from_us is not None:
        statement = statement.where(time_us >= matching.from_us)
    if matching.to_us is not None:
        statement = statement.where(time_us < matching.to_us)
    if after is not None:
        own, given = sa.tuple_(*order), sa.tuple_(*map(sa.literal, after))
        statement = statement.where(own < given if newest_first else own > given)
    return statement
