"""What is known of one sensor."""

from dataclasses import dataclass

from domain.numbers import Number
from domain.readings.reading import Quality
from domain.readings.sensor_key import names_of


@dataclass(frozen=True, slots=True)
class SensorStatistics:
    """value, quality: of the reading with the newest time; of equal times, of the later arrival.

    unit: of the newest reading that names one. mean, deviation: of the last readings that are not bad, None if there is
    none. min, max, count: of all of these. z_score: of the newest value against those before it; None if it is bad, or
    these are fewer than two, or all the same.
    """

    key: str
    unit: str | None
    value: Number
    quality: Quality
    mean: float | None
    deviation: float | None
    min: Number | None
    max: Number | None
    count: int
    bad_count: int
    late_count: int
    z_score: float | None
    last_reading_us: int

    @property
    def machine(self) -> str:
        return names_of(self.key)[0]

    @property
    def sensor(self) -> str:
        return names_of(self.key)[1]

    @property
    def update_count(self) -> int:
        return self.count + self.bad_count
