from dataclasses import replace
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from domain.prices.price_update import PriceUpdate
from domain.prices.spike_rule import SpikeRule
from domain.prices.symbol_book import SymbolBook
from domain.prices.symbol_state import StatisticsRules
from domain.prices.ticks import Ticks

RULES = StatisticsRules(moving_average_size=5, window_us=1000, spike=SpikeRule(Decimal("2.0")))
PRICES = st.sampled_from([100.0, 101.0, 102.0, 103.0, 97.0, 99.0])
WIDE = st.sampled_from([Decimal("102.00000000000000000001"), Decimal("98.00000000000000000001")])
LIFE = st.lists(st.tuples(PRICES | WIDE | PRICES | PRICES, st.integers(-300, 1500)), min_size=1, max_size=60)


def ticks_of(life: list[tuple[Any, int]]) -> Ticks:
    """Steps in time, most of them forward, as ticks."""
    now = 10_000
    updates = []
    for price, step in life:
        now += step
        updates.append(PriceUpdate("A", price, now))
    return Ticks.of(updates)


@given(LIFE, st.integers(1, 60))
def test_a_state_given_back_goes_on_as_if_nothing_had_happened(life: list[tuple[Any, int]], cut: int) -> None:
    ticks = ticks_of(life)
    unbroken = SymbolBook(RULES)
    before = SymbolBook(RULES)
    expected = unbroken.apply(ticks).events
    found = before.apply(ticks.part(0, cut)).events
    after = SymbolBook(RULES)
    after.restore("A", before.checkpoint("A"))
    found += after.apply(ticks.part(cut, len(ticks))).events
    assert found == expected
    assert after.snapshot("A") == unbroken.snapshot("A")


def test_a_moving_average_of_another_size_starts_from_the_mean() -> None:
    before = SymbolBook(RULES)
    before.apply(ticks_of([(100.0, 1), (102.0, 1)]))
    after = SymbolBook(replace(RULES, moving_average_size=2))
    after.restore("A", before.checkpoint("A"))
    after.apply(ticks_of([(103.0, 10)]))
    statistics = after.snapshot("A")
    assert statistics is not None
    assert (statistics.moving_average, statistics.update_count) == (102.0, 3)


def test_places_of_anomalies_point_at_their_ticks() -> None:
    applied = SymbolBook(RULES).apply(ticks_of([(100.0, 1), (101.0, 1), (103.0, 1), (99.0, 1)]))
    assert applied.places == [2, 3]
    assert [anomaly.new_price for anomaly in applied.events] == [103.0, 99.0]
