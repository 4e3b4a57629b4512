"""Queries and pruning of stored anomalies and candles."""

from collections.abc import Sequence
from typing import Protocol

import sqlalchemy as sa

from application.prices.ports.anomaly_repository import AnomalyFilter, AnomalyOrder
from domain.prices.candle import Candle, Interval
from infrastructure.prices.candle_chunks import candles_of, chunk_start
from infrastructure.prices.price_format import StoredAnomaly, anomaly_of
from infrastructure.storage.schema import ANOMALY, CANDLE_CHUNK
from infrastructure.storage.sql_database import SqlDatabase


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
        self, matching: AnomalyFilter, after: AnomalyOrder | None, limit: int, newest_first: bool = True
    ) -> Sequence[StoredAnomaly]:
        """Return the first anomalies in that order, after a position."""
        ...

    async def anomaly(self, anomaly_id: str) -> StoredAnomaly | None: ...

    # For retention. Deletes are limited to `limit` rows per call and return the number deleted.

    async def candles_over(self, interval: Interval, chunks_max: int) -> int | None:
        """Return the time before which to prune so that about `chunks_max` are left; None if there are no more."""
        ...

    async def prune_candles(self, interval: Interval, symbol: str, before_us: int, limit: int) -> int:
        """Delete chunks of candles that begin before `before_us`."""
        ...

    async def anomalies_over(self, count_max: int) -> int | None:
        """Return the time before which to prune so that about `count_max` are left; None if there are no more."""
        ...

    async def prune_anomalies(self, symbol: str | None, before_us: int, limit: int) -> int:
        """Delete anomalies, of one symbol or of all, detected before `before_us`."""
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
        self, matching: AnomalyFilter, after: AnomalyOrder | None, limit: int, newest_first: bool = True
    ) -> Sequence[StoredAnomaly]:
        table = ANOMALY.c
        order = (table.detected_us, table.symbol, table.sequence, table.direction)
        sort = order if not newest_first else [column.desc() for column in order]
        statement = sa.select(ANOMALY).order_by(*sort).limit(limit)
        if matching.symbol is not None:
            statement = statement.where(table.symbol == matching.symbol)
        if matching.direction is not None:
            statement = statement.where(table.direction == matching.direction.value)
        if matching.severity is not None:
            statement = statement.where(table.severity == matching.severity.value)
        if matching.from_us is not None:
            statement = statement.where(table.detected_us >= matching.from_us)
        if matching.to_us is not None:
            statement = statement.where(table.detected_us < matching.to_us)
        if after is not None:
            own, given = sa.tuple_(*order), sa.tuple_(*map(sa.literal, after))
            statement = statement.where(own < given if newest_first else own > given)
        return await self._database.reading(
            lambda connection: [anomaly_of(tuple(row)) for row in connection.execute(statement)]
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

    async def anomalies_over(self, count_max: int) -> int | None:
        newest = sa.select(ANOMALY.c.detected_us).order_by(ANOMALY.c.detected_us.desc())
        return await self._database.scalar(newest.offset(count_max).limit(1))

    async def prune_anomalies(self, symbol: str | None, before_us: int, limit: int) -> int:
        table = ANOMALY.c
        oldest = sa.select(table.id).where(table.detected_us < before_us).order_by(table.detected_us).limit(limit)
        if symbol is not None:
            oldest = oldest.where(table.symbol == symbol)
        return await self._database.delete(sa.delete(ANOMALY).where(table.id.in_(oldest.scalar_subquery())))
