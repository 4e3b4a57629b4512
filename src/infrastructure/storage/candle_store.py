"""Queries and pruning of stored candles, for any subject."""

from collections.abc import Sequence
from typing import Any, Protocol

import sqlalchemy as sa

from domain.bars import Interval
from infrastructure.storage.candle_chunks import CandleFormat, chunk_start
from infrastructure.storage.sql_database import SqlDatabase


class CandleStore(Protocol):
    """Every method may raise StoreFailed, and Corrupt for a row that is not what was written."""

    async def candles(
        self,
        symbol: str,
        interval: Interval,
        from_us: int,
        to_us: int,
        chunks_max: int,
        newest_first: bool = False,
    ) -> Sequence[tuple[int, int, Sequence[Any]]]:
        """Return the first or the last chunks with candles that start within [from, to), and those candles.

        The chunks are in that order, the candles of each oldest first. Each chunk comes with its start, and the block
        up to which it is complete.
        """
        ...

    # For retention.

    async def candles_over(self, interval: Interval, chunks_max: int) -> int | None:
        """Return the time before which to prune so that about `chunks_max` are left; None if there are no more."""
        ...

    async def prune_candles(self, interval: Interval, symbol: str, before_us: int, limit: int) -> int:
        """Delete chunks of candles that begin before `before_us`, at most `limit`. Return how many."""
        ...


class SqlCandles:
    """The `CandleStore` in a SQL database."""

    def __init__(self, database: SqlDatabase, form: CandleFormat) -> None:
        self._database = database
        self._form = form

    async def candles(
        self,
        symbol: str,
        interval: Interval,
        from_us: int,
        to_us: int,
        chunks_max: int,
        newest_first: bool = False,
    ) -> Sequence[tuple[int, int, Sequence[Any]]]:
        form, table = self._form, self._form.table.c
        statement = (
            sa.select(form.table)
            .where(
                table.width == interval.seconds,
                table.symbol == symbol,
                table.start_us >= chunk_start(interval, from_us),
                table.start_us < to_us,
            )
            .order_by(table.start_us.desc() if newest_first else table.start_us)
            .limit(chunks_max)
        )

        def read(connection: sa.Connection) -> list[tuple[int, int, Sequence[Any]]]:
            return [
                (row[2], row[3], [each for each in form.candles_of(tuple(row)) if from_us <= each.start_us < to_us])
                for row in connection.execute(statement)
            ]

        return await self._database.reading(read)

    async def candles_over(self, interval: Interval, chunks_max: int) -> int | None:
        table = self._form.table.c
        own = sa.select(table.start_us).where(table.width == interval.seconds)
        return await self._database.scalar(own.order_by(table.start_us.desc()).offset(chunks_max).limit(1))

    async def prune_candles(self, interval: Interval, symbol: str, before_us: int, limit: int) -> int:
        table = self._form.table.c
        own = (table.width == interval.seconds, table.symbol == symbol)
        oldest = sa.select(table.start_us).where(*own, table.start_us < before_us).order_by(table.start_us).limit(limit)
        chosen = table.start_us.in_(oldest.scalar_subquery())
        return await self._database.delete(sa.delete(self._form.table).where(*own, chosen))
