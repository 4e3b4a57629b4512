"""Machines, sensors, readings and roll-ups."""

from collections.abc import Mapping
from decimal import Decimal

from api.timestamps import to_rfc3339
from api.views.view import View, significant
from application.readings.ports.dead_readings import DeadReading
from domain.bars import Interval
from domain.readings.machine import Machine, Standing
from domain.readings.reading import Reading
from domain.readings.rollup import Rollup
from domain.readings.sensor_key import names_of
from domain.readings.sensor_statistics import SensorStatistics
from domain.readings.sensor_type import SensorType


class SensorView(View, frozen=True):
    """The statistics of one sensor.

    value, quality: of the newest reading. unit: null if no reading names one. mean, std: of the last readings that are
    not bad, std the population standard deviation; min, max, count: of all of these; null if there is none. zScore: how
    many standard deviations the newest value is from the mean of those before it; null if it is bad, or these are fewer
    than two, or all the same.
    """

    machine_id: str
    sensor_type: str
    unit: str | None
    value: float | Decimal
    quality: str
    mean: float | Decimal | None
    std: float | Decimal | None
    min: float | Decimal | None
    max: float | Decimal | None
    count: int
    bad_count: int
    late_count: int
    z_score: float | Decimal | None
    last_reading_time: str

    @classmethod
    def of(cls, statistics: SensorStatistics) -> "SensorView":
        return cls(
            statistics.machine,
            statistics.sensor,
            statistics.unit,
            statistics.value,
            statistics.quality.value,
            _rounded(statistics.mean),
            _rounded(statistics.deviation),
            statistics.min,
            statistics.max,
            statistics.count,
            statistics.bad_count,
            statistics.late_count,
            _rounded(statistics.z_score),
            to_rfc3339(statistics.last_reading_us),
        )


class SensorTypeView(View, frozen=True):
    """What the settings say of all sensors of a type; null where they say nothing.

    min, max: values outside are refused. low, high: values outside raise an alert. resolution: the smallest difference
    that the sensor tells.
    """

    unit: str | None
    min: float | Decimal | None
    max: float | Decimal | None
    low: float | Decimal | None
    high: float | Decimal | None
    resolution: float | Decimal | None

    @classmethod
    def of(cls, kind: SensorType) -> "SensorTypeView":
        return cls(kind.unit, kind.min, kind.max, kind.low, kind.high, kind.resolution)


class SensorStandingView(View, frozen=True):
    """A sensor of a machine. status: `alert`, `stale` if its silence is the only alert, else `ok`.

    type: what is known of all sensors of its type, null if nothing is.
    """

    status: str
    type: SensorTypeView | None
    sensor: SensorView

    @classmethod
    def of(cls, statistics: SensorStatistics, standing: Standing, kind: SensorType | None) -> "SensorStandingView":
        known = None if kind is None else SensorTypeView.of(kind)
        return cls(standing.value, known, SensorView.of(statistics))


class MachineView(View, frozen=True):
    """A machine with its sensors, by type. status: the worst of theirs. lastSeen: time of the newest reading."""

    machine_id: str
    status: str
    last_seen: str
    sensors: list[SensorStandingView]

    @classmethod
    def of(cls, machine: Machine, types: Mapping[str, SensorType]) -> "MachineView":
        return cls(
            machine.name,
            machine.standing.value,
            to_rfc3339(machine.last_seen_us),
            [
                SensorStandingView.of(statistics, standing, types.get(statistics.sensor))
                for statistics, standing in machine.sensors
            ],
        )


class MachineSummaryView(View, frozen=True):
    """status: the worst of its sensors. sensors: their types. lastSeen: time of the newest reading."""

    machine_id: str
    status: str
    last_seen: str
    sensors: list[str]

    @classmethod
    def of(cls, machine: Machine) -> "MachineSummaryView":
        return cls(
            machine.name,
            machine.standing.value,
            to_rfc3339(machine.last_seen_us),
            [statistics.sensor for statistics, _ in machine.sensors],
        )


class MachinePageView(View, frozen=True):
    """Machines sorted by name. nextCursor: for the next page, null on the last."""

    items: list[MachineSummaryView]
    total: int
    next_cursor: str | None


class ReadingView(View, frozen=True):
    """A reading as accepted; what it does not have is null."""

    machine_id: str
    sensor_type: str
    value: float | Decimal
    unit: str | None
    quality: str
    timestamp: str
    id: str | None

    @classmethod
    def of(cls, reading: Reading) -> "ReadingView":
        machine, sensor = names_of(reading.key)
        moment = to_rfc3339(reading.timestamp_us)
        return cls(machine, sensor, reading.value, reading.unit, reading.quality.value, moment, reading.id)


class ReadingPageView(View, frozen=True):
    """Readings in order of arrival, or newest first. nextCursor: for the next page, null on the last."""

    items: list[ReadingView]
    next_cursor: str | None


class RollupView(View, frozen=True):
    """The readings of one interval from `start` on, those of bad quality aside.

    std: the population standard deviation. closed: false until a reading after its end arrives.
    """

    machine_id: str
    sensor_type: str
    interval: str
    start: str
    avg: float | Decimal
    min: float | Decimal
    max: float | Decimal
    std: float | Decimal
    count: int
    closed: bool

    @classmethod
    def of(cls, rollup: Rollup, key: str, interval: Interval, still_open_us: int) -> "RollupView":
        machine, sensor = names_of(key)
        return cls(
            machine,
            sensor,
            interval.value,
            to_rfc3339(rollup.start_us),
            significant(rollup.moments.mean),
            rollup.min,
            rollup.max,
            significant(rollup.moments.deviation),
            rollup.moments.count,
            rollup.start_us + interval.width_us <= still_open_us,
        )


class RollupPageView(View, frozen=True):
    """Roll-ups, oldest or newest first; empty ones are left out. nextCursor: for the next page, null on the last."""

    items: list[RollupView]
    next_cursor: str | None


class DeadReadingView(View, frozen=True):
    """A message over MQTT that could not be taken. payload: as text."""

    id: int
    received_at: str
    topic: str
    payload: str
    reason: str

    @classmethod
    def of(cls, dead: DeadReading) -> "DeadReadingView":
        payload = dead.payload.decode(errors="replace")
        return cls(dead.id, to_rfc3339(dead.received_us), dead.topic, payload, dead.reason)


class DeadReadingPageView(View, frozen=True):
    """Newest first. nextCursor: for the next page, null on the last."""

    items: list[DeadReadingView]
    total: int
    next_cursor: str | None


def _rounded(number: float | None) -> float | None:
    return None if number is None else significant(number)
