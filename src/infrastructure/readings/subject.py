"""The `Subject` of readings."""

from collections.abc import Mapping

from domain.numbers import Number, narrow
from domain.readings.reading import BAD
from domain.readings.reading_book import ReadingBook
from domain.readings.readings import Readings
from domain.readings.sensor_statistics import SensorStatistics
from domain.readings.sensor_type import SensorType
from infrastructure.public_format import PublicFormat
from infrastructure.readings.reading_format import READINGS, ReadingLogFormat
from infrastructure.readings.reading_tables import ReadingTables
from infrastructure.settings import ReadingsSettings
from infrastructure.subject import Subject


def readings(settings: ReadingsSettings, keeps_rows: bool = False) -> Subject:
    """Create the subject from the settings. keeps_rows: whether readings are kept as plain rows too, for SQL."""
    return Subject(
        name=READINGS,
        observations="readings",
        key="sensor",
        new_book=lambda: ReadingBook(settings.window),
        log=ReadingLogFormat(),
        public=PublicFormat(SensorStatistics, {}, texts=("unit",)),
        tables=ReadingTables(keeps_rows),
        values=values_of,
    )


def values_of(readings: Readings) -> list[Number | None]:
    """The values that rules are shown: none of bad quality."""
    if readings.qualities is None:
        return list(readings.values)
    return [
        None if quality == BAD else value for value, quality in zip(readings.values, readings.qualities, strict=True)
    ]


def sensor_types(settings: ReadingsSettings) -> Mapping[str, SensorType]:
    """What the settings say of sensors, by type."""
    return {
        name: SensorType(
            name,
            each.unit or None,
            *(
                None if number is None else narrow(number)
                for number in (each.min, each.max, each.low, each.high, each.resolution)
            ),
        )
        for name, each in settings.sensor_types.items()
    }
