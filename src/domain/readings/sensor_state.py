"""The running statistics of one sensor."""

from __future__ import annotations

from collections import deque

from domain.exact_moments import ExactMoments
from domain.exact_sum import Exact, exact_of
from domain.numbers import Number, is_higher
from domain.readings.reading import BAD, GOOD, Quality
from domain.readings.sensor_checkpoint import SensorCheckpoint
from domain.readings.sensor_statistics import SensorStatistics

# Before the first reading; older than any.
_NEVER_US = -(2**63)
# Fewer values have no deviation to speak of.
_COMPARED_MIN = 2


class SensorState:
    """Applies the readings of one sensor in order of arrival. O(1) a reading.

    window: how many of the last readings that are not bad mean and deviation are over.
    Not safe for two writers: the worker of the sensor's partition is the only one.

    Invariant: `_moments` are those of `_window`.
    """

    __slots__ = (
        "_bad_count",
        "_count",
        "_key",
        "_late_count",
        "_max",
        "_min",
        "_moments",
        "_quality",
        "_size",
        "_unit",
        "_unit_us",
        "_value",
        "_window",
        "_z_score",
        "newest_us",
    )

    def __init__(self, key: str, window: int) -> None:
        self._key = key
        self._size = window
        self.newest_us: int = _NEVER_US
        self._unit: str | None = None
        self._unit_us: int = _NEVER_US
        self._value: Number = 0.0
        self._quality: int = GOOD
        self._min: Number | None = None
        self._max: Number | None = None
        self._count: int = 0
        self._bad_count: int = 0
        self._late_count: int = 0
        self._z_score: float | None = None
        self._window: deque[Exact] = deque()
        self._moments = ExactMoments()

    @property
    def update_count(self) -> int:
        return self._count + self._bad_count

    def apply(self, value: Number, time_us: int, quality: int, unit: str | None) -> bool:
        """Apply one reading. Return whether it is late: older than the newest."""
        is_late = time_us < self.newest_us
        if quality == BAD:
            self._bad_count += 1
            if not is_late:
                self._z_score = None
        else:
            exact = exact_of(value)
            if not is_late:
                self._z_score = self._moments.distance(exact) if self._moments.count >= _COMPARED_MIN else None
            self._push(exact)
            self._count += 1
            if self._min is None or is_higher(self._min, value):
                self._min = value
            if self._max is None or is_higher(value, self._max):
                self._max = value
        if unit is not None and time_us >= self._unit_us:
            self._unit = unit
            self._unit_us = time_us
        if is_late:
            self._late_count += 1
            return True
        self.newest_us = time_us
        self._value = value
        self._quality = quality
        return False

    def snapshot(self) -> SensorStatistics:
        moments = self._moments
        return SensorStatistics(
            self._key,
            self._unit,
            self._value,
            Quality.of(self._quality),
            moments.mean if moments.count else None,
            moments.deviation if moments.count else None,
            self._min,
            self._max,
            self._count,
            self._bad_count,
            self._late_count,
            self._z_score,
            self.newest_us,
        )

    def checkpoint(self) -> SensorCheckpoint:
        return SensorCheckpoint(
            self._key,
            self._unit,
            self._unit_us,
            self._value,
            self._quality,
            self.newest_us,
            self._min,
            self._max,
            self._count,
            self._bad_count,
            self._late_count,
            self._z_score,
            list(self._window),
        )

    def restore(self, checkpoint: SensorCheckpoint) -> None:
        """Set the state of a new object. Of a window that was larger, the newest values remain."""
        self._unit = checkpoint.unit
        self._unit_us = checkpoint.unit_us
        self._value = checkpoint.value
        self._quality = checkpoint.quality
        self.newest_us = checkpoint.newest_us
        self._min = checkpoint.min
        self._max = checkpoint.max
        self._count = checkpoint.count
        self._bad_count = checkpoint.bad_count
        self._late_count = checkpoint.late_count
        self._z_score = checkpoint.z_score
        for each in checkpoint.window:
            self._push(each)

    def _push(self, exact: Exact) -> None:
        if len(self._window) == self._size:
            self._moments.subtract(self._window.popleft())
        self._window.append(exact)
        self._moments.add(exact)
