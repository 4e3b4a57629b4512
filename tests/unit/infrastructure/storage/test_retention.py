from collections.abc import Sequence

import pytest

from application.ports.journal import StoredAnswer
from application.prices.ports.event_repository import EventFilter
from domain.bars import Interval
from infrastructure.prices.price_retention import PriceRetention
from infrastructure.settings import RetentionSettings
from infrastructure.storage.retention import Retention
from support.batches import START_US, Batches, tick
from support.fakes import FakeClock
from support.memory_store import MemoryStore

DAY_US = 86_400_000_000
DAY_MS = 86_400_000
FOR_EVER = (0, 2**62)


async def pruned(
    store: MemoryStore, batches: Batches, settings: RetentionSettings, now_us: int, keep_us: int = 0
) -> None:
    clock = FakeClock(now_us)
    pruner = PriceRetention(store, [batches.book], clock, settings)
    await Retention(store, [pruner], clock, settings, keep_us).prune()


async def seqs(store: MemoryStore) -> Sequence[int]:
    return [block.seq async for block in store.blocks(None)]


async def test_ticks_go_when_they_were_written_too_long_ago() -> None:
    store, batches = MemoryStore(), Batches()
    for day in range(5):
        await store.write(batches.next([tick("A", 1.0, 0)], written_us=START_US + day * DAY_US))
    await pruned(store, batches, RetentionSettings(ticks_days=2.5), START_US + 4 * DAY_US)
    assert await seqs(store) == [3, 4, 5]
    await pruned(store, batches, RetentionSettings(ticks_days=0), START_US + 400 * DAY_US)
    assert await seqs(store) == [3, 4, 5]


async def test_ticks_go_when_they_take_too_much_room() -> None:
    store, batches = MemoryStore(), Batches()
    for at in range(5):
        await store.write(batches.next([tick("A", 1.0, ms) for ms in range(8000)], written_us=START_US + at))
    await pruned(store, batches, RetentionSettings(ticks_max_mb=2), START_US + DAY_US)
    assert await seqs(store) == [4, 5]


@pytest.mark.parametrize("without", ["states", "candles"])
async def test_ticks_that_a_restart_needs_stay(without: str) -> None:
    store, batches = MemoryStore(), Batches()
    await store.write(batches.next([tick("A", 1.0, 0)]))
    for _ in range(3):
        await store.write(batches.next([tick("A", 1.0, 1)], states=without != "states", candles=without != "candles"))
    await pruned(store, batches, RetentionSettings(ticks_days=1), START_US + 10 * DAY_US)
    assert await seqs(store) == [2, 3, 4]


async def test_ticks_whose_ids_may_come_again_stay() -> None:
    store, batches = MemoryStore(), Batches()
    for hour in range(4):
        await store.write(batches.next([tick("A", 1.0, 0)], written_us=START_US + hour * 3_600_000_000))
    settings = RetentionSettings(ticks_days=0.001)
    await pruned(store, batches, settings, START_US + 3 * 3_600_000_000, keep_us=5_000_000_000)
    assert await seqs(store) == [3, 4]


async def test_candles_go_by_the_time_of_their_symbol_and_by_interval() -> None:
    store, batches = MemoryStore(), Batches()
    await store.write(batches.next([tick(symbol, 1.0, day * DAY_MS) for symbol in "AB" for day in range(50)]))
    await store.write(batches.next([tick("B", 1.0, 500 * DAY_MS)]))
    # The clock is years ahead, as when a recording is replayed.
    await pruned(store, batches, RetentionSettings(), START_US + 5000 * DAY_US)

    async def count(symbol: str, interval: Interval) -> int:
        return sum(len(candles) for _, _, candles in await store.candles(symbol, interval, *FOR_EVER, 10_000))

    assert await count("A", Interval.S1) <= 3
    assert 30 <= await count("A", Interval.M1) <= 32
    assert await count("A", Interval.D1) == 50
    assert [await count("B", Interval.M1), await count("B", Interval.D1)] == [1, 51]


async def test_anomalies_go_by_age_and_by_number() -> None:
    store, batches = MemoryStore(), Batches()
    moves = [tick("A", price, day * DAY_MS) for day in range(100) for price in (100.0, 110.0)]
    await store.write(batches.next(moves))

    async def left() -> int:
        anomalies = await store.anomalies(EventFilter(), None, 1000)
        # Here every anomaly is a move.
        assert len(await store.moves(EventFilter(), None, 1000)) == len(anomalies)
        return len(anomalies)

    await pruned(store, batches, RetentionSettings(anomalies_days=0), START_US)
    assert await left() == 100
    await pruned(store, batches, RetentionSettings(anomalies_days=30), START_US)
    assert await left() == 31
    await pruned(store, batches, RetentionSettings(anomalies_days=0, anomalies_max=10), START_US)
    assert await left() == 11


async def test_answers_go_when_their_time_is_over() -> None:
    store, batches = MemoryStore(), Batches()
    answers = [StoredAnswer(str(at), b"", 202, b"", START_US + at) for at in range(3)]
    await store.write(batches.next(answers=answers))
    await pruned(store, batches, RetentionSettings(), START_US + 101, keep_us=100)
    assert list(await store.answers(0)) == answers[1:]
