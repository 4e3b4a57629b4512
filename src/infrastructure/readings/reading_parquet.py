"""Rows of readings and roll-ups in Parquet files."""

from decimal import Decimal
from typing import Any

import pyarrow as pa

from domain.readings.reading import Reading
from domain.readings.rollup import Rollup
from domain.readings.sensor_key import names_of

_MOMENT = pa.timestamp("us", tz="UTC")
READINGS = pa.schema(
    {
        "machine_id": pa.string(),
        "sensor_type": pa.string(),
        "timestamp": _MOMENT,
        "value": pa.float64(),
        "value_exact": pa.string(),
        "unit": pa.string(),
        "quality": pa.string(),
        "id": pa.string(),
    }
)
ROLLUPS = pa.schema(
    {
        "machine_id": pa.string(),
        "sensor_type": pa.string(),
        "start": _MOMENT,
        "avg": pa.float64(),
        "min": pa.float64(),
        "max": pa.float64(),
        "std": pa.float64(),
        "count": pa.int64(),
        "closed": pa.bool_(),
    }
)


def reading_row(reading: Reading) -> tuple[Any, ...]:
    """Return a row of READINGS."""
    value = reading.value
    exact = str(value) if isinstance(value, Decimal) else None
    names = names_of(reading.key)
    return (*names, reading.timestamp_us, float(value), exact, reading.unit, reading.quality.value, reading.id)


def rollup_row(key: str, rollup: Rollup, closed: bool) -> tuple[Any, ...]:
    """Return a row of ROLLUPS."""
    moments = rollup.moments
    figures = (moments.mean, float(rollup.min), float(rollup.max), moments.deviation, moments.count)
    return (*names_of(key), rollup.start_us, *figures, closed)
