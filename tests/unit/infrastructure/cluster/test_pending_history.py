"""The history holds every observation once, in order, whenever owners of a partition crash."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.columns import numbered
from domain.prices.price_anomaly import PriceAnomaly
from domain.prices.ticks import Ticks
from infrastructure.cluster.partition_state import Entry, LogRecord, PartitionState, latest
from infrastructure.cluster.pending_history import PendingHistory
from infrastructure.cluster.records import FORGET, POSITION
from infrastructure.storage.records import HistoryPart
from support.batches import tick
from support.clusters import SUBJECT


def record(offset: int, *ticks: Any) -> LogRecord:
    keys, places = numbered([each.symbol for each in ticks])
    return LogRecord(offset, 0, SUBJECT.log.encode(keys, places, Ticks.of(ticks)))


def new_state() -> PartitionState:
    return PartitionState(SUBJECT, 0, 100, 5, 10.0, PendingHistory(SUBJECT))


def ticks_in(parts: list[HistoryPart]) -> list[Any]:
    """The ticks, with `forget` before the keys that are forgotten behind them."""
    found: list[Any] = []
    for part in parts:
        for block in part.blocks:
            for segment in block.segments:
                columns = SUBJECT.log.decode(segment)
                found += [columns[at] for at in range(len(columns))]
        found += [("forget", key) for key in part.forgotten]
    return found


def anomalies_in(parts: list[HistoryPart]) -> list[str]:
    return [each.event.id for part in parts for each in part.events if isinstance(each.event, PriceAnomaly)]


@dataclass
class Stored:
    """The history, and the checkpoints. upto: where the history is."""

    upto: int = 0
    parts: list[HistoryPart] = field(default_factory=list)
    checkpoints: list[Entry] = field(default_factory=list)

    def add(self, state: PartitionState) -> None:
        assert state.history is not None
        assert state.history.upto == self.upto
        parts = state.history.parts()
        self.parts += parts
        self.upto = max(state.offset, self.upto)
        state.history.added(len(parts), self.upto)

    def checkpoint(self, state: PartitionState) -> None:
        self.add(state)
        state.publication()
        self.checkpoints += [*state.checkpoint(), (POSITION, b"%d" % state.offset)]

    def successor(self) -> PartitionState:
        state = new_state()
        state.restore(latest(self.checkpoints))
        assert state.history is not None
        state.history.upto = self.upto
        return state


def test_what_is_forgotten_is_behind_what_came_before() -> None:
    state, stored = new_state(), Stored()
    state.apply([record(0, tick("A", 1.0, 0)), LogRecord(1, 0, b"A", FORGET), record(2, tick("A", 2.0, 1))])
    assert state.has_forgotten
    stored.checkpoint(state)
    assert ticks_in(stored.parts) == [tick("A", 1.0, 0), ("forget", "A"), tick("A", 2.0, 1)]
    assert not state.has_forgotten


def test_what_waits_is_counted() -> None:
    state, stored = new_state(), Stored()
    assert state.history is not None
    state.apply([record(0, tick("A", 1.0, 0), tick("B", 1.0, 0)), record(1, tick("A", 2.0, 1))])
    assert state.history.count == 3
    stored.add(state)
    assert state.history.count == 0
    assert state.history.parts() == []


@pytest.mark.parametrize("crashes_after", ["history", "checkpoint"])
def test_nothing_is_missing_or_twice_after_a_crash(crashes_after: str) -> None:
    state, stored = new_state(), Stored()
    state.apply([record(0, tick("A", 100.0, 0)), record(1, tick("A", 103.0, 1))])
    stored.add(state) if crashes_after == "history" else stored.checkpoint(state)
    state = stored.successor()
    state.apply([record(each, tick("A", 103.0 + each, each)) for each in range(state.offset, 4)])
    stored.checkpoint(state)
    assert len(ticks_in(stored.parts)) == 4


@settings(max_examples=100)
@given(
    log=st.lists(
        st.lists(
            st.tuples(st.sampled_from("AB"), st.sampled_from([100.0, 103.0]), st.integers(0, 3000)),
            min_size=1,
            max_size=3,
        ),
        max_size=12,
    ),
    steps=st.lists(st.sampled_from(["history", "checkpoint", "crash", "go on"]), max_size=12),
)
def test_owners_that_crash_write_the_history_of_one_that_does_not(log: list[Any], steps: list[str]) -> None:
    records = [record(offset, *(tick(*each) for each in ticks)) for offset, ticks in enumerate(log)]
    alone, once = new_state(), Stored()
    alone.apply(records)
    once.checkpoint(alone)

    state, stored = new_state(), Stored()
    for at in range(len(records)):
        state.apply(records[state.offset : at + 1])
        step = steps[at] if at < len(steps) else "go on"
        if step == "crash":
            state = stored.successor()
        elif step == "checkpoint":
            stored.checkpoint(state)
        elif step == "history":
            stored.add(state)
    state.apply(records[state.offset :])
    stored.checkpoint(state)

    assert ticks_in(stored.parts) == ticks_in(once.parts)
    assert anomalies_in(stored.parts) == anomalies_in(once.parts)
