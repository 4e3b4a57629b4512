"""Whoever takes a partition over raises the alerts that one owner would: the same, with the same ids, once each."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.columns import numbered
from domain.prices.ticks import Ticks
from domain.rules.alert import Alert, AlertChange
from domain.rules.condition import Level, Negation, Stale
from domain.rules.rule import ALL_KEYS, AlertSeverity, Rule
from infrastructure.cluster.partition_state import Entry, LogRecord, PartitionState, latest
from infrastructure.cluster.pending_history import PendingHistory
from infrastructure.cluster.records import (
    ALERT_CHANGED,
    FORGET,
    FORGOTTEN,
    KEY,
    MOMENT,
    OWN_RULES,
    POSITION,
    RULES_CHANGED,
    STATES,
    RuleRecord,
    RulesRecord,
    pack,
)
from infrastructure.cluster.records import AlertChange as Change
from infrastructure.rules.rule_format import packed_alert, packed_rule
from infrastructure.storage.payloads import Corrupt
from support.batches import tick
from support.clusters import SUBJECT

SECOND = 1_000_000
HIGH = Rule(
    id="high",
    name="High",
    subject="prices",
    keys=(ALL_KEYS,),
    condition=Level(Decimal(102), None),
    severity=AlertSeverity.WARNING,
)
SILENT = Rule(
    id="silent",
    name="Silent",
    subject="prices",
    keys=("A*",),
    condition=Stale(5 * SECOND, None),
    severity=AlertSeverity.WARNING,
)


def ticks(offset: int, *of_record: Any, at_us: int = 0) -> LogRecord:
    columns = Ticks.of(of_record)
    return LogRecord(offset, at_us, SUBJECT.log.encode(*numbered(columns.keys), columns))


def rules(offset: int, *changes: tuple[int, Rule | str], at_us: int = 0) -> LogRecord:
    """Changes of rules by their versions; one that is named is removed."""
    found = [
        (version, RuleRecord(rule))
        if isinstance(rule, str)
        else (version, RuleRecord(rule.id, rule.subject, rule.revision, packed_rule(rule)))
        for version, rule in changes
    ]
    return LogRecord(offset, at_us, pack(RulesRecord(max(version for version, _ in changes), found)), RULES_CHANGED)


def moment(offset: int, at_us: int) -> LogRecord:
    return LogRecord(offset, at_us, b"", MOMENT)


def new_state() -> PartitionState:
    return PartitionState(SUBJECT, 0, 100, 5, 10.0, PendingHistory(SUBJECT))


@dataclass
class Published:
    """What an owner has written."""

    states: list[Entry] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)
    stored: list[Alert] = field(default_factory=list)
    checkpoints: list[Entry] = field(default_factory=list)
    upto: int = 0

    def flush(self, state: PartitionState, checkpoint: bool = False) -> None:
        states, events = state.publication()
        self.states += states
        for name, value in events:
            if not name.startswith(FORGOTTEN):
                event = SUBJECT.public.decode_event(name.decode(), value or b"")
                self.alerts += [event] if isinstance(event, Alert) else []
        self.checkpoints.append((POSITION, b"%d" % state.offset))
        if checkpoint:
            self.store(state)
            self.checkpoints += state.checkpoint()

    def store(self, state: PartitionState) -> None:
        """Add to the history, and die before anything else."""
        assert state.history is not None
        parts = state.history.parts()
        self.stored += [each.event for part in parts for each in part.events if isinstance(each.event, Alert)]
        self.upto = max(state.offset, self.upto)
        state.history.added(len(parts), self.upto)

    def successor(self) -> PartitionState:
        state = new_state()
        state.restore(latest(self.checkpoints))
        assert state.history is not None
        state.history.upto = self.upto
        return state


def after(*records: LogRecord) -> Published:
    state, published = new_state(), Published()
    state.apply(records)
    published.flush(state, checkpoint=True)
    return published


def changes(alerts: Sequence[Alert]) -> list[tuple[str, str, AlertChange]]:
    return [(each.rule_id, each.key, each.change) for each in alerts]


def test_a_rule_is_about_what_comes_behind_it() -> None:
    published = after(
        ticks(0, tick("A", 105.0, 0)),
        rules(1, (1, HIGH)),
        ticks(2, tick("A", 106.0, 1), tick("B", 100.0, 1)),
        ticks(3, tick("A", 101.0, 2)),
    )
    assert changes(published.alerts) == [("high", "A", AlertChange.RAISED), ("high", "A", AlertChange.RESOLVED)]
    assert published.stored == published.alerts


def test_readers_see_which_rules_have_open_alerts() -> None:
    state, published = new_state(), Published()
    state.apply([rules(0, (1, HIGH)), ticks(1, tick("A", 105.0, 0), tick("B", 1.0, 0))])
    published.flush(state)
    found = {key[len(KEY) :]: STATES.decode(value or b"").alerting for key, value in published.states}
    assert found == {b"A": ["high"], b"B": []}
    state.apply([rules(2, (2, "high"))])
    published.flush(state)
    assert STATES.decode(latest(published.states)[KEY + b"A"]).alerting == []
    assert changes(published.alerts)[-1] == ("high", "A", AlertChange.RESOLVED)


def test_changes_that_are_in_force_already_are_skipped() -> None:
    state = new_state()
    state.apply([rules(0, (3, HIGH)), rules(1, (2, "high")), rules(2, (3, "high"), (4, SILENT))])
    assert state.rules is not None
    assert state.rules.version == 4
    state.apply([ticks(3, tick("A", 105.0, 0))])
    assert state.rules.alerting("A") == ["high"]


def test_a_rule_that_only_a_newer_version_can_read_is_not_in_force_and_nothing_else_fails() -> None:
    state = new_state()
    unknown = RuleRecord("odd", "prices", 1, pack({"id": "odd", "condition": {"type": "prophecy"}, "notify": []}))
    state.apply([LogRecord(0, 0, pack(RulesRecord(1, [(1, unknown)])), RULES_CHANGED), rules(1, (2, HIGH))])
    state.apply([ticks(2, tick("A", 105.0, 0))])
    assert state.rules is not None
    assert state.rules.alerting("A") == ["high"]


def test_what_is_due_between_observations_is_found_at_a_moment() -> None:
    state, published = new_state(), Published()
    state.apply([rules(0, (1, SILENT)), ticks(1, tick("A", 1.0, 0), at_us=SECOND)])
    assert state.rules is not None
    assert state.rules.book.next_moment_us() == 6 * SECOND
    state.apply([moment(2, 5 * SECOND), moment(3, 9 * SECOND)])
    published.flush(state)
    (alert,) = published.alerts
    # When it was due, not when somebody looked.
    assert (alert.rule_id, alert.raised_us) == ("silent", 6 * SECOND)
    state.apply([ticks(4, tick("A", 1.0, 1), at_us=10 * SECOND)])
    published.flush(state)
    assert changes(published.alerts)[-1] == ("silent", "A", AlertChange.RESOLVED)


def test_somebody_acknowledges_and_resolves_an_alert_once() -> None:
    state, published = new_state(), Published()
    state.apply([rules(0, (1, HIGH)), ticks(1, tick("A", 105.0, 0))])
    published.flush(state)
    alert = packed_alert(published.alerts[0])
    acknowledge, resolve = (pack(Change(alert, 7, "ann", resolves)) for resolves in (False, True))
    state.apply(
        [
            LogRecord(2, 0, acknowledge, ALERT_CHANGED),
            LogRecord(3, 0, resolve, ALERT_CHANGED),
            LogRecord(4, 0, resolve, ALERT_CHANGED),
            # It is not raised again before its condition was false.
            ticks(5, tick("A", 106.0, 1)),
        ]
    )
    published.flush(state)
    assert changes(published.alerts) == [
        ("high", "A", each) for each in (AlertChange.RAISED, AlertChange.ACKNOWLEDGED, AlertChange.RESOLVED)
    ]
    assert (published.alerts[1].acknowledged_by, published.alerts[2].resolved_us) == ("ann", 7)


def opened(rule: Rule = HIGH) -> tuple[PartitionState, Published, Alert]:
    """A partition with an open alert, published and in a checkpoint."""
    state, published = new_state(), Published()
    state.apply([rules(0, (1, rule)), ticks(1, tick("A", 105.0, 0), at_us=SECOND), moment(2, 9 * SECOND)])
    published.flush(state, checkpoint=True)
    return state, published, published.alerts[-1]


def change(offset: int, alert: Alert, resolves: bool, by: str = "ann") -> LogRecord:
    return LogRecord(offset, 0, pack(Change(packed_alert(alert), 7, by, resolves)), ALERT_CHANGED)


def test_an_alert_that_a_moment_has_raised_is_in_the_checkpoint() -> None:
    state, published = new_state(), Published()
    state.apply([rules(0, (1, SILENT)), ticks(1, tick("A", 1.0, 0), at_us=SECOND)])
    published.flush(state, checkpoint=True)
    state.apply([moment(2, 9 * SECOND)])
    published.flush(state, checkpoint=True)
    state = published.successor()
    assert state.rules is not None
    assert state.rules.alerting("A") == ["silent"]
    state.apply([ticks(3, tick("A", 1.0, 1), at_us=10 * SECOND)])
    published.flush(state)
    assert changes(published.alerts) == [("silent", "A", each) for each in (AlertChange.RAISED, AlertChange.RESOLVED)]


def test_what_a_rule_knows_of_a_key_that_does_not_change_is_in_the_checkpoint() -> None:
    state, published = new_state(), Published()
    state.apply([ticks(0, tick("A", 105.0, 0))])
    published.flush(state, checkpoint=True)
    state.apply([rules(1, (1, HIGH))])
    published.flush(state, checkpoint=True)
    state = published.successor()
    state.apply([ticks(2, tick("A", 105.0, 1))])
    assert state.rules is not None
    assert state.rules.alerting("A") == ["high"]


@pytest.mark.parametrize("kind", ["moment", "hand", "rule"])
def test_alerts_that_come_of_no_observation_are_published_and_stored_once(kind: str) -> None:
    state, published, alert = opened(SILENT if kind == "moment" else HIGH)
    last = {
        "moment": ticks(3, tick("A", 1.0, 1), at_us=10 * SECOND),
        "hand": change(3, alert, resolves=True),
        "rule": rules(3, (2, "high")),
    }[kind]
    state.apply([last])
    # Published and stored, and not in a checkpoint yet, when the owner dies.
    published.flush(state)
    published.store(state)
    state = published.successor()
    state.apply([last, ticks(4, tick("B", 1.0, 0), at_us=11 * SECOND)])
    published.flush(state, checkpoint=True)
    assert [each.change for each in published.alerts] == [AlertChange.RAISED, AlertChange.RESOLVED]
    assert published.stored == published.alerts


def test_rules_that_are_in_force_are_not_asked_for_again_after_a_takeover() -> None:
    _, published, _ = opened()
    state = published.successor()
    assert state.rules is not None
    assert state.rules.version == 1


def test_a_change_for_those_who_know_more_is_not_taken() -> None:
    state = new_state()
    assert state.rules is not None
    late = RulesRecord(9, [(9, RuleRecord("new", "prices", 1, packed_rule(SILENT)))], base=5)
    state.apply([LogRecord(0, 0, pack(late), RULES_CHANGED)])
    assert state.rules.version == 0
    state.apply([rules(1, (1, HIGH), (9, SILENT))])
    assert state.rules.version == 9


def test_an_alert_that_is_not_the_one_meant_is_left_alone() -> None:
    state, published, alert = opened()
    state.apply([change(3, replace(alert, id="0" * 32), resolves=True)])
    published.flush(state)
    assert state.rules is not None
    assert state.rules.alerting("A") == ["high"]
    assert len(published.alerts) == 1


def test_an_alert_is_acknowledged_once() -> None:
    state, published, alert = opened()
    state.apply([change(3, alert, resolves=False), change(4, alert, resolves=False, by="bob")])
    published.flush(state)
    assert [each.acknowledged_by for each in published.alerts] == [None, "ann"]
    # Readers learn which of the two it was.
    assert STATES.decode(latest(published.states)[KEY + b"A"]).done == [3]


def test_an_alert_that_no_rule_knows_any_more_can_be_closed() -> None:
    _, _, alert = opened()
    state, published = new_state(), Published()
    state.apply([ticks(0, tick("A", 1.0, 0)), change(1, alert, resolves=True)])
    published.flush(state)
    assert [(each.id, each.change) for each in published.alerts] == [(alert.id, AlertChange.RESOLVED)]


def test_a_rule_that_could_not_be_read_is_in_force_once_it_can(monkeypatch: pytest.MonkeyPatch) -> None:
    def cannot(*_: Any) -> Rule:
        raise Corrupt("of a newer version")

    state, published = new_state(), Published()
    with monkeypatch.context() as older:
        older.setattr("infrastructure.cluster.partition_rules.unpacked_rule", cannot)
        state.apply([ticks(0, tick("A", 1.0, 0)), rules(1, (1, HIGH))])
        published.flush(state, checkpoint=True)
    state = published.successor()
    state.apply([ticks(2, tick("A", 105.0, 1))])
    assert state.rules is not None
    assert state.rules.alerting("A") == ["high"]


_STEPS = ["flush", "checkpoint", "crash", "store", "go on"]
_RULES = [
    HIGH,
    SILENT,
    "high",
    "silent",
    Rule(
        id="high",
        name="Higher",
        subject="prices",
        keys=("A", "B"),
        condition=Level(Decimal(104), None),
        severity=AlertSeverity.WARNING,
        clear=Negation(Level(Decimal(100), None)),
        cooldown_us=SECOND,
        revision=2,
    ),
]
_TICKS = st.lists(
    st.tuples(st.sampled_from(["A", "AB", "B"]), st.sampled_from([99.0, 103.0, 105.0]), st.integers(0, 3000)),
    min_size=1,
    max_size=3,
)


def without_done(states: list[Entry]) -> dict[bytes, Any]:
    """The last states, but for which changes they were about: that depends on when they were published."""
    found = {key: STATES.decode(value) for key, value in latest(states).items()}
    for state in found.values():
        state.done = []
    return found


@settings(max_examples=300)
@given(
    log=st.lists(
        st.tuples(
            st.one_of(_TICKS, st.sampled_from(_RULES), st.sampled_from(["moment", "forget", "resolve", "acknowledge"])),
            st.integers(0, 7 * SECOND),
        ),
        max_size=14,
    ),
    steps=st.lists(st.sampled_from(_STEPS), max_size=14),
)
def test_owners_that_crash_raise_the_alerts_of_one_that_does_not(log: list[Any], steps: list[str]) -> None:
    records, at_us, version = [], 0, 0
    for offset, (what, pause_us) in enumerate(log):
        at_us += pause_us
        if what == "moment":
            records.append(moment(offset, at_us))
        elif what == "forget":
            records.append(LogRecord(offset, at_us, b"A", FORGET))
        elif what in ("resolve", "acknowledge"):
            # The first that one owner would raise up to here, if there is one.
            found = [each for each in after(*records).alerts if each.change is AlertChange.RAISED]
            records.append(change(offset, found[0], what == "resolve") if found else moment(offset, at_us))
        elif isinstance(what, list):
            records.append(ticks(offset, *(tick(*each) for each in what), at_us=at_us))
        else:
            version += 1
            records.append(rules(offset, (version, what), at_us=at_us))
    alone, once = new_state(), Published()
    alone.apply(records)
    once.flush(alone, checkpoint=True)

    state, published = new_state(), Published()
    for at in range(len(records)):
        state.apply(records[state.offset : at + 1])
        step = steps[at] if at < len(steps) else "go on"
        if step == "crash":
            state = published.successor()
        elif step == "store":
            published.store(state)
        elif step != "go on" and state.offset >= state.published:
            published.flush(state, checkpoint=step == "checkpoint")
    state.apply(records[state.offset :])
    published.flush(state, checkpoint=True)

    assert published.alerts == once.alerts
    assert published.stored == once.stored
    assert without_done(published.states) == without_done(once.states)
    successor, one = published.successor(), once.successor()
    assert latest(successor.checkpoint()).get(OWN_RULES) == latest(one.checkpoint()).get(OWN_RULES)
    assert {key: successor.book.checkpoint(key) for key in successor.book.keys()} == {
        key: one.book.checkpoint(key) for key in one.book.keys()
    }
