import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.sliding_window import SlidingWindow

# Few values, so that ties and repeats of times and prices are common.
TICKS = st.lists(st.tuples(st.integers(0, 60), st.sampled_from([1.0, 2.0, 3.0, 4.0, 5.0])), min_size=1, max_size=80)


def filled(*ticks: tuple[int, float], width_us: int = 10) -> SlidingWindow:
    window = SlidingWindow(width_us, 1)
    for time_us, price in ticks:
        if time_us < window.newest_us:
            window.insert_late(price, time_us)
        else:
            window.add_to_window(price, time_us)
    return window


def test_sample_exactly_one_window_old_still_counts() -> None:
    window = filled((0, 1.0), (10, 5.0))
    assert (window.lowest, window.highest) == (1.0, 5.0)


def test_sample_older_than_the_window_is_gone() -> None:
    window = filled((0, 1.0), (11, 5.0))
    assert (window.lowest, window.highest) == (5.0, 5.0)


def test_late_sample_joins_at_its_own_time_and_leaves_by_it() -> None:
    window = filled((0, 3.0), (8, 3.0), (2, 1.0))
    assert window.lowest == 1.0
    window.add_to_window(3.0, 12)
    assert window.lowest == 1.0
    window.add_to_window(3.0, 13)
    assert window.lowest == 3.0


def test_late_sample_that_fell_out_of_the_window_is_ignored() -> None:
    window = filled((0, 3.0), (20, 3.0), (9, 1.0))
    assert (window.lowest, window.highest) == (3.0, 3.0)


def test_window_of_no_width_holds_the_samples_of_one_moment() -> None:
    window = filled((5, 1.0), (5, 2.0), width_us=0)
    assert (window.lowest, window.highest) == (1.0, 2.0)
    window.add_to_window(3.0, 6)
    assert (window.lowest, window.highest) == (3.0, 3.0)


@pytest.mark.parametrize("prices", [range(1, 5000), range(5000, 1, -1)], ids=["rising", "falling"])
def test_clock_that_stands_still_fills_no_memory(prices: range) -> None:
    window = filled((0, 2500.5), (10, 2500.5))
    for price in prices:
        window.add_to_window(float(price), 10)
        window.insert_late(float(price), 5)
    lows, highs = window.candidates()
    assert len(lows) + len(highs) <= 6
    assert (window.lowest, window.highest) == (float(min(prices)), float(max(prices)))


@given(TICKS, st.integers(0, 20))
def test_extremes_are_those_of_a_plain_list_in_any_order_of_arrival(ticks: list[tuple[int, float]], width: int) -> None:
    window = SlidingWindow(width, 1)
    newest = -1
    for count, (time_us, price) in enumerate(ticks, start=1):
        if time_us < newest:
            window.insert_late(price, time_us)
        else:
            newest = time_us
            window.add_to_window(price, time_us)
        inside = [price for time, price in ticks[:count] if newest - width <= time <= newest]
        assert (window.lowest, window.highest) == (min(inside), max(inside))


@pytest.mark.parametrize("prices", [range(1, 2001), range(2000, 0, -1)], ids=["rising", "falling"])
def test_long_runs_keep_only_what_is_inside(prices: range) -> None:
    window = SlidingWindow(100, 1)
    for time_us, price in enumerate(prices):
        window.add_to_window(float(price), time_us)
    lows, highs = window.candidates()
    assert len(lows) + len(highs) <= 102
    assert {window.lowest, window.highest} == {float(prices[-1]), float(prices[-101])}
