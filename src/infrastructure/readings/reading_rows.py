"""Readings as plain rows, for people who ask PostgreSQL: the views `readings` and `readings_hourly`.

They are written with the roll-ups, in the same transaction, some seconds after the log: each reading is there once,
over a kill too.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from application.ports.clock import Clock
from domain.bars import Interval
from domain.readings.readings import Readings
from domain.readings.rollup import Rollup
from domain.readings.rollup_book import RollupBook
from infrastructure.storage.candle_chunks import CandleFormat
from infrastructure.storage.records import Put
from infrastructure.storage.retention import step_by_step
from infrastructure.storage.schema import READING_HOUR, READING_ROW, TICK_BLOCK
from infrastructure.storage.sql_database import SqlDatabase

_SEQS_A_STEP = 64


class RollupsAndRows:
    """The `Aggregates` of readings where rows are kept too."""

    def __init__(self) -> None:
        self.rollups = RollupBook()
        self.rows: list[tuple[str, int, float, int, str | None]] = []

    @property
    def count(self) -> int:
        return self.rollups.count

    @property
    def size(self) -> int:
        return self.rollups.size + len(self.rows)

    def apply(self, readings: Readings) -> None:
        self.rollups.apply(readings)
        count = len(readings)
        qualities = readings.qualities or [0] * count
        units = readings.units or [None] * count
        values = map(float, readings.values)
        self.rows += zip(readings.keys, readings.times_us, values, qualities, units, strict=True)

    def forget(self, key: str) -> None:
        self.rollups.forget(key)
        self.rows = [row for row in self.rows if row[0] != key]

    def symbols(self) -> list[str]:
        return self.rollups.symbols()

    def candles(self, key: str) -> list[Rollup]:
        return self.rollups.candles(key)


def write_rows(
    connection: sa.Connection,
    put: Put,
    form: CandleFormat,
    chunks: Sequence[tuple[Any, ...]],
    aggregates: RollupsAndRows,
    seq: int,
) -> None:
    """Write the rows of readings, and of the hours that they have changed. chunks: of roll-ups, as just written."""
    put(connection, READING_ROW, [(seq, *row) for row in aggregates.rows], False)
    width_us = Interval.H1.width_us
    changed = {(row[0], row[1] - row[1] % width_us) for row in aggregates.rows}
    hours = [
        (key, rollup.start_us, moments.mean, float(rollup.min), float(rollup.max), moments.deviation, moments.count)
        for chunk in chunks
        if chunk[0] == Interval.H1.seconds
        for key, rollup in ((chunk[1], rollup) for rollup in form.candles_of(chunk))
        if (key, rollup.start_us) in changed
        for moments in (rollup.moments,)
    ]
    put(connection, READING_HOUR, hours, True)


def forget_rows(connection: sa.Connection, key: str) -> None:
    for table in (READING_ROW, READING_HOUR):
        connection.execute(sa.delete(table).where(table.c.key == key))


async def has_hypertable(database: SqlDatabase) -> bool:
    """Whether the rows are in a hypertable of TimescaleDB."""

    def read(connection: sa.Connection) -> bool:
        if connection.dialect.name != "postgresql":
            return False
        if not connection.scalar(sa.text("SELECT to_regclass('timescaledb_information.hypertables')")):
            return False
        found = sa.text("SELECT count(*) FROM timescaledb_information.hypertables WHERE hypertable_name = :name")
        return bool(connection.scalar(found, {"name": READING_ROW.name}))

    return await database.reading(read)


class RowRetention:
    """The `Pruner` of rows of readings: they are kept as long as the log. Hours are kept as long as their roll-ups."""

    def __init__(self, database: SqlDatabase, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def prune(self) -> None:
        oldest = await self._database.scalar(sa.select(sa.func.min(TICK_BLOCK.c.seq)))
        if oldest is None:
            return

        async def step() -> int:
            first = await self._database.scalar(sa.select(sa.func.min(READING_ROW.c.seq)))
            if first is None or first >= oldest:
                return 0
            upto = min(first + _SEQS_A_STEP, oldest)
            await self._database.delete(sa.delete(READING_ROW).where(READING_ROW.c.seq < upto))
            return _SEQS_A_STEP

        await step_by_step(self._clock, step, _SEQS_A_STEP)
