"""The statistics of a sensor against exact decimals, and over long runs."""

import random
from collections.abc import Sequence
from decimal import Context, Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.numbers import NUMBER_MAX, Number, narrow, written
from domain.readings.reading import BAD, GOOD, UNCERTAIN, Quality
from domain.readings.sensor_state import SensorState
from domain.readings.sensor_statistics import SensorStatistics

T0 = 1_769_860_800_000_000
KEY = "CNC-001/TEMPERATURE"
_PRECISE = Context(prec=60)

# A value, its time after T0, and its quality.
Given = tuple[Number, int, int]

usual = st.decimals(-(10**6), 10**6, allow_nan=False, places=8).map(narrow)
odd = st.sampled_from([narrow(Decimal(text)) for text in ("-0.1000000000000000001", "1E-300", "-1E+300", "7E-9", "0")])
values = st.one_of(usual, st.floats(-1e6, 1e6).map(lambda value: narrow(Decimal(repr(value)))), odd)
readings = st.lists(
    st.tuples(values, st.integers(0, 30), st.sampled_from([GOOD, GOOD, UNCERTAIN, BAD])), min_size=1, max_size=60
)


def state_of(given_readings: Sequence[Given], window: int = 10) -> SensorState:
    state = SensorState(KEY, window)
    for value, time_us, quality in given_readings:
        state.apply(value, T0 + time_us, quality, None)
    return state


def exact(value: Number) -> Fraction:
    return Fraction(written(value))


def moments(window: Sequence[Number]) -> tuple[Fraction, Fraction]:
    mean = sum(map(exact, window), Fraction(0)) / len(window)
    return mean, sum(((exact(each) - mean) ** 2 for each in window), Fraction(0)) / len(window)


def root(variance: Fraction) -> Decimal:
    return _PRECISE.sqrt(_PRECISE.divide(Decimal(variance.numerator), Decimal(variance.denominator)))


def naive(given_readings: Sequence[Given], window: int) -> SensorStatistics:
    """The statistics, from all readings at once."""
    fine: list[Number] = []
    newest_us, value, quality, late, z_score = -1, narrow(Decimal(0)), GOOD, 0, None
    for each, time_us, own in given_readings:
        is_late = time_us < newest_us
        late += is_late
        if not is_late:
            newest_us, value, quality, z_score = time_us, each, own, None
            before = fine[-window:]
            if own != BAD and len(before) >= 2:
                mean, variance = moments(before)
                if variance:
                    away = exact(each) - mean
                    quotient = _PRECISE.divide(
                        _PRECISE.divide(Decimal(away.numerator), Decimal(away.denominator)), root(variance)
                    )
                    z_score = float(quotient)
        if own != BAD:
            fine.append(each)
    mean, variance = moments(fine[-window:]) if fine else (Fraction(0), Fraction(0))
    return SensorStatistics(
        KEY,
        None,
        value,
        Quality.of(quality),
        float(mean) if fine else None,
        float(root(variance)) if fine else None,
        min(fine, key=exact) if fine else None,
        max(fine, key=exact) if fine else None,
        len(fine),
        len(given_readings) - len(fine),
        late,
        z_score,
        T0 + newest_us,
    )


@given(readings, st.integers(2, 12))
def test_statistics_are_those_of_exact_arithmetic(given_readings: list[Given], window: int) -> None:
    found, wanted = state_of(given_readings, window).snapshot(), naive(given_readings, window)
    for name in ("value", "quality", "min", "max", "count", "bad_count", "late_count", "last_reading_us"):
        assert getattr(found, name) == getattr(wanted, name), name
    for name in ("mean", "deviation", "z_score"):
        one, other = getattr(found, name), getattr(wanted, name)
        assert one == (None if other is None else pytest.approx(other, rel=1e-14, abs=0)), name


@given(readings, readings, st.integers(2, 12))
def test_restored_state_goes_on_like_the_original(before: list[Given], after: list[Given], window: int) -> None:
    original = state_of(before, window)
    restored = SensorState(KEY, window)
    restored.restore(original.checkpoint())
    for value, time_us, quality in after:
        for state in (original, restored):
            state.apply(value, T0 + time_us, quality, "°C" if time_us % 2 else None)
    assert restored.snapshot() == original.snapshot()
    assert restored.checkpoint() == original.checkpoint()


def test_nothing_drifts_however_long_it_runs_and_whatever_was_there() -> None:
    """The sums are exact, so a window after any number of readings is that of these values alone."""
    source = random.Random(1)
    state = SensorState(KEY, 100)
    for at in range(200_000):
        # Far from zero, with outliers of 1e14: running sums in floats would keep an error of each.
        value = 1e14 if at % 997 == 0 else round(1e6 + source.gauss(0, 0.001), 6)
        state.apply(value, T0 + at, GOOD, None)
    last = [round(-40 + source.gauss(0, 1e-6), 8) for _ in range(100)]
    for value in last:
        state.apply(value, T0 + 10**9, GOOD, None)
    found, alone = state.snapshot(), state_of([(value, 0, GOOD) for value in last], 100).snapshot()
    assert (found.mean, found.deviation) == (alone.mean, alone.deviation)
    mean, variance = moments(last)
    assert found.mean == float(mean)
    assert found.deviation == pytest.approx(float(root(variance)), rel=1e-15)


def test_statistics_are_those_of_numpy() -> None:
    source = random.Random(2)
    sent = [round(source.gauss(-20, 5), 3) for _ in range(5000)]
    found = state_of([(value, at, GOOD) for at, value in enumerate(sent)], 100).snapshot()
    assert found.mean == pytest.approx(np.mean(sent[-100:]), rel=1e-12)
    assert found.deviation == pytest.approx(np.std(sent[-100:]), rel=1e-12)
    before = sent[-101:-1]
    assert found.z_score == pytest.approx((sent[-1] - np.mean(before)) / np.std(before), rel=1e-10)
    assert (found.min, found.max) == (min(sent), max(sent))


def test_readings_of_bad_quality_are_counted_and_in_no_statistic() -> None:
    state = state_of([(1.0, 0, GOOD), (3.0, 1, UNCERTAIN), (-9999.0, 2, BAD)])
    found = state.snapshot()
    assert (found.mean, found.deviation, found.min, found.max) == (2.0, 1.0, 1.0, 3.0)
    assert (found.count, found.bad_count, state.update_count) == (2, 1, 3)
    # What the sensor says now is shown, with what it says of it.
    assert (found.value, found.quality, found.z_score) == (-9999.0, Quality.BAD, None)
    only = state_of([(5.0, 0, BAD)]).snapshot()
    assert (only.mean, only.deviation, only.min, only.max, only.count) == (None, None, None, None, 0)


def test_late_reading_joins_the_window_and_changes_nothing_that_is_newest() -> None:
    state = state_of([(1.0, 10, GOOD), (2.0, 20, GOOD), (3.0, 30, GOOD)])
    before = state.snapshot()
    assert state.apply(-100.0, T0 + 5, GOOD, None)
    found = state.snapshot()
    assert (found.value, found.z_score, found.last_reading_us) == (3.0, before.z_score, T0 + 30)
    assert (found.min, found.mean, found.late_count) == (-100.0, -23.5, 1)


def test_score_needs_two_values_before_that_differ() -> None:
    assert state_of([(1.0, 0, GOOD), (2.0, 1, GOOD)]).snapshot().z_score is None
    assert state_of([(0.0, 0, GOOD), (0.0, 1, GOOD), (0.0, 2, GOOD)]).snapshot().z_score is None
    assert state_of([(1.0, 0, GOOD), (3.0, 1, GOOD), (5.0, 2, GOOD)]).snapshot().z_score == 3.0


def test_unit_is_that_of_the_newest_reading_that_names_one() -> None:
    state = SensorState(KEY, 10)
    for unit, time_us in (("°C", 10), (None, 20), ("K", 5)):
        state.apply(1.0, T0 + time_us, GOOD, unit)
    assert state.snapshot().unit == "°C"


@pytest.mark.parametrize("extreme", [NUMBER_MAX, -NUMBER_MAX, Decimal("-1." + "3" * 63), -0.0])
def test_extreme_values_are_summed_exactly(extreme: Number) -> None:
    found = state_of([(extreme, 0, GOOD), (1e-8, 1, GOOD), (-NUMBER_MAX, 2, GOOD)], 2).snapshot()
    mean, variance = moments([1e-8, -NUMBER_MAX])
    assert (found.mean, found.deviation) == (float(mean), float(root(variance)))


def test_smaller_window_keeps_the_newest() -> None:
    restored = SensorState(KEY, 2)
    restored.restore(state_of([(1.0, 0, GOOD), (2.0, 1, GOOD), (4.0, 2, GOOD)], 3).checkpoint())
    found = restored.snapshot()
    assert (found.mean, found.count) == (3.0, 3)
