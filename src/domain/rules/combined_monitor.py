"""Monitors of combined conditions, in Kleene's logic."""

from __future__ import annotations

from typing import Any

from domain.rules.monitor import FALSE, NEVER_US, TRUE, UNKNOWN, Monitor, Observation, Reason


class CombinedMonitor(Monitor):
    """Whether all parts are true where FALSE is decisive, whether any is where TRUE is."""

    __slots__ = ("_decisive", "_parts")

    def __init__(self, parts: list[Monitor], decisive: int = FALSE) -> None:
        super().__init__()
        self._parts = parts
        # One such part decides it.
        self._decisive = decisive

    def observe(self, seen: Observation) -> None:
        for part in self._parts:
            part.observe(seen)
        self._combine()

    def advance(self, now_us: int) -> None:
        for part in self._parts:
            part.advance(now_us)
        self._combine()

    def next_moment_us(self) -> int:
        moment_us = NEVER_US
        for part in self._parts:
            moment_us = min(moment_us, part.next_moment_us())
        return moment_us

    def _combine(self) -> None:
        unknown = False
        for part in self._parts:
            if part.truth == self._decisive:
                self.truth = self._decisive
                return
            unknown = unknown or part.truth == UNKNOWN
        other = TRUE if self._decisive == FALSE else FALSE
        self.truth = UNKNOWN if unknown else other

    def reason(self) -> Reason:
        """The value and the line of the first part that made it so, and what all of them say."""
        reasons = [part.reason() for part in self._parts if part.truth == self.truth]
        value, threshold, _ = reasons[0]
        return value, threshold, ", and ".join([text for _, _, text in reasons])

    def save(self) -> list[Any]:
        return [self.truth, [part.save() for part in self._parts]]

    def load(self, saved: list[Any]) -> None:
        self.truth, parts = saved
        for part, own in zip(self._parts, parts, strict=True):
            part.load(own)


class NotMonitor(Monitor):
    __slots__ = ("_part",)

    def __init__(self, part: Monitor) -> None:
        super().__init__()
        self._part = part

    def observe(self, seen: Observation) -> None:
        self._part.observe(seen)
        self._negate()

    def advance(self, now_us: int) -> None:
        self._part.advance(now_us)
        self._negate()

    def next_moment_us(self) -> int:
        return self._part.next_moment_us()

    def _negate(self) -> None:
        truth = self._part.truth
        self.truth = UNKNOWN if truth == UNKNOWN else TRUE if truth == FALSE else FALSE

    def reason(self) -> Reason:
        return self._part.reason()

    def save(self) -> list[Any]:
        return [self.truth, self._part.save()]

    def load(self, saved: list[Any]) -> None:
        self.truth, part = saved
        self._part.load(part)
