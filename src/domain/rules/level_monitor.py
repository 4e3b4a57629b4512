"""Monitors of levels and ranges."""

from __future__ import annotations

import math
from typing import Any

from domain.numbers import Number, is_higher, plain
from domain.rules.condition import VALUE, Level
from domain.rules.monitor import FALSE, NO_BAND, TRUE, Band, Monitor, Observation, Reason


class LevelMonitor(Monitor):
    """Compares a figure as written: floats where both are, else Decimals. A figure that is absent changes nothing."""

    __slots__ = ("_above", "_below", "_figure", "_value")

    def __init__(self, level: Level) -> None:
        super().__init__()
        self._above = level.above
        self._below = level.below
        self._figure = level.figure
        self._value: Number = 0.0

    def observe(self, seen: Observation) -> None:
        if seen.late:
            return
        value: Number | None = seen.value if self._figure == VALUE else seen.figures.get(self._figure)
        if value is None:
            return
        self._value = value
        above, below = self._above, self._below
        if (above is not None and is_higher(value, above)) or (below is not None and is_higher(below, value)):
            self.truth = TRUE
        else:
            self.truth = FALSE

    def band(self) -> Band:
        # Rounding to a double keeps the order, so what is between the rounded lines is between the lines.
        if self._figure != VALUE:
            return NO_BAND
        below, above = self._below, self._above
        return (-math.inf if below is None else float(below)), (math.inf if above is None else float(above))

    def reason(self) -> Reason:
        above, below, value = self._above, self._below, self._value
        name = self._figure
        if above is not None and is_higher(value, above):
            return value, above, f"{name} {plain(value)} is above {plain(above)}"
        if below is not None and is_higher(below, value):
            return value, below, f"{name} {plain(value)} is below {plain(below)}"
        line = above if below is None or (above is not None and _is_nearer(value, above, below)) else below
        assert line is not None, "a level has a side"
        return value, line, f"{name} {plain(value)} is not beyond {plain(line)}"

    def save(self) -> list[Any]:
        return [self.truth, self._value]

    def load(self, saved: list[Any]) -> None:
        self.truth, self._value = saved


def _is_nearer(value: Number, one: Number, other: Number) -> bool:
    return abs(float(value) - float(one)) <= abs(float(value) - float(other))
