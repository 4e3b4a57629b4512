"""Readings and roll-ups as tables in Parquet files."""

from typing import Any

from domain.readings.reading import Reading
from domain.readings.rollup import Rollup
from domain.readings.sensor_key import names_of
from infrastructure.parquet_table import Kind, ParquetTable, exact_text


def _reading_row(reading: Reading) -> tuple[Any, ...]:
    value, exact = float(reading.value), exact_text(reading.value)
    return (*names_of(reading.key), reading.timestamp_us, value, exact, reading.unit, reading.quality.value, reading.id)


def _rollup_row(item: tuple[str, Rollup, bool]) -> tuple[Any, ...]:
    key, rollup, closed = item
    moments = rollup.moments
    figures = (moments.mean, float(rollup.min), float(rollup.max), moments.deviation, moments.count)
    return (*names_of(key), rollup.start_us, *figures, closed)


READING_TABLE = ParquetTable(
    {
        "machine_id": Kind.TEXT,
        "sensor_type": Kind.TEXT,
        "timestamp": Kind.MOMENT,
        "value": Kind.NUMBER,
        "value_exact": Kind.TEXT,
        "unit": Kind.TEXT,
        "quality": Kind.TEXT,
        "id": Kind.TEXT,
    },
    _reading_row,
)
# Of (key of the sensor, roll-up, whether it is closed).
ROLLUP_TABLE = ParquetTable(
    {
        "machine_id": Kind.TEXT,
        "sensor_type": Kind.TEXT,
        "start": Kind.MOMENT,
        "avg": Kind.NUMBER,
        "min": Kind.NUMBER,
        "max": Kind.NUMBER,
        "std": Kind.NUMBER,
        "count": Kind.COUNT,
        "closed": Kind.FLAG,
    },
    _rollup_row,
)
