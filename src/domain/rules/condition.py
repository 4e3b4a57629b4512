"""Conditions of rules, as data. `domain.rules.compilation` turns one into a monitor for a key.

A condition is true, false, or unknown as long as too little has been observed. `AllOf`, `AnyOf` and `Negation` combine
the three like Kleene's logic: what no value of the unknown could change is known.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from domain.numbers import Number

# The figure that every observation has: a price, a reading.
VALUE = "value"


class MoveDirection(Enum):
    UP = "up"
    DOWN = "down"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class Move:
    """The value is more than `percent` above the lowest, or below the highest, within [t - within, t]."""

    percent: Decimal
    within_us: int
    direction: MoveDirection = MoveDirection.ANY


@dataclass(frozen=True, slots=True)
class Level:
    """A figure is above one number, or below another one. Figures other than the value are those a subject names."""

    above: Number | None
    below: Number | None
    figure: str = VALUE


@dataclass(frozen=True, slots=True)
class Range:
    """The value is below `low` or above `high`."""

    low: Number
    high: Number


@dataclass(frozen=True, slots=True)
class Rate:
    """Over the last whole seconds of the clock, more observations a second came than one number, or fewer than another.

    Fewer is unknown until so many whole seconds have passed.
    """

    above: Decimal | None
    below: Decimal | None
    over_seconds: int


@dataclass(frozen=True, slots=True)
class Deviation:
    """The value is more than `sigmas` standard deviations from the mean of the last `over` values before it.

    The deviation is that of these values alone (divided by their number). Unknown while there are fewer than `minimum`
    of them, or all are the same.
    """

    sigmas: Decimal
    over: int
    minimum: int


@dataclass(frozen=True, slots=True)
class Stale:
    """Nothing has come for `after_us`, or for a multiple of the usual interval between arrivals, by the clock."""

    after_us: int | None
    times_usual: Decimal | None


@dataclass(frozen=True, slots=True)
class AllOf:
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Negation:
    condition: Condition


Condition = Move | Level | Range | Rate | Deviation | Stale | AllOf | AnyOf | Negation


def parts_of(condition: Condition) -> Iterator[Condition]:
    """Yield the simple conditions in one."""
    if isinstance(condition, AllOf | AnyOf):
        for each in condition.conditions:
            yield from parts_of(each)
    elif isinstance(condition, Negation):
        yield from parts_of(condition.condition)
    else:
        yield condition


def watches_clock(condition: Condition) -> bool:
    """Whether time alone can change it."""
    return any(isinstance(part, Rate | Stale) for part in parts_of(condition))
