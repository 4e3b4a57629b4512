"""A simulated flow of readings: four machines, a sensor that drifts away now and then, and one that falls silent."""

import heapq
import random
from collections.abc import Sequence
from math import inf, sqrt
from typing import NamedTuple

from application.mediator import Message
from application.processing.batches import BatchResult
from application.readings.commands.process_reading_batch import ProcessReadingBatch
from domain.readings.reading import Reading
from domain.readings.readings import Readings
from domain.readings.sensor_key import sensor_key

# Noise is the sum of two equal chances: at most 2.45 times its standard deviation, so that it is hardly ever unusual.
_NOISE = sqrt(6)
# How the level wanders, in standard deviations of the noise a reading, and what part of the way it comes back.
_WANDER, _RETURN = 0.03, 0.02
# A drift: so many standard deviations away, in so many readings, back in as many, and how many it takes as a whole. Its
# sensor has sent enough before it for the rule that watches deviations.
_DRIFT_HEIGHT, _DRIFT_RAMP, _DRIFT_READINGS = 9.0, 12, 54
_DRIFT_AFTER_READINGS = 40
# When the first drift and the first silence come, how long silence is, and how long it takes to the next of each.
_FIRST_DRIFT_SECONDS, _FIRST_SILENCE_SECONDS = 45.0, 90.0
_SILENCE_SECONDS = 40.0
_DRIFT_EVERY_SECONDS = (60.0, 180.0)
_SILENCE_EVERY_SECONDS = (150.0, 300.0)
# Of the time between two readings of a sensor.
_JITTER = 0.05


class SimulatedSensor(NamedTuple):
    """noise: its standard deviation. digits: behind the point. is_loose: whether it is the one that falls silent."""

    machine: str
    kind: str
    unit: str
    level: float
    noise: float
    digits: int
    every_seconds: float
    is_loose: bool = False


# 8 readings a second.
SENSORS = (
    SimulatedSensor("CNC-001", "temperature", "°C", 62.0, 0.4, 1, 2.0),
    SimulatedSensor("CNC-001", "vibration", "mm/s", 2.4, 0.12, 2, 1.0),
    SimulatedSensor("CNC-001", "spindle_speed", "rpm", 8000.0, 15.0, 0, 1.0),
    SimulatedSensor("CNC-002", "temperature", "°C", 58.5, 0.4, 1, 2.0),
    SimulatedSensor("CNC-002", "vibration", "mm/s", 1.9, 0.1, 2, 1.0),
    SimulatedSensor("CNC-002", "spindle_speed", "rpm", 12000.0, 20.0, 0, 1.0),
    SimulatedSensor("PUMP-001", "pressure", "bar", 6.2, 0.05, 2, 1.0, is_loose=True),
    SimulatedSensor("PUMP-001", "temperature", "°C", 41.0, 0.3, 1, 4.0),
    SimulatedSensor("PUMP-001", "vibration", "mm/s", 3.1, 0.15, 2, 1.0),
    SimulatedSensor("OVEN-001", "temperature", "°C", 215.0, 0.8, 1, 2.0),
    SimulatedSensor("OVEN-001", "pressure", "mbar", 1012.0, 0.6, 1, 4.0),
)


class SimulatedMachines:
    """A `Flow` of readings of all sensors, each at its own rhythm.

    Seconds are those of a flow at the rate of the sensors; at another rate, all of it is faster or slower.

    source: of chance.
    """

    def __init__(self, source: random.Random, sensors: Sequence[SimulatedSensor] = SENSORS) -> None:
        self._source = source
        self._probes = [_Probe(sensor, source) for sensor in sensors]
        # When each is due.
        self._due = [(source.random() * probe.sensor.every_seconds, at) for at, probe in enumerate(self._probes)]
        heapq.heapify(self._due)
        self._drift_seconds = _FIRST_DRIFT_SECONDS
        self._silence_seconds = _FIRST_SILENCE_SECONDS
        self._drifting: _Probe | None = None

    async def batch(self, count: int, now_us: int) -> Message[BatchResult]:
        return ProcessReadingBatch(Readings.of(self.next(now_us) for _ in range(count)))

    def next(self, timestamp_us: int) -> Reading:
        seconds, at = self._due[0]
        probe = self._probes[at]
        if probe.sensor.is_loose and seconds >= self._silence_seconds:
            heapq.heapreplace(self._due, (seconds + _SILENCE_SECONDS, at))
            self._silence_seconds = seconds + _SILENCE_SECONDS + self._source.uniform(*_SILENCE_EVERY_SECONDS)
            seconds, at = self._due[0]
            probe = self._probes[at]
        pause = probe.sensor.every_seconds * self._source.uniform(1 - _JITTER, 1 + _JITTER)
        heapq.heapreplace(self._due, (seconds + pause, at))
        self._let_drift(seconds)
        return Reading(probe.key, probe.read(), timestamp_us, unit=probe.sensor.unit)

    def _let_drift(self, seconds: float) -> None:
        """One sensor at a time."""
        if self._drifting is not None and not self._drifting.drifts:
            self._drifting = None
            self._drift_seconds = seconds + self._source.uniform(*_DRIFT_EVERY_SECONDS)
        ready = [] if seconds < self._drift_seconds else [probe for probe in self._probes if probe.may_drift]
        if ready:
            self._drifting = self._source.choice(ready)
            self._drifting.drift()
            self._drift_seconds = inf


class _Probe:
    """What one sensor reads: its level, which wanders a little and comes back, and noise."""

    def __init__(self, sensor: SimulatedSensor, source: random.Random) -> None:
        self.sensor = sensor
        self.key = sensor_key(sensor.machine, sensor.kind)
        self._source = source
        self._count = 0
        self._wander = 0.0
        # Readings that the drift goes on for, and where it leads.
        self._drift_left = 0
        self._direction = 1

    @property
    def drifts(self) -> bool:
        return self._drift_left > 0

    @property
    def may_drift(self) -> bool:
        return not self.sensor.is_loose and self._count >= _DRIFT_AFTER_READINGS

    def drift(self) -> None:
        self._drift_left = _DRIFT_READINGS
        self._direction = self._source.choice((-1, 1))

    def read(self) -> float:
        source = self._source
        self._count += 1
        self._wander += source.gauss(0.0, _WANDER) - _RETURN * self._wander
        away = self._wander + (source.random() + source.random() - 1) * _NOISE
        if self._drift_left > 0:
            self._drift_left -= 1
            way = min(self._drift_left, _DRIFT_READINGS - self._drift_left, _DRIFT_RAMP) / _DRIFT_RAMP
            away += self._direction * _DRIFT_HEIGHT * way
        return round(self.sensor.level + self.sensor.noise * away, self.sensor.digits)
