"""What the owner of a partition publishes of the subjects besides prices, and what a gateway makes of it."""

import asyncio
from decimal import Decimal
from typing import Any

from domain.benchmarks.benchmark_run import BenchmarkRun, RunLatency, RunType
from domain.benchmarks.regression import BenchmarkRegression
from domain.benchmarks.runs import Runs
from domain.columns import numbered
from domain.options.option_book import ChainChange, SummaryPoint
from domain.options.option_quotes import OptionQuotes
from domain.options.positions import ChainPositions
from domain.readings.reading import BAD, GOOD, Quality
from domain.readings.readings import Readings
from domain.trades.trades import Trades
from infrastructure.benchmarks.subject import benchmarks
from infrastructure.cluster.partition_state import LogRecord, PartitionState
from infrastructure.cluster.read_model import ReadModel
from infrastructure.options.contracts import BookContracts, SnapshotContracts
from infrastructure.options.subject import options
from infrastructure.readings.subject import readings
from infrastructure.settings import BenchmarksSettings, OptionsSettings, ReadingsSettings, TradesSettings
from infrastructure.subject import Subject
from infrastructure.trades.subject import trades
from support.clusters import shared
from support.option_chains import T0_US, quote

MINUTE_US = 60_000_000


def published(subject: Subject, *batches: Any) -> tuple[PartitionState, ReadModel]:
    """The owner's state, and the model of a gateway that somebody watches, after a publication of each batch."""
    state = PartitionState(shared(subject), 0, keys_max=100, ids_max=10, ids_window_seconds=10.0)
    model = ReadModel(shared(subject), 1)
    model.tracker.watch(True)
    model.tracker.observe({"A"})
    for offset, columns in enumerate(batches):
        state.apply([LogRecord(offset, 0, subject.log.encode(*numbered(columns.keys), columns))])
        states, events = state.publication()
        model.read_states(0, states)
        asyncio.run(model.read_events(events))
        for _, segment in state.observed():
            assert segment is not None
            model.read_observed(segment)
    return state, model


def test_trades_have_their_statistics_and_are_seen_one_by_one() -> None:
    subject = trades(TradesSettings())
    batch = Trades(
        ["A", "B", "A"], [True, False, False], [0.1, 2.0, 0.2], [1, 2, 3], None, None, ["1", None, "2"], None
    )
    again = Trades(["A", "A"], [True, True], [0.1, 0.3], [1, 4], [None, 10.5], None, ["1", "3"], None)
    state, model = published(subject, batch, again)
    for symbol in ("A", "B"):
        assert model.snapshots.snapshot(symbol) == state.book.snapshot(symbol)
    assert model.snapshots.snapshot("A").last_price == 10.5
    # The one with a known id is none.
    assert [(each.symbol, each.quantity) for each in model.tracker.take().events] == [
        ("A", 0.1),
        ("A", 0.2),
        ("A", 0.3),
    ]


def test_benchmarks_have_their_summaries_and_regressions() -> None:
    latency = RunLatency(1, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0)
    runs = [
        BenchmarkRun(RunType.BURST, "loop", at, '{"n":1}', 10, 1.0, rate, 0, 0, latency)
        for at, rate in enumerate((50.0, 52.0, 51.0, 20.0))
    ]
    state, model = published(benchmarks(BenchmarksSettings()), Runs(runs))
    assert model.snapshots.snapshot("burst/loop") == state.book.snapshot("burst/loop")
    (event,) = model.tracker.take().events
    assert isinstance(event, BenchmarkRegression)
    assert (event.key, event.value, event.expected) == ("burst/loop", 20.0, 51.0)


def test_chains_come_with_what_has_changed_of_them() -> None:
    subject = options(OptionsSettings())
    first = [quote(100, True, bid=2.0, symbol="FIRST"), quote(100, False, bid=1.0)]
    later = [quote(102, True, T0_US + MINUTE_US, bid=1.5, symbol="LATER")]
    state, model = published(subject, OptionQuotes(first), OptionQuotes(later))
    found = model.snapshots.snapshot("NIFTY")
    assert found == state.book.snapshot("NIFTY")
    events = model.tracker.take().events
    changes = [each for each in events if isinstance(each, ChainChange)]
    assert [each.contracts for each in changes] == [((100.0, True), (100.0, False)), ((102.0, True),)]
    assert {type(each) for each in events if not isinstance(each, ChainChange)} == {SummaryPoint, ChainPositions}
    own: Any = state.book
    books = [own.book]
    for name in ("FIRST", "LATER", "NONE"):
        contract = SnapshotContracts(model.snapshots).contract("NIFTY", name)
        assert contract == BookContracts(books).contract("NIFTY", name)
    assert SnapshotContracts(model.snapshots).contract("OTHER", "FIRST") is None


def test_what_was_published_before_a_takeover_is_not_seen_again() -> None:
    subject = trades(TradesSettings())
    state = PartitionState(shared(subject), 0, keys_max=100, ids_max=10, ids_window_seconds=10.0)
    state.published = 1
    batch = Trades(["A"], [True], [1.0], [1], None, None, None, None)
    segment = subject.log.encode(*numbered(batch.keys), batch)
    state.apply([LogRecord(0, 0, segment), LogRecord(1, 0, segment)])
    assert len(state.observed()) == 1


def test_sensors_have_their_statistics() -> None:
    subject = readings(ReadingsSettings())
    batch = Readings(
        ["A/T", "A/V", "A/T"], [-1.5, Decimal("0.1234567890123456789"), 2.0], [1, 2, 3], [GOOD, BAD, GOOD], None, None
    )
    again = Readings(["A/T"], [0.5], [4], None, ["C"], None)
    state, model = published(subject, batch, again)
    for key in ("A/T", "A/V"):
        assert model.snapshots.snapshot(key) == state.book.snapshot(key)
    assert model.snapshots.snapshot("A/T").unit == "C"
    assert model.snapshots.snapshot("A/V").quality is Quality.BAD
