from hypothesis import given
from hypothesis import strategies as st

from domain.prices.price_update import PriceUpdate
from domain.prices.ticks import Ticks

TICKS = st.lists(
    st.builds(
        PriceUpdate,
        st.sampled_from(["A", "B", "C"]),
        st.sampled_from([1.0, 2.0]),
        st.integers(0, 9),
        st.none() | st.sampled_from([0.5, 1.0]),
        st.none() | st.sampled_from(["x", "y"]),
    ),
    max_size=6,
)


@given(TICKS)
def test_columns_give_back_the_ticks_they_were_made_of(updates: list[PriceUpdate]) -> None:
    ticks = Ticks.of(updates)
    assert list(ticks) == updates
    assert [ticks[at] for at in range(len(ticks))] == updates


@given(TICKS, TICKS)
def test_ticks_behind_others_keep_what_they_have(first: list[PriceUpdate], second: list[PriceUpdate]) -> None:
    ticks = Ticks.of(first)
    ticks.extend(Ticks.of(second))
    assert list(ticks) == first + second


@given(TICKS, st.integers(0, 6), st.integers(0, 6))
def test_part_is_that_of_a_list(updates: list[PriceUpdate], start: int, stop: int) -> None:
    assert list(Ticks.of(updates).part(start, stop)) == updates[start:stop]


@given(TICKS)
def test_ticks_spread_over_places_stay_in_order_and_those_of_no_place_are_left_out(updates: list[PriceUpdate]) -> None:
    places = {"A": 0, "B": 5}
    for each in (updates, [update._replace(volume=None, id=None) for update in updates]):
        spread = Ticks.of(each).spread(places)
        assert {place: list(ticks) for place, ticks in spread.items()} == {
            place: [update for update in each if places.get(update.symbol) == place]
            for place in {places[update.symbol] for update in each if update.symbol in places}
        }


def test_ticks_of_one_place_are_not_copied() -> None:
    ticks = Ticks(["A", "B"], [1.0, 2.0], [1, 2])
    assert ticks.spread({"A": 3, "B": 3}) == {3: ticks}
