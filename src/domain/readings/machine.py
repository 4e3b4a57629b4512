"""A machine: its sensors, and how it stands."""

from dataclasses import dataclass
from enum import Enum

from domain.readings.sensor_statistics import SensorStatistics


class Standing(Enum):
    """STALE: a sensor is silent, and there is no other alert. ALERT: there is another one."""

    OK = "ok"
    STALE = "stale"
    ALERT = "alert"


def worst(standings: list[Standing]) -> Standing:
    """Return how a machine stands whose sensors stand so."""
    for each in (Standing.ALERT, Standing.STALE):
        if each in standings:
            return each
    return Standing.OK


@dataclass(frozen=True, slots=True)
class Machine:
    """sensors: by type, each with how it stands. last_seen_us: time of the newest reading of all."""

    name: str
    sensors: tuple[tuple[SensorStatistics, Standing], ...]

    @property
    def standing(self) -> Standing:
        return worst([standing for _, standing in self.sensors])

    @property
    def last_seen_us(self) -> int:
        return max(sensor.last_reading_us for sensor, _ in self.sensors)
