"""The recorded readings of a machine, where MARKETDATA_READING_RECORDINGS names a folder of CSV files with them.

A file has the columns timestamp and value. The machine of the sample failed, or was about to, in the windows.
"""

import csv
import os
from datetime import UTC, datetime
from pathlib import Path

from domain.readings.reading import Reading
from domain.readings.sensor_key import sensor_key

# Absolute, because commands run in folders of their own.
_NAMED = os.environ.get("MARKETDATA_READING_RECORDINGS")
FOLDER = Path(_NAMED).resolve() if _NAMED else None
SAMPLE = "machine-temperature.csv"
KEY = sensor_key("machine", "temperature")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment_us(text: str) -> int:
    """Return a time of the sample, which is UTC, in microseconds."""
    return round((datetime.fromisoformat(text).replace(tzinfo=UTC) - _EPOCH).total_seconds() * 1_000_000)


def sample_readings() -> list[Reading]:
    """Return the readings of the sample in order of arrival."""
    assert FOLDER is not None, "there is a folder of recordings"
    with (FOLDER / SAMPLE).open(newline="") as file:
        return [Reading(KEY, float(row["value"]), moment_us(row["timestamp"])) for row in csv.DictReader(file)]
