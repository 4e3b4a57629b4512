"""`marketdata export readings` and `rollups`."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from api.cli.export_files import write_parquet, write_text
from api.cli.export_rows import candles_of, ticks_of
from api.views.readings import ReadingView, RollupView
from application.processing.time_range import LATEST_US
from domain.bars import Interval
from domain.readings.reading import Reading
from domain.readings.rollup import Rollup
from infrastructure.readings.reading_format import READINGS
from infrastructure.readings.reading_parquet import READING_TABLE, ROLLUP_TABLE
from infrastructure.readings.reading_tables import ROLLUPS
from infrastructure.storage.candle_store import SqlCandles
from infrastructure.storage.sql_store import SqlStore

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


async def export_readings(store: SqlStore, keys: Sequence[str], from_us: int, to_us: int, file: Path, form: str) -> int:
    """Write the readings of sensors to a file, sensor by sensor. Return how many there were."""
    found: AsyncIterator[Reading] = ticks_of(store, keys, from_us, to_us, READINGS)
    if form == "parquet":
        return await write_parquet(file, READING_TABLE, found)
    return await write_text(file, form, ReadingView, (_view(each) async for each in found))


async def export_rollups(
    store: SqlStore, keys: Sequence[str], interval: Interval, from_us: int, to_us: int, file: Path, form: str
) -> int:
    """Write the roll-ups of sensors to a file. Return how many there were."""
    found: AsyncIterator[tuple[str, Rollup, bool]] = candles_of(
        SqlCandles(store, ROLLUPS), keys, interval, from_us, to_us
    )
    if form == "parquet":
        return await write_parquet(file, ROLLUP_TABLE, found)
    views = (
        RollupView.of(rollup, key, interval, LATEST_US if closed else rollup.start_us)
        async for key, rollup, closed in found
    )
    return await write_text(file, form, RollupView, views)


def _view(reading: Reading) -> ReadingView:
    """The reading with microseconds, so that nothing is lost."""
    moment = (_EPOCH + timedelta(microseconds=reading.timestamp_us)).replace(tzinfo=None)
    view = ReadingView.of(reading)
    return ReadingView(
        view.machine_id,
        view.sensor_type,
        view.value,
        view.unit,
        view.quality,
        f"{moment.isoformat(timespec='microseconds')}Z",
        view.id,
    )
