"""Every condition against the naive model: ties, late observations, any number of digits, restarts in between."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.numbers import read_number
from domain.rules.compilation import monitor_of
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
)
from domain.rules.monitor import FALSE, TRUE, UNKNOWN, Monitor, Observation
from infrastructure.rules.rule_format import restored
from support.rule_model import Seen, truth_of

# Numbers that lie on, and next to, the lines of the conditions below; some do not fit a double.
NUMBERS: tuple[str, ...] = (
    "100",
    "101.5",
    "102",
    "102.00000000000000000001",
    "98",
    "97.99999999999999999",
    "99.5",
    "103",
    "0.1",
    "0.102",
)
NUMBERS += ("0.10200000001", "-3", "-3.06", "-2.94", "0", "1e12", "100.00000000000001")


@dataclass(frozen=True)
class Step:
    """A number, how much later than the last it is stamped and it comes, and whether a restart comes before it."""

    number: str
    stamped_ms: int
    comes_ms: int
    restarts: bool


STEPS = st.lists(
    st.builds(
        Step,
        st.sampled_from(NUMBERS) | st.decimals(-200, 200, places=3).map(str),
        st.sampled_from((0, 0, 1, 40, 999, 1000, 1001, -1, -500, -3000)),
        st.sampled_from((0, 0, 1, 300, 999, 1000, 2500, 10_000)),
        st.booleans(),
    ),
    max_size=40,
)
MOVES = st.builds(
    Move,
    st.sampled_from(("2", "0.5", "50")).map(Decimal),
    st.sampled_from((1, 1_000_000)),
    st.sampled_from(MoveDirection),
)
SIDES = st.sampled_from(("100", "102", "-3", "102.00000000000000000001")).map(read_number)
LEVELS = (
    st.builds(Level, SIDES, st.none())
    | st.builds(Level, st.none(), SIDES)
    | st.builds(Level, st.just(102.0), st.just(0.1))
)
RANGES = st.builds(Range, st.sampled_from((-3.0, 99.5)), st.sampled_from((100.0, 102.0)))
PER_SECOND = st.sampled_from(("1", "0.5", "2", "0.3")).map(Decimal)
RATES = st.builds(Rate, PER_SECOND, st.none() | st.just(Decimal("0.2")), st.sampled_from((1, 3, 5)))
FEWER = st.builds(Rate, st.none(), PER_SECOND, st.sampled_from((1, 3, 5)))
DEVIATIONS = st.builds(
    Deviation, st.sampled_from(("1", "2", "0.5", "1.5")).map(Decimal), st.sampled_from((3, 5, 10)), st.just(2)
)
STALES = st.builds(Stale, st.sampled_from((1, 1_000_000, 2_500_000)), st.none()) | st.builds(
    Stale, st.none(), st.sampled_from(("1", "2.5")).map(Decimal)
)
SIMPLE = MOVES | LEVELS | RANGES | RATES | FEWER | DEVIATIONS | STALES
CONDITIONS = st.recursive(
    SIMPLE,
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: AllOf(tuple(parts)))
        | st.lists(inner, min_size=1, max_size=3).map(lambda parts: AnyOf(tuple(parts)))
        | inner.map(Negation)
    ),
    max_leaves=4,
)
TRUTHS: dict[bool | None, int] = {True: TRUE, False: FALSE, None: UNKNOWN}


def restarted(monitor: Monitor, condition: Condition) -> Monitor:
    """A new monitor in the state of another one, by way of the bytes that are stored."""
    again = monitor_of(condition)
    again.load(restored(msgspec.msgpack.decode(msgspec.msgpack.encode(monitor.save()))))
    return again


def advance(monitor: Monitor, now_us: int) -> None:
    while (moment_us := monitor.next_moment_us()) <= now_us:
        monitor.advance(moment_us)


def compare(condition: Condition, steps: list[Step], start_us: int = 1_700_000_000_123_456) -> int:
    """Compare truths after every step, and at moments between them. Returns how often it was true."""
    monitor, history, seen, trues = monitor_of(condition), list[Seen](), Observation(), 0
    stamped_us, now_us, newest_us = start_us, start_us, 0
    for step in steps:
        if step.restarts:
            monitor = restarted(monitor, condition)
        for between_ms in (step.comes_ms // 2, step.comes_ms - step.comes_ms // 2):
            now_us += between_ms * 1000
            advance(monitor, now_us)
            assert monitor.truth == TRUTHS[truth_of(condition, history, now_us)]
        stamped_us += step.stamped_ms * 1000
        seen.value, seen.time_us, seen.now_us = read_number(step.number), stamped_us, now_us
        seen.late = stamped_us < newest_us
        newest_us = max(newest_us, stamped_us)
        monitor.observe(seen)
        history.append(Seen(Decimal(step.number), stamped_us, now_us))
        assert monitor.truth == TRUTHS[truth_of(condition, history, now_us)]
        if monitor.truth != UNKNOWN:
            assert monitor.reason()[2]
        trues += monitor.truth == TRUE
    return trues


@given(SIMPLE, STEPS)
def test_each_condition_is_what_the_model_says(condition: Condition, steps: list[Step]) -> None:
    compare(condition, steps)


@given(CONDITIONS, STEPS)
def test_combined_conditions_are_what_the_model_says(condition: Condition, steps: list[Step]) -> None:
    compare(condition, steps)


@given(st.lists(st.sampled_from(NUMBERS), min_size=3, max_size=60), DEVIATIONS)
def test_deviation_does_not_drift_behind_an_outlier(numbers: list[str], deviation: Deviation) -> None:
    steps = [Step(number, 1, 1, False) for number in ("1e15", *numbers, "-1e15", *numbers)]
    compare(deviation, steps)


@pytest.mark.parametrize(
    ("condition", "numbers", "true_at"),
    [
        # The examples of the contract, at the line and one digit beyond.
        (Move(Decimal(2), 1_000_000), ["0.1", "0.102", "0.1", "0.10200000001"], [3]),
        (Level(102.0, None), ["102", "102.00000000000000000001", "101"], [1]),
        (Range(-50.0, 200.0), ["-50", "200", "-50.1", "0", "200.1"], [2, 4]),
        (Deviation(Decimal(3), 4, 4), ["1", "3", "1", "3", "5"], []),
        (Deviation(Decimal(3), 4, 4), ["1", "3", "1", "3", "5.0000000000000000001"], [4]),
        # Silent while all values are the same, however far the next one is.
        (Deviation(Decimal(1), 4, 2), ["5", "5", "5", "50"], []),
    ],
    ids=["move", "level", "range", "at the line", "deviation", "no deviation"],
)
def test_lines_are_exact(condition: Condition, numbers: list[str], true_at: list[int]) -> None:
    monitor, seen = monitor_of(condition), Observation()
    found = []
    for at, number in enumerate(numbers):
        seen.value, seen.time_us = read_number(number), at * 1000
        monitor.observe(seen)
        found += [at] if monitor.truth == TRUE else []
    assert found == true_at


def test_a_figure_of_a_subject_is_compared_like_the_value() -> None:
    monitor, seen = monitor_of(Level(0.5, None, "spread")), Observation()
    truths: list[Any] = []
    for spread in (None, 0.5, 0.6, None, 0.1):
        seen.figures = {"spread": spread}
        monitor.observe(seen)
        truths.append(monitor.truth)
    # One that is absent changes nothing.
    assert truths == [UNKNOWN, FALSE, TRUE, TRUE, FALSE]
    assert monitor.reason() == (0.1, 0.5, "spread 0.1 is not beyond 0.5")
