from hypothesis import given
from hypothesis import strategies as st

from domain.columns import grouped, joined, numbered, picked, present, span

KEYS = st.lists(st.sampled_from("ABC"), max_size=20)


@given(KEYS)
def test_numbered_keys_are_the_keys(keys: list[str]) -> None:
    names, places = numbered(keys)
    assert [names[place] for place in places] == keys
    assert names == list(dict.fromkeys(keys))


@given(st.lists(st.integers(-(2**62), 2**62), min_size=1))
def test_span_is_the_earliest_and_the_latest(times_us: list[int]) -> None:
    assert span(times_us) == (min(times_us), max(times_us))


@given(st.lists(st.sampled_from("ABC?")))
def test_every_position_is_in_the_group_of_its_place_in_order(keys: list[str]) -> None:
    places = {"A": 0, "B": 1, "C": 0}
    groups = dict(grouped(keys, places))
    assert groups == {
        places[key]: [at for at, each in enumerate(keys) if places.get(each) == places[key]]
        for key in keys
        if key in places
    }


def test_a_missing_column_stands_for_as_many_nones() -> None:
    assert joined(None, 2, None, 1) is None
    assert joined(None, 2, ["x"], 1) == [None, None, "x"]
    assert joined(["x"], 1, None, 2) == ["x", None, None]
    assert joined(["x"], 1, ["y"], 1) == ["x", "y"]
    assert picked(None, [0, 1]) is None
    assert picked(["x", "y", "z"], [2, 0]) == ["z", "x"]
    assert present([None, None]) is None
    assert present([None, 1]) == [None, 1]
