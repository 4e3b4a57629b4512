"""Clones of the workers' state."""

from decimal import Decimal

from domain.prices.spike_rule import SpikeRule
from domain.prices.symbol_book import SymbolBook
from domain.prices.symbol_state import StatisticsRules
from domain.prices.ticks import Ticks
from infrastructure.processing.snapshots import Snapshots

RULES = StatisticsRules(64, 1_000_000, SpikeRule(Decimal(2)))


def test_clone_is_the_same_object_until_the_state_changes() -> None:
    book = SymbolBook(RULES)
    snapshots = Snapshots([book])
    assert snapshots.snapshot("A") is None
    book.apply(Ticks(["A"], [1.0], [1]))
    first = snapshots.snapshot("A")
    assert snapshots.snapshot("A") is first
    book.apply(Ticks(["B"], [1.0], [1]))
    assert snapshots.snapshot("A") is first
    book.apply(Ticks(["A"], [2.0], [2]))
    assert (first.current_price, snapshots.snapshot("A").current_price) == (1.0, 2.0)


def test_clone_of_a_symbol_that_was_forgotten_is_not_kept() -> None:
    book = SymbolBook(RULES)
    snapshots = Snapshots([book])
    book.apply(Ticks(["A"], [1.0], [1]))
    assert snapshots.snapshot("A").current_price == 1.0
    book.forget("A")
    snapshots.forget()
    assert snapshots.snapshot("A") is None
    assert "A" not in snapshots
    book.apply(Ticks(["A"], [3.0], [1]))
    assert snapshots.snapshot("A").current_price == 3.0
