from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.numbers import Number, read_number, written
from domain.prices.price_anomaly import PriceAnomaly
from domain.prices.price_update import PriceUpdate
from domain.prices.spike_rule import SpikeRule
from domain.prices.symbol_book import SymbolBook
from domain.prices.symbol_state import StatisticsRules
from domain.prices.ticks import Ticks
from support.reference import ReferenceSymbol

RULES = StatisticsRules(moving_average_size=5, window_us=1000, spike=SpikeRule(Decimal("2.0")))

TIMES = st.integers(0, 6000)
NARROW = st.sampled_from(["100", "101", "102", "102.00000000001", "99.96", "97.9608", "0.1", "0.102", "104.04"])
WIDE = st.sampled_from(["100.00000000000000000001", "102.0000000000000000001", "99.9999999999999999999"])


def book_of(ticks: list[tuple[str, int]]) -> tuple[SymbolBook, list[PriceAnomaly]]:
    book = SymbolBook(RULES)
    applied = book.apply(Ticks.of([PriceUpdate("A", read_number(price), time_us) for price, time_us in ticks]))
    assert not applied.failures
    return book, applied.events


def assert_equals_reference(ticks: list[tuple[str, int]]) -> None:
    reference = ReferenceSymbol(window_us=1000, average_size=5)
    for price, time_us in ticks:
        reference.take(price, time_us)
    book, anomalies = book_of(ticks)
    snapshot = book.snapshot("A")
    assert snapshot is not None
    assert snapshot.update_count == len(ticks)
    assert snapshot.late_count == reference.late
    assert exact(snapshot.min_price) == reference.lowest
    assert exact(snapshot.max_price) == reference.highest
    assert (exact(snapshot.current_price), snapshot.last_update_us) == reference.current
    assert abs(Fraction(snapshot.moving_average) - reference.average) <= reference.average * Fraction(1, 10**12)
    assert snapshot.anomaly_count == len(reference.spikes)
    assert [
        (each.direction.value, exact(each.reference_price), exact(each.new_price), each.detected_at_us, each.sequence)
        for each in anomalies
    ] == [(each.direction, each.reference, each.price, each.time_us, each.sequence) for each in reference.spikes]


def exact(price: Number) -> Fraction:
    return Fraction(written(price))


@given(st.lists(st.tuples(NARROW, TIMES), min_size=1, max_size=60))
def test_statistics_and_spikes_equal_the_reference(ticks: list[tuple[str, int]]) -> None:
    assert_equals_reference(ticks)


@given(st.lists(st.tuples(NARROW | WIDE, TIMES), min_size=1, max_size=60))
def test_prices_with_more_digits_than_a_float_are_no_different(ticks: list[tuple[str, int]]) -> None:
    assert_equals_reference(ticks)


@given(st.lists(st.tuples(NARROW | WIDE, st.integers(0, 300)), min_size=1, max_size=60))
def test_a_window_that_holds_everything_equals_the_reference(ticks: list[tuple[str, int]]) -> None:
    assert_equals_reference(ticks)


def test_one_tick_can_be_a_spike_both_ways() -> None:
    _, anomalies = book_of([("100", 0), ("110", 1), ("105", 2)])
    assert [(each.direction.value, each.reference_price) for each in anomalies] == [
        ("up", 100.0),
        ("up", 100.0),
        ("down", 110.0),
    ]


def test_late_tick_is_counted_and_never_a_spike_itself() -> None:
    book, anomalies = book_of([("100", 500), ("150", 499)])
    snapshot = book.snapshot("A")
    assert snapshot is not None
    assert (snapshot.late_count, snapshot.update_count, snapshot.max_price) == (1, 2, 150.0)
    assert (snapshot.current_price, snapshot.last_update_us) == (100.0, 500)
    assert anomalies == []


def test_late_tick_is_what_a_later_one_is_compared_with() -> None:
    _, anomalies = book_of([("100", 500), ("90", 400), ("100", 600)])
    assert [(each.direction.value, each.reference_price) for each in anomalies] == [("up", 90.0)]


def test_of_equal_timestamps_the_later_arrival_is_current() -> None:
    book, _ = book_of([("100", 5), ("101", 5)])
    snapshot = book.snapshot("A")
    assert snapshot is not None
    assert snapshot.current_price == 101.0


@pytest.mark.parametrize("price", ["0.1", "1.7976931348623157e308"])
def test_mean_of_equal_prices_is_that_price(price: str) -> None:
    book, _ = book_of([(price, time_us) for time_us in range(7)])
    snapshot = book.snapshot("A")
    assert snapshot is not None
    assert snapshot.moving_average == float(price)


def test_snapshot_is_a_clone_that_later_ticks_do_not_change() -> None:
    book, _ = book_of([("100", 0)])
    before = book.snapshot("A")
    book.apply(Ticks.of([PriceUpdate("A", 200.0, 1)]))
    assert before is not None
    assert (before.update_count, before.current_price) == (1, 100.0)


@pytest.mark.parametrize(("price", "time_us"), [("x", 0), (100.0, None)], ids=["price", "timestamp"])
@pytest.mark.parametrize("known", [True, False])
def test_tick_that_cannot_be_applied_ends_nothing_and_changes_nothing(price: Any, time_us: Any, known: bool) -> None:
    book = SymbolBook(RULES)
    good = PriceUpdate("A", 100.0, 0)
    if known:
        book.apply(Ticks.of([good]))
    before = book.snapshot("A")
    applied = book.apply(Ticks(["A", "B"], [price, 100.0], [time_us, 0]))
    assert [symbol for symbol, _ in applied.failures] == ["A"]
    assert (applied.processed, book.snapshot("A")) == (1, before)
    assert book.apply(Ticks.of([good])).processed == 1
