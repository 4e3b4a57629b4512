from operator import attrgetter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rules.alert import Alert, AlertChange
from domain.rules.condition import Level
from domain.rules.rule import AlertSeverity, Rule
from domain.rules.rule_index import RuleIndex
from domain.rules.ruled_book import RuledBook
from domain.trades.trade import Side, Trade
from domain.trades.trade_book import TradeBook
from domain.trades.trade_totals import TradeTotals
from domain.trades.trades import Trades

T0 = 1_769_860_800_000_000

some_trades = st.lists(
    st.builds(
        Trade,
        st.sampled_from("ABC"),
        st.sampled_from(Side),
        st.floats(0, 1e6),
        st.integers(T0, T0 + 100),
        st.none() | st.floats(1, 10),
        st.none() | st.just("XNAS"),
        st.none() | st.text(min_size=1, max_size=3),
        st.none() | st.integers(-5, 5),
    ),
    max_size=20,
)


@given(some_trades, some_trades)
def test_columns_hold_what_a_list_would(first: list[Trade], second: list[Trade]) -> None:
    trades = Trades.of(first)
    trades.extend(Trades.of(second))
    both = [*first, *second]
    assert list(trades) == both
    assert list(trades.part(1, 5)) == both[1:5]
    assert list(trades.without({0, 2})) == [each for at, each in enumerate(both) if at not in (0, 2)]
    spread = trades.spread({"A": 0, "B": 1})
    assert {place: list(line) for place, line in spread.items()} == {
        place: own for place, name in enumerate("AB") if (own := [each for each in both if each.symbol == name])
    }


def test_trade_that_cannot_be_applied_ends_nothing() -> None:
    broken: Any = "broken"
    book = TradeBook(10, TradeTotals())
    applied = book.apply(Trades(["A", "B", "A"], [True] * 3, [1.0, broken, 2.0], [T0] * 3))
    assert [key for key, _ in applied.failures] == ["B"]
    assert applied.processed == 2
    found = book.snapshot("A")
    assert found is not None
    assert found.trade_count == 2
    assert "B" not in book


def test_totals_are_over_all_symbols_and_never_fall() -> None:
    totals = TradeTotals()
    book = TradeBook(10, totals)
    book.apply(Trades(["A", "B"], [True, False], [1.5, 2.5], [T0, T0 + 1]))
    book.forget("A")
    assert (totals.buy_count, totals.sell_count, totals.newest_us) == (1, 1, T0 + 1)
    assert (float(totals.bought.value), float(totals.sold.value)) == (1.5, 2.5)
    assert list(book.keys()) == ["B"]


def test_figures_are_those_after_each_trade_of_the_keys_that_are_watched() -> None:
    book = TradeBook(10, TradeTotals())
    watched: set[str] = set()
    assert book.publish_figures(watched)
    assert book.apply(Trades(["A"], [True], [3.0], [T0])).figures_at is None
    watched.add("A")
    assert book.apply(Trades(["B"], [True], [3.0], [T0])).figures_at is None
    trades = Trades(["A", "B", "A"], [False] * 3, [1.0, 2.0, 2.0], [T0] * 3, latencies_us=[250, 7, None])
    figures_at = book.apply(trades).figures_at
    assert figures_at is not None
    assert [figures_at(at).get("imbalance") for at in range(3)] == [0.5, None, 0.0]
    assert [figures_at(at).get("latency") for at in range(3)] == [250.0, 7.0, None]
    figures_at = book.apply(Trades(["A"], [True], [6.0], [T0])).figures_at
    assert figures_at is not None
    assert figures_at(0) == {"imbalance": 0.5, "latency": None}


@pytest.mark.parametrize("batch", [1, 2])
def test_rules_see_the_figures_of_the_first_trades_of_a_symbol_too(batch: int) -> None:
    index = RuleIndex()
    index.add(Rule("r", "R", "trades", ("*",), Level(0.9, None, "imbalance"), AlertSeverity.INFO, cooldown_us=0))
    book = RuledBook(TradeBook(10, TradeTotals()), index, attrgetter("quantities"), lambda: T0)
    sides = [True, False]
    changes = []
    for start in range(0, len(sides), batch):
        applied = book.apply(Trades(["A"] * batch, sides[start : start + batch], [1.0] * batch, [T0] * batch))
        changes += [update.change for update in applied.updates if isinstance(update, Alert)]
    assert changes == [AlertChange.RAISED, AlertChange.RESOLVED]
