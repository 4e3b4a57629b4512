import asyncio
from typing import Any

from domain.prices.price_anomaly import Direction, PriceAnomaly, Severity
from domain.prices.symbol_statistics import SymbolStatistics
from infrastructure.cluster.read_model import ReadModel
from infrastructure.cluster.records import FORGOTTEN, POSITION, Accounts, Position, PublicState, pack
from support.batches import SUBJECT


class Sink:
    def __init__(self) -> None:
        self.seen: list[Any] = []

    async def publish(self, events: Any) -> None:
        self.seen += events


def state(symbol: str, updates: int) -> tuple[bytes, bytes]:
    statistics = SymbolStatistics(symbol, 1.0, 1.0, 1.0, 1.0, updates, 0, 0, 7)
    return b"k" + symbol.encode(), pack(PublicState(updates, 7, SUBJECT.public.encode_snapshot(statistics)))


def position(offset: int, as_of_us: int = 0) -> tuple[bytes, bytes]:
    return POSITION, pack(Position(offset, offset, as_of_us, "worker", 0, 1, Accounts()))


def anomaly(symbol: str) -> tuple[bytes, bytes]:
    event = PriceAnomaly(symbol, 1, Direction.UP, 1.0, 2.0, 100.0, Severity.HIGH, 5)
    identity, payload = SUBJECT.public.encode_event(event)
    return identity.encode(), payload


def test_readers_see_the_latest_state_of_every_partition() -> None:
    model = ReadModel(SUBJECT, 2)
    model.tracker.watch(True)
    symbols = [next(name for name in "ABCDEFGH" if model.snapshots._book_of(name) is book) for book in model.books]
    for partition, symbol in enumerate(symbols):
        model.read_states(partition, [state(symbol, 1), state(symbol, 2)])
    assert model.snapshots.keys() == sorted(symbols)
    assert model.snapshots.snapshot(symbols[0]).update_count == 2
    # The same object, until it changes.
    assert model.snapshots.snapshot(symbols[0]) is model.snapshots.snapshot(symbols[0])
    assert model.tracker.take().keys == set(symbols)


def test_a_key_without_a_state_is_forgotten() -> None:
    model = ReadModel(SUBJECT, 1)
    model.read_states(0, [state("A", 1), state("B", 1)])
    assert model.snapshots.keys() == ["A", "B"]
    model.read_states(0, [(b"kA", None)])
    assert model.snapshots.keys() == ["B"]
    assert model.snapshots.snapshot("A") is None


async def test_events_go_to_the_sink_and_to_watchers_and_older_ones_are_forgotten() -> None:
    model, sink, forgotten = ReadModel(SUBJECT, 1), Sink(), list[tuple[str, int]]()
    model.sink = sink
    model.on_forget = [lambda key: forgotten.append((key, len(sink.seen)))]
    model.tracker.watch(True)
    await model.read_events([anomaly("A"), (FORGOTTEN + b"A", b""), anomaly("B")])
    assert [event.symbol for event in sink.seen] == ["A", "B"]
    assert forgotten == [("A", 1)]
    assert list(model.tracker.take().events) == sink.seen


async def test_who_waits_for_an_offset_waits_until_it_is_published() -> None:
    model = ReadModel(SUBJECT, 2)
    waiting = asyncio.create_task(model.until(1, lambda position: position.offset >= 5))
    for partition, offset in ((0, 9), (1, 4)):
        model.read_states(partition, [position(offset)])
        # Lets the task see it.
        await asyncio.sleep(0)
        assert not waiting.done()
    model.read_states(1, [position(5)])
    await waiting
    await model.until(1, lambda position: position.offset >= 5)


def test_age_is_that_of_the_oldest_partition() -> None:
    model = ReadModel(SUBJECT, 2)
    assert model.age_us(1000) == 0
    model.read_states(0, [position(1, as_of_us=400)])
    model.read_states(1, [position(1, as_of_us=700)])
    assert model.age_us(1000) == 600
