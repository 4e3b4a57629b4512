"""Roll-ups changed by readings since they were last taken for storage."""

from __future__ import annotations

from typing import Final

from domain.readings.reading import BAD, GOOD
from domain.readings.readings import Readings
from domain.readings.rollup import Rollup

_MINUTE_US: Final = 60_000_000


class RollupBook:
    """The one-minute roll-ups of all sensors, updated by readings. O(1) a reading.

    Not safe for two writers.

    count: readings applied. size: roll-ups in memory.
    """

    def __init__(self) -> None:
        self.count: int = 0
        self.size: int = 0
        self._rollups: dict[str, dict[int, Rollup]] = {}

    def apply(self, readings: Readings) -> None:
        """Apply readings in order of arrival."""
        self.count += len(readings.keys)
        qualities = readings.qualities if readings.qualities is not None else [GOOD] * len(readings.keys)
        # Without strict, which mypyc would not compile into a plain loop; the columns have one length.
        for key, value, time_us, quality in zip(  # noqa: B905
            readings.keys, readings.values, readings.times_us, qualities
        ):
            if quality == BAD:
                continue
            rollups = self._rollups.get(key)
            if rollups is None:
                rollups = self._rollups[key] = {}
            start_us = time_us - time_us % _MINUTE_US
            rollup = rollups.get(start_us)
            if rollup is None:
                rollup = rollups[start_us] = Rollup(start_us)
                self.size += 1
            rollup.push(value)

    def forget(self, key: str) -> None:
        """Remove the roll-ups of a sensor."""
        self.size -= len(self._rollups.pop(key, ()))

    def symbols(self) -> list[str]:
        """Return the keys of the sensors."""
        return list(self._rollups)

    def candles(self, key: str) -> list[Rollup]:
        """Return copies of the sensor's one-minute roll-ups, in no particular order."""
        return [rollup.copy(rollup.start_us) for rollup in self._rollups.get(key, {}).values()]
