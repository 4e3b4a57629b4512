"""Monitors: the running state of a condition for one key."""

from __future__ import annotations

import math
from typing import Any, Final

from domain.numbers import Number

# Kleene's three truth values.
FALSE: Final = 0
TRUE: Final = 1
UNKNOWN: Final = 2
# Later than any moment.
NEVER_US: Final = 1 << 62

# Two doubles, and all between them, without the two.
Band = tuple[float, float]
NO_BAND: Band = (math.inf, -math.inf)

# The value observed, the line it crossed, and a sentence.
Reason = tuple[Number, Number, str]


class Observation:
    """What monitors are shown; one object for all of them, filled anew each time.

    late: older than one before it. now_us: when it arrived, by the clock. figures: those a subject names, whose `get`
    takes a name.
    """

    __slots__ = ("figures", "late", "now_us", "time_us", "value")

    def __init__(self) -> None:
        self.value: Number = 0.0
        self.time_us = 0
        self.late = False
        self.now_us = 0
        self.figures: Any = {}


class Monitor:
    """The base of all monitors. truth: TRUE, FALSE or UNKNOWN, as of the last call of `observe` or `advance`.

    Not safe for two writers: the worker of the key's partition is the only one.
    """

    __slots__ = ("truth",)

    def __init__(self) -> None:
        self.truth = UNKNOWN

    def observe(self, seen: Observation) -> None:
        """Take an observation. A late one joins what later ones are compared with, and changes nothing by itself."""
        raise NotImplementedError

    def advance(self, now_us: int) -> None:
        """Take that the clock has reached a moment, not later than `next_moment_us`."""

    def next_moment_us(self) -> int:
        """Return when the clock alone may change the truth."""
        return NEVER_US

    def band(self) -> Band:
        """Return the bounds between which every double makes it false, whatever came before. `NO_BAND` if none do."""
        return NO_BAND

    def reason(self) -> Reason:
        """Return what made the truth what it is. Requires that it is known."""
        raise NotImplementedError

    def save(self) -> list[Any]:
        """Return the state, in plain values."""
        raise NotImplementedError

    def load(self, saved: list[Any]) -> None:
        """Take over what `save` of such a monitor returned."""
        raise NotImplementedError
