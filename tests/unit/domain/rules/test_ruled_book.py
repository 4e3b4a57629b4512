"""Alerts against the naive model, however observations are batched and the book is restarted."""

from dataclasses import replace
from decimal import Decimal
from operator import attrgetter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.numbers import read_number
from domain.prices.symbol_book import SymbolBook
from domain.prices.ticks import Ticks
from domain.rules.alert import Alert, AlertChange, alert_id
from domain.rules.condition import AllOf, AnyOf, Level, Move, MoveDirection, Negation, Rate, Stale
from domain.rules.rule import AlertSeverity, Rule
from domain.rules.rule_index import RuleIndex
from domain.rules.ruled_book import RuledBook
from infrastructure.prices.price_format import PriceLogFormat
from infrastructure.rules.rule_format import RuledLogFormat
from support.processing import RULES
from support.rule_model import Seen, events_of

T0_US = 1_700_000_000_000_000
FORMAT = RuledLogFormat(PriceLogFormat())
LEVEL = Rule("lvl", "Level", "prices", ("A",), Level(102.0, None), AlertSeverity.WARNING, cooldown_us=0)


class Market:
    """A book with rules, in its own time."""

    def __init__(self, *rules: Rule) -> None:
        self.now_us = T0_US
        self.rules = RuleIndex()
        for rule in rules:
            self.rules.add(rule)
        self.book = self._new_book()
        self.changes: list[Alert] = []

    def _new_book(self) -> RuledBook:
        return RuledBook(SymbolBook(RULES), self.rules, attrgetter("prices"), lambda: self.now_us)

    def restart(self) -> None:
        """Go on with a new book from what a checkpoint of the old one is as bytes."""
        stored = {key: FORMAT.encode_checkpoint(self.book.checkpoint(key)) for key in self.book.keys()}
        self.book = self._new_book()
        for key, payload in stored.items():
            self.book.restore(key, FORMAT.decode_checkpoint(key, payload))

    def ticks(self, *given: tuple[str, str, int]) -> list[Alert]:
        """Apply a batch of (symbol, price, milliseconds)."""
        symbols, prices, times = zip(*given, strict=True)
        applied = self.book.apply(
            Ticks(list(symbols), list(map(read_number, prices)), [T0_US + ms * 1000 for ms in times])
        )
        assert not applied.troubles
        changes = [update for update in applied.updates if isinstance(update, Alert)]
        self.changes += changes
        return changes

    def at(self, seconds: float) -> list[Alert]:
        """Let the clock reach a moment."""
        self.now_us = T0_US + round(seconds * 1_000_000)
        changes = self.book.advance(self.now_us)
        self.changes += changes
        return changes


NUMBERS = st.sampled_from(("98", "100", "101.5", "102", "102.00000000000000000001", "103", "105"))
# price, how much later it is stamped (ms), how much later it comes, whether it begins a batch, whether a restart does.
STEPS = st.lists(
    st.tuples(
        NUMBERS,
        st.sampled_from((0, 0, 1, 400, 1001, 30_000, -1, -2000)),
        st.sampled_from((0, 0, 700, 3000)),
        st.booleans(),
        st.booleans(),
    ),
    max_size=30,
)
EVENT_TIME = st.sampled_from(
    (Level(102.0, None), Level(102.0, 100.0), Move(Decimal(2), 1_000_000), Negation(Level(101.5, None)))
)
CLOCK = st.sampled_from((Stale(2_500_000, None), Rate(Decimal(1), None, 2), Rate(None, Decimal(1), 3)))
CONDITIONS = (
    EVENT_TIME
    | CLOCK
    | st.builds(lambda a, b: AllOf((a, Negation(b))), EVENT_TIME, CLOCK)
    | st.builds(lambda a, b: AnyOf((a, b)), EVENT_TIME, CLOCK)
)
ANY_RULE = st.builds(
    Rule,
    st.just("r"),
    st.just("R"),
    st.just("prices"),
    st.just(("A",)),
    CONDITIONS,
    st.just(AlertSeverity.INFO),
    st.none() | EVENT_TIME,
    st.sampled_from((0, 1_000_000, 45_000_000)),
)


@given(ANY_RULE, STEPS, st.sampled_from((0, 4000, 90_000)))
def test_alerts_are_those_of_the_model(
    rule: Rule, steps: list[tuple[str, int, int, bool, bool]], silence_ms: int
) -> None:
    market, history, batch = Market(rule), list[Seen](), list[tuple[str, str, int]]()
    stamped_ms, now_us = 0, T0_US
    for price, later_ms, comes_ms, begins, restarts in steps:
        if begins or comes_ms:
            if batch:
                market.ticks(*batch)
            batch = []
            now_us += comes_ms * 1000
            if restarts:
                market.restart()
            market.now_us = now_us
        stamped_ms += later_ms
        batch.append(("A", price, stamped_ms))
        history.append(Seen(Decimal(price), T0_US + stamped_ms * 1000, now_us))
    if batch:
        market.ticks(*batch)
    market.at((now_us - T0_US) / 1e6 + silence_ms / 1e3)
    expected = events_of(rule, history, market.now_us)
    found = [each for each in market.changes if each.change is not AlertChange.REPEATED]
    moments = [(each.change.value, each.raised_us if each.is_open else each.resolved_us) for each in found]
    assert moments == [(kind, at_us) for kind, at_us, _ in expected]
    raised = [
        (each.id, at_us, sequence)
        for each, (kind, at_us, sequence) in zip(found, expected, strict=True)
        if kind == "raised"
    ]
    assert all(own == alert_id("r", 1, "A", sequence, at_us) for own, at_us, sequence in raised)


def test_a_value_that_starts_beyond_a_level_has_crossed_it_once() -> None:
    market = Market(LEVEL)
    first = market.ticks(("A", "105", 0), ("A", "106", 1), ("B", "105", 1))
    assert [(each.key, each.value, each.threshold, each.raised_us) for each in first] == [("A", 105.0, 102.0, T0_US)]
    assert market.ticks(("A", "102", 2))[0].resolved_us == T0_US + 2000
    assert market.ticks(("A", "103", 3))[0].id not in {each.id for each in first}


def test_an_alert_waits_for_its_clear_condition_and_counts_meanwhile() -> None:
    market = Market(replace(LEVEL, clear=Level(None, 100.0)))
    market.ticks(*[("A", price, at) for at, price in enumerate(("103", "101", "103", "101", "104", "99.9"))])
    assert [(each.change.value, each.count) for each in market.changes] == [
        ("raised", 1),
        ("repeated", 2),
        ("repeated", 3),
        ("resolved", 3),
    ]


def test_a_clear_condition_that_remembers_values_sees_those_between_the_lines_too() -> None:
    market = Market(replace(LEVEL, clear=Move(Decimal(1), 2_000_000, MoveDirection.UP)))
    # 101.6 is more than 1 % above 100.5, which the level alone would not have to see.
    market.ticks(("A", "101.9", 0), ("A", "100.5", 500), ("A", "103", 600), ("A", "101.6", 700))
    assert [each.change for each in market.changes] == [AlertChange.RAISED, AlertChange.RESOLVED]


def test_after_the_cool_down_a_condition_that_is_still_true_raises() -> None:
    market = Market(replace(LEVEL, cooldown_us=1_000_000))
    prices = (("103", 0), ("101", 10), ("103", 20), ("104", 999), ("105", 1000))
    market.ticks(*[("A", price, at) for price, at in prices])
    raised = [each for each in market.changes if each.change is AlertChange.RAISED]
    assert [(each.value, each.raised_us - T0_US) for each in raised] == [(103.0, 0), (105.0, 1_000_000)]


def test_an_alert_resolved_by_hand_is_raised_again_only_after_the_condition_was_false() -> None:
    market = Market(LEVEL)
    market.ticks(("A", "103", 0))
    monitor = market.book.monitor("A", "lvl")
    assert monitor is not None
    monitor.release()
    market.restart()
    assert market.ticks(("A", "104", 1), ("A", "101", 2)) == []
    assert [each.value for each in market.ticks(("A", "105", 3))] == [105.0]


def test_a_rule_made_later_is_about_later_observations_only() -> None:
    market = Market()
    market.ticks(("A", "105", 100), ("AB", "105", 0))
    rule = replace(LEVEL, keys=("A*",))
    market.rules.add(rule)
    market.book.add(rule)
    # It knows how far the symbol is in time: a late price is not new.
    assert market.ticks(("A", "106", 50)) == []
    assert {each.key for each in market.ticks(("A", "106", 100), ("AB", "107", 1), ("AC", "108", 0))} == {
        "A",
        "AB",
        "AC",
    }


def test_a_rule_that_goes_resolves_what_it_has_raised() -> None:
    market = Market(LEVEL, replace(LEVEL, id="other"))
    market.ticks(("A", "105", 0))
    market.rules.remove("lvl")
    gone = market.book.remove("lvl", T0_US + 7)
    assert [(each.rule_id, each.change, each.resolved_us) for each in gone] == [
        ("lvl", AlertChange.RESOLVED, T0_US + 7)
    ]
    assert [each.rule_id for each in market.ticks(("A", "1", 1))] == ["other"]


def test_a_changed_rule_does_not_take_over_the_state_of_the_old_one() -> None:
    market = Market(LEVEL)
    market.ticks(("A", "105", 0))
    market.rules.add(replace(LEVEL, revision=2))
    market.restart()
    assert market.book.monitor("A", "lvl") is None


def test_a_forgotten_key_begins_anew() -> None:
    market = Market(LEVEL)
    market.ticks(("A", "105", 5000))
    market.book.forget("A")
    assert [each.change for each in market.ticks(("A", "105", 0))] == [AlertChange.RAISED]


def test_states_without_rules_are_stored_as_before() -> None:
    market = Market()
    market.ticks(("A", "105", 0))
    plain = SymbolBook(RULES)
    plain.apply(Ticks(["A"], [105.0], [T0_US]))
    stored = FORMAT.encode_checkpoint(market.book.checkpoint("A"))
    assert stored == PriceLogFormat().encode_checkpoint(plain.checkpoint("A"))


def test_what_the_book_does_not_take_is_shown_to_no_rule() -> None:
    market = Market(LEVEL)
    applied = market.book.apply(Ticks(["A", "A"], ["bad", 105.0], [T0_US, T0_US]))  # type: ignore[list-item]
    assert len(applied.failures) == 1
    assert [each.value for each in applied.updates if isinstance(each, Alert)] == [105.0]


@pytest.mark.parametrize(
    ("patterns", "key", "matches"),
    [
        (("BTC*",), "BTCUSD", True),
        (("BTC*",), "BTC", True),
        (("BTC*",), "ABTC", False),
        (("*",), "A", True),
        (("A", "B"), "B", True),
        (("A",), "AA", False),
    ],
)
def test_patterns_name_keys(patterns: tuple[str, ...], key: str, matches: bool) -> None:
    rule = replace(LEVEL, keys=patterns)
    index = RuleIndex()
    index.add(rule)
    index.add(replace(rule, id="other", keys=("ZZZ*", "Q")))
    assert rule.is_about(key) is matches
    assert index.of(key) == ([rule] if matches else [])
    index.remove("lvl")
    assert index.of(key) == []
