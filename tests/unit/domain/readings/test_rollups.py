"""Roll-ups against exact sums and pandas, in whatever order readings arrive."""

import random
from fractions import Fraction

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.bars import Interval, in_chunks, merge_into, rolled_up
from domain.numbers import written
from domain.readings.reading import Quality, Reading
from domain.readings.readings import Readings
from domain.readings.rollup import ROLLUP_INTERVALS, Rollup
from domain.readings.rollup_book import RollupBook
from support.machine_readings import FOLDER, KEY, sample_readings

HOUR_US = 3_600_000_000

readings = st.builds(
    Reading,
    st.just(KEY),
    st.floats(-1e6, 1e6, allow_subnormal=False),
    st.integers(0, 3 * HOUR_US),
    st.sampled_from(Quality),
    st.none(),
    st.none(),
)


def rollups_of(given_readings: list[Reading]) -> dict[Interval, dict[int, Rollup]]:
    """All roll-ups, by interval and start, stored in two parts as a service would."""
    found: dict[Interval, dict[int, Rollup]] = {interval: {} for interval in ROLLUP_INTERVALS}
    half = len(given_readings) // 2
    for part in (given_readings[:half], given_readings[half:]):
        book = RollupBook()
        book.apply(Readings.of(part))
        for interval, _, bars in in_chunks(book.candles(KEY), 60, ROLLUP_INTERVALS):
            merge_into(found[interval], bars)
    return found


def figures(rollup: Rollup) -> tuple[object, ...]:
    moments = rollup.moments
    return (rollup.min, rollup.max, moments.count, moments.mean, moments.deviation)


@given(st.lists(readings, min_size=1, max_size=40), st.randoms(use_true_random=False))
def test_order_of_arrival_does_not_matter_and_sums_are_exact(
    given_readings: list[Reading], source: random.Random
) -> None:
    mixed = list(given_readings)
    source.shuffle(mixed)
    found = rollups_of(mixed)
    fine = [each for each in given_readings if each.quality is not Quality.BAD]
    for interval, bars in found.items():
        width_us = interval.width_us
        assert set(bars) == {each.timestamp_us // width_us * width_us for each in fine}
        for start_us, bar in bars.items():
            own = [each.value for each in fine if start_us <= each.timestamp_us < start_us + width_us]
            exact = [Fraction(written(each)) for each in own]
            mean = sum(exact, Fraction(0)) / len(own)
            variance = sum(((each - mean) ** 2 for each in exact), Fraction(0)) / len(own)
            assert (bar.min, bar.max, bar.moments.count) == (min(own), max(own), len(own))
            assert bar.moments.mean == pytest.approx(float(mean), rel=1e-15)
            assert bar.moments.deviation**2 == pytest.approx(float(variance), rel=1e-12)


def test_hours_and_days_are_those_of_the_minutes() -> None:
    book = RollupBook()
    book.apply(Readings.of([Reading(KEY, float(at), at * 47_000_000) for at in range(5000)]))
    minutes = book.candles(KEY)
    for interval in (Interval.H1, Interval.D1):
        wanted = {bar.start_us: figures(bar) for bar in rolled_up(minutes, interval.width_us)}
        chunked = [
            bar for kind, _, bars in in_chunks(minutes, 60, ROLLUP_INTERVALS) if kind is interval for bar in bars
        ]
        assert {bar.start_us: figures(bar) for bar in chunked} == wanted


def test_sensors_are_kept_apart_and_can_be_forgotten() -> None:
    book = RollupBook()
    book.apply(Readings.of([Reading("A/T", 1.0, 0), Reading("B/T", 2.0, 0), Reading("A/T", 3.0, 60_000_000)]))
    assert (book.count, book.size, book.symbols()) == (3, 3, ["A/T", "B/T"])
    book.forget("A/T")
    assert (book.size, book.candles("A/T"), len(book.candles("B/T"))) == (1, [], 1)


@pytest.mark.skipif(FOLDER is None, reason="MARKETDATA_READING_RECORDINGS names no folder")
def test_every_rollup_of_the_recording_is_that_of_pandas() -> None:
    recorded = sample_readings()
    mixed = list(recorded)
    random.Random(1).shuffle(mixed)
    found = rollups_of(mixed)
    moments = pd.to_datetime([each.timestamp_us for each in recorded], unit="us", utc=True)
    frame = pd.Series([float(each.value) for each in recorded], index=moments)
    for interval, name in ((Interval.M1, "1min"), (Interval.H1, "1h"), (Interval.D1, "1D")):
        groups = frame.groupby(moments.floor(name))
        wanted = groups.agg(["mean", "min", "max", "count"])
        wanted["std"] = groups.std(ddof=0)
        assert len(found[interval]) == len(wanted) > 70
        for start, row in wanted.iterrows():
            rollup = found[interval][round(pd.Timestamp(str(start)).timestamp() * 1_000_000)]
            assert (rollup.min, rollup.max, rollup.moments.count) == (row["min"], row["max"], row["count"])
            assert rollup.moments.mean == pytest.approx(row["mean"], rel=1e-13)
            assert rollup.moments.deviation == pytest.approx(row["std"], rel=1e-9, abs=1e-12)
