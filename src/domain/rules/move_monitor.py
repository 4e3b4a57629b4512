"""The monitor of moves, exact at the threshold like the spike rule of prices."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from domain.numbers import EXACT, Number, narrow, plain, written
from domain.rules.condition import Move, MoveDirection
from domain.rules.extreme_window import ExtremeWindow
from domain.rules.monitor import FALSE, TRUE, Monitor, Observation, Reason

# Exceeds the rounding error of the few float operations before a comparison: floats never decide a close call.
_CLOSE = 1e-14


class MoveMonitor(Monitor):
    """Up when value > lowest + |lowest| * percent, down when value < highest - |highest| * percent."""

    __slots__ = (
        "_down",
        "_less",
        "_less_exact",
        "_more",
        "_more_exact",
        "_move",
        "_reference",
        "_up",
        "_value",
        "_window",
    )

    def __init__(self, move: Move) -> None:
        super().__init__()
        self._move = move
        fraction = EXACT.multiply(move.percent, Decimal("0.01"))
        self._more_exact = EXACT.add(Decimal(1), fraction)
        self._less_exact = EXACT.subtract(Decimal(1), fraction)
        self._more = float(self._more_exact)
        self._less = float(self._less_exact)
        self._up = move.direction is not MoveDirection.DOWN
        self._down = move.direction is not MoveDirection.UP
        self._window = ExtremeWindow(move.within_us)
        # Of the last observation: the value, and the extreme that it has left.
        self._value: Number = 0.0
        self._reference: Number | None = None

    def observe(self, seen: Observation) -> None:
        window = self._window
        value = seen.value
        window.add(value, seen.time_us)
        if seen.late:
            return
        self._value = value
        self._reference = None
        if self._up and self._is_above(value, window.lowest):
            self._reference = window.lowest
        elif self._down and self._is_below(value, window.highest):
            self._reference = window.highest
        self.truth = FALSE if self._reference is None else TRUE

    def _is_above(self, value: Number, lowest: Number) -> bool:
        reference = float(lowest)
        line = reference * (self._more if reference >= 0 else self._less)
        given = float(value)
        if abs(given - line) > _CLOSE * (abs(line) + abs(reference)):
            return given > line
        return written(value) > self._line(lowest, self._more_exact, self._less_exact)

    def _is_below(self, value: Number, highest: Number) -> bool:
        reference = float(highest)
        line = reference * (self._less if reference >= 0 else self._more)
        given = float(value)
        if abs(given - line) > _CLOSE * (abs(line) + abs(reference)):
            return given < line
        return written(value) < self._line(highest, self._less_exact, self._more_exact)

    @staticmethod
    def _line(reference: Number, positive: Decimal, negative: Decimal) -> Decimal:
        exact = written(reference)
        return EXACT.multiply(exact, positive if exact >= 0 else negative)

    def reason(self) -> Reason:
        value, reference = self._value, self._reference
        percent = f"{plain(self._move.percent)} %"
        within = f"the last {self._move.within_us / 1000:g} ms"
        if reference is None:
            lowest = self._window.lowest
            return value, lowest, f"value {plain(value)} has moved by at most {percent} within {within}"
        above = written(value) > written(reference)
        more, less = self._more_exact, self._less_exact
        line = self._line(reference, more, less) if above else self._line(reference, less, more)
        side, extreme = ("above", "lowest") if above else ("below", "highest")
        text = f"value {plain(value)} is more than {percent} {side} {plain(reference)}, the {extreme} of {within}"
        return value, narrow(line), text

    def save(self) -> list[Any]:
        return [self.truth, self._value, self._reference, self._window.newest_us, self._window.entries()]

    def load(self, saved: list[Any]) -> None:
        self.truth, self._value, self._reference, _, entries = saved
        for time_us, value in entries:
            self._window.add(value, time_us)
