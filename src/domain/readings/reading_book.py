"""The readings of all sensors of one writer."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from sys import intern

from domain.book import Applied
from domain.readings.reading import GOOD
from domain.readings.readings import Readings
from domain.readings.sensor_checkpoint import SensorCheckpoint
from domain.readings.sensor_state import SensorState
from domain.readings.sensor_statistics import SensorStatistics


class ReadingBook:
    """The `Book` of readings. window: how many of the last readings of a sensor mean and deviation are over."""

    def __init__(self, window: int) -> None:
        self._window = window
        self._states: dict[str, SensorState] = {}

    def apply(self, readings: Readings) -> Applied:
        applied = Applied()
        states = self._states
        count = len(readings.keys)
        qualities = readings.qualities if readings.qualities is not None else [GOOD] * count
        units = readings.units if readings.units is not None else [None] * count
        # Without strict, which mypyc would not compile into a plain loop; the columns have one length.
        for key, value, time_us, quality, unit in zip(  # noqa: B905
            readings.keys, readings.values, readings.times_us, qualities, units
        ):
            try:
                state = states.get(key)
                if state is None:
                    state = SensorState(key, self._window)
                    applied.late += state.apply(value, time_us, quality, unit)
                    states[key] = state
                else:
                    applied.late += state.apply(value, time_us, quality, unit)
            except Exception as failure:
                applied.failures.append((key, failure))
        applied.processed = count - len(applied.failures)
        return applied

    def publish_figures(self, keys: Collection[str]) -> bool:
        """There are none."""
        return False

    def __len__(self) -> int:
        return len(self._states)

    def __contains__(self, key: object) -> bool:
        return key in self._states

    def keys(self) -> Iterable[str]:
        return self._states.keys()

    def snapshot(self, key: str) -> SensorStatistics | None:
        state = self._states.get(key)
        return None if state is None else state.snapshot()

    def checkpoint(self, key: str) -> SensorCheckpoint:
        return self._states[key].checkpoint()

    def restore(self, key: str, checkpoint: SensorCheckpoint) -> None:
        state = SensorState(key, self._window)
        state.restore(checkpoint)
        self._states[intern(key)] = state

    def forget(self, key: str) -> None:
        self._states.pop(key, None)

    def update_count(self, key: str) -> int:
        return self._states[key].update_count

    def newest_us(self, key: str) -> int:
        return self._states[key].newest_us
