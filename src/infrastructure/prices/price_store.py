"""Queries and pruning of stored anomalies, moves and candles."""

from collections.abc import Sequence
from typing import Any, Literal, Protocol

import sqlalchemy as sa

from application.prices.ports.event_repository import EventFilter, EventOrder
from domain.prices.price_move import PriceMove
from domain.symbol import BEHIND_ALL
from infrastructure.prices.price_format import PRICE_CANDLES, StoredAnomaly, anomaly_of, move_of
from infrastructure.storage.candle_store import CandleStore, SqlCandles
from infrastructure.storage.schema import ANOMALY, MOVE
from infrastructure.storage.sql_database import SqlDatabase

Kind = Literal["anomalies", "moves"]


class PriceStore(CandleStore, Protocol):
    """Every method may raise StoreFailed, and Corrupt for a row that is not what was written."""

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

    async def events_over(self, kind: Kind, count_max: int) -> int | None:
        """Return the time before which to prune so that about `count_max` are left; None if there are no more."""
        ...

    async def prune_events(self, kind: Kind, symbol: str | None, before_us: int, limit: int) -> int:
        """Delete events, of one symbol or of all, from before `before_us`."""
        ...


class SqlPriceStore(SqlCandles):
    """The `PriceStore` in a SQL database."""

    def __init__(self, database: SqlDatabase) -> None:
        super().__init__(database, PRICE_CANDLES)

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
