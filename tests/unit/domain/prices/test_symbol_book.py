from decimal import Decimal
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.numbers import Number
from domain.prices.spike_rule import SpikeRule
from domain.prices.symbol_book import SymbolBook
from domain.prices.symbol_state import StatisticsRules
from domain.prices.ticks import Ticks

RULES = StatisticsRules(moving_average_size=5, window_us=1000, spike=SpikeRule(Decimal("2.0")))
# So many that the book looks up the states of a batch before it applies the first tick.
OTHERS = [f"OTHER{i}" for i in range(2500)]
WIDE = Decimal("100.1234567890123456789")
BATCHES = st.lists(
    st.lists(
        st.tuples(st.sampled_from("ABC"), st.sampled_from([98.0, 100.0, 100.5, 103.0, WIDE]), st.integers(0, 5000)),
        min_size=1,
        max_size=20,
    ),
    max_size=5,
)


def book_of_many() -> SymbolBook:
    book = SymbolBook(RULES)
    book.apply(Ticks(OTHERS, [100.0] * len(OTHERS), [0] * len(OTHERS)))
    return book


def ticks(*rows: tuple[str, Number, int]) -> Ticks:
    return Ticks([row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows])


@settings(max_examples=50)
@given(BATCHES)
def test_a_book_of_many_symbols_does_what_a_small_one_does(batches: list[list[tuple[str, Number, int]]]) -> None:
    small, large = SymbolBook(RULES), book_of_many()
    for rows in batches:
        assert large.apply(ticks(*rows)) == small.apply(ticks(*rows))
    for symbol in small.keys():
        assert large.checkpoint(symbol) == small.checkpoint(symbol)


def test_a_symbol_that_widens_within_a_batch_goes_on_as_a_wide_one() -> None:
    book = book_of_many()
    symbol = OTHERS[7]
    book.apply(ticks((symbol, 100.0, 1), (symbol, WIDE, 2), (symbol, 99.5, 3), (OTHERS[8], 100.5, 3)))
    snapshot = book.snapshot(symbol)
    assert snapshot is not None
    assert (snapshot.update_count, snapshot.current_price, snapshot.max_price) == (4, 99.5, WIDE)
    assert book.update_count(OTHERS[8]) == 2


@pytest.mark.parametrize("make", [book_of_many, lambda: SymbolBook(RULES)], ids=["many", "few"])
def test_what_is_no_symbol_fails_alone(make: Any) -> None:
    book = make()
    no_symbol = cast("str", [])
    applied = book.apply(ticks(("A", 100.0, 1), (no_symbol, 100.0, 2), ("A", 101.0, 3)))
    assert applied.processed == 2
    assert [failed for failed, _ in applied.failures] == [no_symbol]
    assert book.update_count("A") == 2
