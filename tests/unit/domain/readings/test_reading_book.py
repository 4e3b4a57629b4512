"""The book of readings, its columns and its keys."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.readings.reading import Quality, Reading
from domain.readings.reading_book import ReadingBook
from domain.readings.readings import Readings
from domain.readings.sensor_key import (
    InvalidMachine,
    InvalidSensor,
    is_sensor_key,
    names_of,
    normalise_machine,
    normalise_sensor,
    sensor_key,
)
from domain.symbol import normalise_symbol
from infrastructure.readings.reading_format import ReadingLogFormat

readings = st.builds(
    Reading,
    st.sampled_from(["A/T", "A/V", "B/T"]),
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(0, 2**53),
    st.sampled_from(Quality),
    st.none() | st.just("°C"),
    st.none() | st.text(min_size=1, max_size=5),
)
batches = st.lists(readings, max_size=20)


@given(batches)
def test_columns_return_what_they_were_made_of(given_readings: list[Reading]) -> None:
    assert list(Readings.of(given_readings)) == given_readings


@given(batches, batches, st.data())
def test_columns_are_cut_joined_and_spread_like_lists(
    one: list[Reading], other: list[Reading], data: st.DataObject
) -> None:
    columns = Readings.of(one)
    columns.extend(Readings.of(other))
    together = one + other
    assert list(columns) == together
    stop = data.draw(st.integers(0, len(together)))
    start = data.draw(st.integers(0, stop))
    assert list(columns.part(start, stop)) == together[start:stop]
    out = data.draw(st.sets(st.integers(0, max(len(together) - 1, 0))))
    assert list(columns.without(out)) == [each for at, each in enumerate(together) if at not in out]
    lines = columns.spread({"A/T": 0, "A/V": 0, "B/T": 1})
    assert {place: list(line) for place, line in lines.items()} == {
        place: own
        for place, machine in ((0, "A"), (1, "B"))
        if (own := [each for each in together if each.key.startswith(machine)])
    }


@given(batches.filter(len))
def test_log_returns_what_was_written(given_readings: list[Reading]) -> None:
    form, columns = ReadingLogFormat(), Readings.of(given_readings)
    names = list(dict.fromkeys(columns.keys))
    assert list(form.decode(form.encode(names, [names.index(key) for key in columns.keys], columns))) == given_readings
    book = ReadingBook(5)
    book.apply(columns)
    for key in book.keys():
        checkpoint = book.checkpoint(key)
        assert form.decode_checkpoint(key, form.encode_checkpoint(checkpoint)) == checkpoint


def test_reading_that_fails_ends_nothing() -> None:
    book = ReadingBook(5)
    poison = Readings(["A/T", "B/T", "A/T"], [1.0, "x", 2.0], [1, 2, 3])  # type: ignore[list-item]
    applied = book.apply(poison)
    assert (applied.processed, [key for key, _ in applied.failures]) == (2, ["B/T"])
    assert (list(book.keys()), book.update_count("A/T"), book.newest_us("A/T")) == (["A/T"], 2, 3)


def test_key_is_in_capitals_and_the_type_in_small_letters() -> None:
    assert sensor_key(" cnc-001 ", "Temperature") == "CNC-001/TEMPERATURE"
    assert names_of("CNC-001/TEMPERATURE") == ("CNC-001", "temperature")
    assert (normalise_machine("a"), normalise_sensor("A")) == ("A", "a")


@pytest.mark.parametrize("name", ["", " ", "a/b", "ä", "a b", "x" * 63, "a\n/"])
def test_bad_names_are_refused(name: str) -> None:
    with pytest.raises(InvalidMachine):
        sensor_key(name, "t")
    with pytest.raises(InvalidSensor):
        sensor_key("m", name)


@given(st.text(max_size=40), st.text(max_size=40))
def test_every_key_is_a_symbol_and_known_as_a_key(machine: str, sensor: str) -> None:
    try:
        key = sensor_key(machine, sensor)
    except (InvalidMachine, InvalidSensor):
        return
    assert normalise_symbol(key) == key
    assert is_sensor_key(key)
    assert names_of(key) == (normalise_machine(machine), normalise_sensor(sensor))


@pytest.mark.parametrize("key", ["", "A", "A/", "/T", "A/B/C", "a/T", "A/" + "T" * 63])
def test_other_keys_are_none(key: str) -> None:
    assert not is_sensor_key(key)
