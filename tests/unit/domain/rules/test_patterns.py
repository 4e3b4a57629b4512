"""Patterns of keys: names, prefixes and endings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.errors import ValidationFailed
from application.rules.limits import check_keys, may_see
from application.rules.rule_reading import RuleReader
from domain.rules.condition import Level
from domain.rules.rule import AlertSeverity, Rule, covers
from domain.rules.rule_index import RuleIndex

READER = RuleReader({"readings": ()}, ())


def rule(rule_id: str, *keys: str) -> Rule:
    return Rule(rule_id, rule_id, "readings", keys, Level(1.0, None), AlertSeverity.INFO)


def read(*keys: str) -> tuple[str, ...]:
    given_rule = {"name": "r", "subject": "readings", "keys": list(keys), "condition": {"level": {"above": 1}}}
    return READER.read(given_rule, "r").keys


@pytest.mark.parametrize(
    ("pattern", "key", "matches"),
    [
        ("A/T", "A/T", True),
        ("A/T", "A/TEMP", False),
        ("A*", "A/T", True),
        ("*/T", "A/T", True),
        ("*/T", "A/TT", False),
        ("*/T", "/T", True),
        ("*", "A/T", True),
        ("*A/T", "A/T", True),
        ("*BA/T", "A/T", False),
    ],
)
def test_pattern_matches_from_the_start_to_the_end_or_the_other_way_round(
    pattern: str, key: str, matches: bool
) -> None:
    assert covers(pattern, key) is matches
    index = RuleIndex()
    index.add(rule("r", pattern))
    assert bool(index.of(key)) is matches


names = st.text("AB/T", max_size=4)


@given(
    st.dictionaries(
        st.text("rstu", min_size=1, max_size=2),
        st.one_of(names.filter(len), names.map(lambda name: f"{name}*"), names.map(lambda name: f"*{name}")),
        max_size=6,
    ),
    names,
)
def test_index_finds_what_is_about_a_key_and_nothing_else(patterns: dict[str, str], key: str) -> None:
    rules = [rule(rule_id, pattern) for rule_id, pattern in patterns.items()]
    index = RuleIndex()
    for each in rules:
        index.add(each)
    for gone in rules[::2]:
        index.remove(gone.id)
    assert [each.id for each in index.of(key)] == sorted(each.id for each in rules[1::2] if each.is_about(key))


def test_patterns_are_read_in_capitals() -> None:
    assert read(" cnc-1/temperature ", "*/temp", "cnc*", "*") == ("CNC-1/TEMPERATURE", "*/TEMP", "CNC*", "*")
    for bad in ("", "*a*", "a*b", "**"):
        with pytest.raises(ValidationFailed):
            read(bad)


def test_ending_is_within_no_prefix_and_may_be_about_any() -> None:
    with pytest.raises(ValidationFailed):
        check_keys(rule("r", "*/T"), ["A"])
    assert may_see(rule("r", "*/T"), ["A"])
    assert not may_see(rule("r", "B/T"), ["A"])
