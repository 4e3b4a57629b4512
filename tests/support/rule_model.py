"""Conditions decided the naive way: from all that was ever observed, in exact arithmetic, anew each time."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from domain.rules.condition import (
    AllOf,
    AnyOf,
    Condition,
    Deviation,
    Level,
    Move,
    MoveDirection,
    Negation,
    Range,
    Rate,
    Stale,
    parts_of,
)
from domain.rules.rule import Rule

SECOND_US = 1_000_000


@dataclass(frozen=True)
class Seen:
    """An observation. value: as it was written. now_us: when it came."""

    value: Decimal
    time_us: int
    now_us: int


def truth_of(condition: Condition, history: Sequence[Seen], now_us: int) -> bool | None:
    """Whether a condition is true of what was observed, at a moment of the clock; None for unknown."""
    match condition:
        case Move():
            return _move(condition, history)
        case Level(above, below):
            return _level(None if above is None else _exact(above), None if below is None else _exact(below), history)
        case Range(low, high):
            return _level(_exact(high), _exact(low), history)
        case Deviation():
            return _deviation(condition, history)
        case Rate():
            return _rate(condition, history, now_us)
        case Stale():
            return _stale(condition, history, now_us)
        case AllOf(conditions):
            return _all([truth_of(each, history, now_us) for each in conditions])
        case AnyOf(conditions):
            found = [truth_of(each, history, now_us) for each in conditions]
            return _not(_all([_not(each) for each in found]))
        case Negation(inner):
            return _not(truth_of(inner, history, now_us))


def _exact(number: float | Decimal) -> Decimal:
    return Decimal(repr(number)) if isinstance(number, float) else number


def _all(found: list[bool | None]) -> bool | None:
    return False if False in found else None if None in found else True


def _not(truth: bool | None) -> bool | None:
    return None if truth is None else not truth


def _last_in_time(history: Sequence[Seen]) -> int | None:
    """Where the last observation is that was not late."""
    newest, found = None, None
    for at, seen in enumerate(history):
        if newest is None or seen.time_us >= newest:
            newest, found = seen.time_us, at
    return found


def _level(above: Decimal | None, below: Decimal | None, history: Sequence[Seen]) -> bool | None:
    at = _last_in_time(history)
    if at is None:
        return None
    value = history[at].value
    return (above is not None and value > above) or (below is not None and value < below)


def _move(move: Move, history: Sequence[Seen]) -> bool | None:
    at = _last_in_time(history)
    if at is None:
        return None
    last = history[at]
    values = [
        Fraction(each.value)
        for each in history[: at + 1]
        if last.time_us - move.within_us <= each.time_us <= last.time_us
    ]
    fraction, value = Fraction(move.percent) / 100, Fraction(last.value)
    up = value > min(values) + abs(min(values)) * fraction
    down = value < max(values) - abs(max(values)) * fraction
    return (up and move.direction is not MoveDirection.DOWN) or (down and move.direction is not MoveDirection.UP)


def _deviation(deviation: Deviation, history: Sequence[Seen]) -> bool | None:
    at = _last_in_time(history)
    if at is None:
        return None
    values = [Fraction(each.value) for each in history[:at]][-deviation.over :]
    if len(values) < deviation.minimum:
        return None
    mean = sum(values) / len(values)
    variance = sum((each - mean) ** 2 for each in values) / len(values)
    if variance == 0:
        return None
    return (Fraction(history[at].value) - mean) ** 2 > Fraction(deviation.sigmas) ** 2 * variance


def _rate(rate: Rate, history: Sequence[Seen], now_us: int) -> bool | None:
    if not history:
        return None
    first, second = history[0].now_us // SECOND_US, now_us // SECOND_US
    if second == first:
        return None
    count = sum(second - rate.over_seconds <= each.now_us // SECOND_US < second for each in history)
    if rate.above is not None and count > rate.above * rate.over_seconds:
        return True
    if rate.below is not None:
        # The first second is not whole.
        return None if second - first - 1 < rate.over_seconds else count < rate.below * rate.over_seconds
    return False


def _stale(stale: Stale, history: Sequence[Seen], now_us: int) -> bool | None:
    if not history:
        return None
    moments = sorted({each.now_us for each in history})
    if stale.after_us is not None:
        return now_us >= moments[-1] + stale.after_us
    assert stale.times_usual is not None
    intervals = [later - earlier for earlier, later in pairwise(moments)][-64:]
    if len(intervals) < 8:
        return False
    usual = sorted(intervals)[(len(intervals) - 1) // 2]
    return now_us >= moments[-1] + max(int(stale.times_usual * usual), SECOND_US)


# (what happened, when, sequence of the observation)
Event = tuple[str, int, int]


def events_of(rule: Rule, history: Sequence[Seen], end_us: int) -> list[Event]:
    """The alerts of a rule that were raised and resolved, up to a moment of the clock."""
    machine = _Machine(rule)
    newest_us = None
    for at, seen in enumerate(history):
        machine.pass_time(history[:at], seen.now_us)
        is_late = newest_us is not None and seen.time_us < newest_us
        newest_us = seen.time_us if newest_us is None else max(newest_us, seen.time_us)
        if rule.watches_clock:
            machine.settle(history[: at + 1], seen.now_us, seen.now_us)
        elif not is_late:
            machine.settle(history[: at + 1], seen.now_us, seen.time_us)
    machine.pass_time(history, end_us)
    return machine.events


class _Machine:
    def __init__(self, rule: Rule) -> None:
        self.events: list[Event] = []
        self._rule = rule
        self._is_open = False
        self._ready_us: int | None = None
        self._passed_us = 0

    def pass_time(self, history: Sequence[Seen], now_us: int) -> None:
        """Look at every moment up to now at which the clock may change anything."""
        if not self._rule.watches_clock or not history:
            return
        since_us = max(self._passed_us, history[-1].now_us)
        while True:
            due = [each for each in self._moments(history, now_us) if since_us < each <= now_us]
            if not due:
                break
            since_us = min(due)
            self.settle(history, since_us, since_us)
        self._passed_us = now_us

    def _moments(self, history: Sequence[Seen], now_us: int) -> set[int]:
        last_us = history[-1].now_us
        found = set(range((last_us // SECOND_US + 1) * SECOND_US, now_us + 1, SECOND_US))
        conditions = [self._rule.condition, *([] if self._rule.clear is None else [self._rule.clear])]
        for part in (part for condition in conditions for part in parts_of(condition)):
            if isinstance(part, Stale) and part.after_us is not None:
                found.add(last_us + part.after_us)
        return found if self._ready_us is None else found | {self._ready_us}

    def settle(self, history: Sequence[Seen], now_us: int, at_us: int) -> None:
        truth = truth_of(self._rule.condition, history, now_us)
        if truth and not self._is_open and (self._ready_us is None or at_us >= self._ready_us):
            self._is_open = True
            self._ready_us = at_us + self._rule.cooldown_us
            self.events.append(("raised", at_us, len(history)))
        clear = self._rule.clear
        if truth is False and self._is_open and (clear is None or truth_of(clear, history, now_us)):
            self._is_open = False
            self.events.append(("resolved", at_us, 0))
