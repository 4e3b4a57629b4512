"""Whoever takes a partition over, wherever in the log, goes on exactly as one owner would."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.columns import numbered
from domain.prices.ticks import Ticks
from infrastructure.cluster.partition_state import Entry, LogRecord, PartitionState, RecordsMissing, latest
from infrastructure.cluster.records import CHECKPOINT, FORGET, FORGOTTEN, POSITION
from support.batches import tick
from support.clusters import SUBJECT

SECOND = 1_000_000


def record(offset: int, *ticks: Any, at_us: int = 0, request: bytes | None = None) -> LogRecord:
    columns = Ticks.of(ticks)
    keys, places = numbered(columns.keys)
    return LogRecord(offset, at_us, SUBJECT.log.encode(keys, places, columns), None, request)


def new_state(keys_max: int = 100, ids_max: int = 5) -> PartitionState:
    return PartitionState(SUBJECT, 0, keys_max, ids_max, ids_window_seconds=10.0)


@dataclass
class Published:
    """What an owner has written, as the topics hold it."""

    states: list[Entry] = field(default_factory=list)
    events: list[Entry] = field(default_factory=list)
    checkpoints: list[Entry] = field(default_factory=list)

    def flush(self, state: PartitionState, checkpoint: bool = False) -> None:
        states, events = state.publication()
        self.states += states
        self.events += events
        self.checkpoints += state.checkpoint() if checkpoint else []
        self.checkpoints.append((POSITION, b"%d" % state.offset))

    def successor(self) -> PartitionState:
        state = new_state()
        state.restore(latest(self.checkpoints))
        return state


def test_what_is_applied_is_published_once() -> None:
    state, published = new_state(), Published()
    state.apply([record(0, tick("A", 100.0, 0), tick("B", 1.0, 0)), record(1, tick("A", 103.0, 1))])
    published.flush(state)
    assert [key for key, _ in published.states] == [b"kA", b"kB"]
    assert [key.split()[0] for key, _ in published.events] == [b"PriceAnomaly", b"PriceMove"]
    assert not state.has_changes
    assert (state.offset, state.accounts.processed, state.accounts.events) == (2, 3, 1)


def test_records_that_are_applied_already_are_skipped_and_missing_ones_are_an_error() -> None:
    state = new_state()
    state.apply([record(0, tick("A", 1.0, 0))])
    state.apply([record(0, tick("A", 1.0, 0)), record(1, tick("A", 2.0, 1))])
    assert state.accounts.received == 2
    with pytest.raises(RecordsMissing, match="the next record is 2, and the log goes on with 3"):
        state.apply([record(3, tick("A", 1.0, 0))])


def test_duplicates_are_decided_by_the_time_of_the_log() -> None:
    state = new_state()
    for offset, at_us in enumerate((0, 10 * SECOND, 10 * SECOND + 1)):
        state.apply([record(offset, tick("A", 1.0, 0, tick_id="x"), at_us=at_us)])
    assert (state.accounts.processed, state.accounts.duplicates) == (2, 1)


def test_a_request_that_comes_again_is_not_counted_again() -> None:
    state = new_state()
    for offset in range(3):
        state.apply([record(offset, tick("A", 1.0, 0), tick("B", 1.0, 0), request=b"key 0")])
    assert (state.accounts.received, state.accounts.processed, state.accounts.duplicates) == (6, 2, 4)


def test_new_keys_over_the_limit_are_rejected_and_known_ones_go_on() -> None:
    state = new_state(keys_max=2)
    state.apply([record(0, *(tick(name, 1.0, 0, tick_id="x") for name in "ABCA")), record(1, tick("C", 1.0, 0))])
    assert (state.accounts.processed, state.accounts.rejected, state.accounts.duplicates) == (2, 2, 1)
    state.apply([LogRecord(2, 0, b"A", FORGET), record(3, tick("C", 1.0, 0, tick_id="x"))])
    # The id of what was rejected is not remembered.
    assert (state.accounts.processed, list(state.book.keys())) == (3, ["B", "C"])


def test_a_key_is_forgotten_for_readers_and_for_successors() -> None:
    state, published = new_state(), Published()
    state.apply([record(0, tick("A", 1.0, 0))])
    published.flush(state, checkpoint=True)
    state.apply([LogRecord(1, 0, b"A", FORGET)])
    published.flush(state, checkpoint=True)
    assert latest(published.states) == {}
    assert published.events[-1] == (FORGOTTEN + b"A", b"")
    assert len(published.successor().book) == 0


def test_pieces_of_ids_of_which_nothing_is_remembered_are_deleted() -> None:
    state, published = new_state(ids_max=2), Published()
    for offset in range(6):
        state.apply([record(offset, tick("A", 1.0, 0, tick_id=str(offset)))])
        published.flush(state, checkpoint=True)
    assert sum(key.startswith(b"i") for key in latest(published.checkpoints)) == 2


def test_many_ids_are_stored_in_several_records_and_restored_from_them() -> None:
    state, published = new_state(ids_max=5000), Published()
    state.apply([record(0, *(tick("A", 1.0, 0, tick_id=str(number)) for number in range(2500)))])
    published.flush(state, checkpoint=True)
    assert sum(key.startswith(b"i") for key in latest(published.checkpoints)) == 3
    successor = new_state(ids_max=5000)
    successor.restore(latest(published.checkpoints))
    successor.apply([record(1, *(tick("A", 1.0, 0, tick_id=str(number)) for number in range(2501)))])
    assert (successor.accounts.duplicates, successor.accounts.processed) == (2500, 2501)


_TICKS = st.lists(
    st.tuples(
        st.sampled_from("ABC"),
        st.sampled_from([100.0, 101.0, 103.0, 97.0]),
        st.integers(0, 3000),
        st.sampled_from([None, "x", "y", "z", "w", "v", "u"]),
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=150)
@given(
    log=st.lists(st.tuples(_TICKS, st.integers(0, 4 * SECOND), st.sampled_from([None, b"r 0", b"s 0"])), max_size=12),
    steps=st.lists(st.sampled_from(["flush", "checkpoint", "crash", "go on"]), max_size=12),
)
def test_owners_that_crash_are_as_one_that_does_not(log: list[Any], steps: list[str]) -> None:
    records, moment_us = [], 0
    for offset, (ticks, after_us, request) in enumerate(log):
        moment_us += after_us
        of_record = [tick(name, price, ms, tick_id=name_of) for name, price, ms, name_of in ticks]
        records.append(record(offset, *of_record, at_us=moment_us, request=request))
    alone, once = new_state(), Published()
    for each in records:
        alone.apply([each])
    once.flush(alone, checkpoint=True)

    state, published = new_state(), Published()
    for at in range(len(records)):
        state.apply(records[state.offset : at + 1])
        step = steps[at] if at < len(steps) else "go on"
        if step == "crash":
            state = published.successor()
        elif step != "go on" and state.offset >= state.published:
            published.flush(state, checkpoint=step == "checkpoint")
    state.apply(records[state.offset :])
    published.flush(state, checkpoint=True)

    assert state.accounts == alone.accounts
    assert latest(published.states) == latest(once.states)
    anomalies = [each for each in published.events if each[0].startswith(b"PriceAnomaly")]
    # No event twice, and none missing.
    assert anomalies == [each for each in once.events if each[0].startswith(b"PriceAnomaly")]
    moves = {key: value for key, value in published.events if key.startswith(b"PriceMove")}
    assert moves.keys() == {key for key, _ in once.events if key.startswith(b"PriceMove")}
    successor, one = published.successor(), once.successor()
    assert latest(successor.checkpoint())[CHECKPOINT]
    assert {key: successor.book.checkpoint(key) for key in successor.book.keys()} == {
        key: one.book.checkpoint(key) for key in one.book.keys()
    }
