import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest

from application.errors import StorageFailed
from application.ports.journal import StoredAnswer
from domain.bars import Interval
from domain.prices.price_update import PriceUpdate
from domain.prices.symbol_book import SymbolBook
from domain.prices.ticks import Ticks
from infrastructure.prices.price_format import PRICES
from infrastructure.prices.stored_history import StoredHistory
from infrastructure.storage.checkpoints import Checkpoints
from infrastructure.storage.journal import Journal
from infrastructure.storage.records import Batch
from infrastructure.storage.recovery import recover
from infrastructure.storage.store import StoreFailed
from support.batches import RULES, START_US, SUBJECT, tick
from support.fakes import FakeClock, settle
from support.memory_store import MemoryStore
from support.stores import ticks_in


class FailingStore(MemoryStore):
    """Fails while it is `broken`; holds every write while it is `held`."""

    def __init__(self) -> None:
        super().__init__()
        self.broken = False
        self.held = asyncio.Event()
        self.held.set()
        self.written: list[Batch] = []

    async def write(self, batch: Batch) -> None:
        await self.held.wait()
        if self.broken:
            raise StoreFailed("database or disk is full")
        self.written.append(batch)
        await super().write(batch)


class Running:
    """A journal at work, and the book of the ticks that it is given."""

    def __init__(self, unwritten_max: int = 1000) -> None:
        self.clock = FakeClock()
        self.store = FailingStore()
        self.book = SymbolBook(RULES)
        checkpoints = Checkpoints({PRICES: [self.book]}, self.clock, 10.0)
        self.journal = Journal(self.store, checkpoints, [SUBJECT], self.clock, 0.05, unwritten_max)
        self.task = asyncio.create_task(self.journal.run())

    def record(self, *updates: PriceUpdate) -> None:
        ticks = Ticks.of(updates)
        self.journal.recorder(PRICES).record(ticks, self.book.apply(ticks))

    async def logged(self) -> list[PriceUpdate]:
        return [each async for block in self.store.blocks(0) for each in ticks_in(block)]

    async def recovered(self) -> Any:
        book = SymbolBook(RULES)
        await recover(self.store, {PRICES: [book]}, self.journal)
        return sorted((symbol, book.snapshot(symbol)) for symbol in book.keys())


@pytest.fixture
async def running() -> AsyncIterator[Running]:
    made = Running()
    yield made
    made.task.cancel()
    with suppress(asyncio.CancelledError):
        await made.task


async def test_what_is_recorded_is_written_after_the_flush_interval(running: Running) -> None:
    running.record(tick("A", 1.0, 0), tick("A", 2.0, 1))
    await running.clock.advance(0.04)
    assert await running.logged() == []
    await running.clock.advance(0.02)
    assert [each.price for each in await running.logged()] == [1.0, 2.0]
    assert running.journal.unwritten == 0


async def test_many_who_wait_for_the_disk_share_a_commit(running: Running) -> None:
    running.store.held.clear()
    running.record(tick("A", 1.0, 0))
    first = asyncio.create_task(running.journal.committed())
    await settle()
    # The first is under way; these come too late for it.
    running.record(tick("A", 2.0, 1))
    others = [asyncio.create_task(running.journal.committed()) for _ in range(50)]
    await settle()
    assert not any(task.done() for task in (first, *others))
    running.store.held.set()
    await asyncio.gather(first, *others)
    assert len(running.store.written) == 2


async def test_waiting_with_nothing_to_write_ends_at_once(running: Running) -> None:
    await running.journal.committed()
    assert running.store.written == []


async def test_a_store_that_fails_is_told_to_those_who_wait_and_tried_again(running: Running) -> None:
    running.store.broken = True
    running.record(tick("A", 1.0, 0))
    with pytest.raises(StorageFailed, match="disk is full"):
        await running.journal.committed()
    with pytest.raises(StorageFailed):
        await running.journal.committed()
    assert running.journal.failure == "database or disk is full"
    running.record(tick("A", 2.0, 1))
    await running.clock.advance(3.0)
    assert running.journal.unwritten == 2
    running.store.broken = False
    await running.clock.advance(2.0)
    assert running.journal.failure is None
    assert [each.price for each in await running.logged()] == [1.0, 2.0]
    await running.journal.committed()


async def test_ticks_beyond_the_spool_are_counted_and_their_states_are_kept(running: Running) -> None:
    running.store.broken = True
    running.record(*(tick("A", 1.0, at) for at in range(600)))
    await running.clock.advance(1.0)
    running.record(*(tick("A", 2.0, at) for at in range(600, 1200)))
    running.record(tick("B", 3.0, 0))
    assert (running.journal.lost, running.journal.unwritten) == (600, 601)
    running.store.broken = False
    # A retry, and then a round of checkpoints.
    await running.clock.advance(25.0)
    assert len(await running.logged()) == 601
    assert await running.recovered() == [(symbol, running.book.snapshot(symbol)) for symbol in "AB"]


async def test_workers_wait_while_the_store_is_slow_and_not_while_it_fails(running: Running) -> None:
    running.store.held.clear()
    running.record(*(tick("A", 1.0, at) for at in range(501)))
    assert running.journal.is_crowded
    waiting = asyncio.create_task(running.journal.wait_for_room())
    await running.clock.advance(1.0)
    assert not waiting.done()
    running.store.held.set()
    await waiting
    assert not running.journal.is_crowded
    running.store.broken = True
    running.record(*(tick("A", 1.0, at) for at in range(501)))
    await running.clock.advance(1.0)
    assert not running.journal.is_crowded


async def test_candles_that_grow_faster_than_the_clock_are_written_early_and_workers_wait(running: Running) -> None:
    await running.clock.advance(1.0)
    running.store.held.clear()
    # An hour of the ticks' own time, in none of the clock's.
    running.record(*(tick("A", 1.0, second * 1000) for second in range(250)))
    assert running.journal.is_crowded
    waiting = asyncio.create_task(running.journal.wait_for_room())
    await running.clock.advance(0.06)
    # They are being written: there is room for as many again, while the store is slow.
    await waiting
    running.record(*(tick("A", 1.0, second * 1000) for second in range(250, 400)))
    assert not running.journal.is_crowded
    running.record(*(tick("A", 1.0, second * 1000) for second in range(400, 470)))
    assert running.journal.is_crowded
    await running.clock.advance(1.0)
    assert running.journal.is_crowded
    running.store.held.set()
    await running.clock.advance(1.0)
    assert not running.journal.is_crowded
    history = StoredHistory(running.store, running.store, running.journal)
    candles = await history.candles("A", Interval.S1, START_US, START_US + 10**10, 1000)
    assert len(candles.items) == 470


async def test_a_store_that_raises_anything_else_is_outlived(running: Running) -> None:
    async def write(batch: Batch) -> None:
        raise ZeroDivisionError

    running.store.write = write  # type: ignore[method-assign]
    running.record(tick("A", 1.0, 0))
    with pytest.raises(StorageFailed, match="ZeroDivisionError"):
        await running.journal.committed()
    del running.store.write
    await running.clock.advance(2.0)
    assert len(await running.logged()) == 1


async def test_checkpoints_bound_what_a_restart_replays(running: Running) -> None:
    for second in range(40):
        running.record(*(tick(f"S{at}", 1.0 + second, second * 1000 + at) for at in range(120)))
        await running.clock.advance(1.0)
    position = await running.store.position()
    assert position.last_seq == 40
    # Two rounds at most, and the pauses between them.
    assert position.recover_from >= 15
    assert await running.recovered() == sorted((name, running.book.snapshot(name)) for name in running.book.keys())


async def test_closing_writes_everything_there_is(running: Running) -> None:
    running.record(tick("A", 1.0, 0), tick("A", 1.5, 1))
    running.journal.remember(StoredAnswer("key", b"", 202, b"", START_US))
    running.task.cancel()
    await settle()
    await running.journal.close()
    position = await running.store.position()
    assert position.recover_from == position.candles_seq == position.last_seq == 1
    assert await running.recovered() == [("A", running.book.snapshot("A"))]
    assert len(await running.store.answers(0)) == 1


async def test_candles_are_complete_at_every_moment_of_a_flush(running: Running) -> None:
    history = StoredHistory(running.store, running.store, running.journal)

    async def counts() -> list[int]:
        page = await history.candles("A", Interval.M1, START_US - 10**9, START_US + 10**9, 100)
        return [candle.count for candle in page.items]

    sent = 0
    for round_number in range(15):
        running.record(tick("A", 1.0, round_number))
        sent += 1
        running.store.broken = round_number % 5 == 3
        if round_number % 3 == 0:
            running.store.held.clear()
        for _ in range(3):
            await running.clock.advance(0.9)
            assert sum(await counts()) == sent
        asking = asyncio.create_task(counts())
        running.store.held.set()
        assert sum(await asking) == sent
    running.store.broken = False
    await running.clock.advance(20.0)
    assert sum(await counts()) == sent
    ((_, _, (day,)),) = await running.store.candles("A", Interval.D1, 0, 2**62, 9)
    assert day.count == sent


async def test_closing_with_very_many_symbols_leaves_them_to_the_log(running: Running) -> None:
    await settle()
    running.record(*(tick(f"S{number}", 100.0, number) for number in range(10_001)))
    await running.journal.close()
    assert [(batch.count, batch.states) for batch in running.store.written] == [(10_001, [])]
    assert await running.recovered() == sorted(
        (symbol, running.book.snapshot(symbol)) for symbol in running.book.keys()
    )


async def test_closing_while_a_write_is_under_way_loses_nothing(running: Running) -> None:
    running.store.held.clear()
    running.record(tick("A", 1.0, 0))
    await running.clock.advance(0.1)
    running.record(tick("A", 2.0, 1))
    running.task.cancel()
    await settle()
    closing = asyncio.create_task(running.journal.close())
    await settle()
    running.store.held.set()
    await closing
    assert [each.price for each in await running.logged()] == [1.0, 2.0]


@pytest.mark.parametrize("turns", range(8))
async def test_a_journal_ends_when_it_is_cancelled_at_any_moment(running: Running, turns: int) -> None:
    committing = asyncio.create_task(running.journal.committed())
    for _ in range(turns):
        await asyncio.sleep(0)  # a turn of the loop, which takes no time
    running.task.cancel()
    await settle()
    assert running.task.done()
    committing.cancel()


async def test_what_was_lost_is_made_up_for_by_a_round_of_checkpoints(running: Running) -> None:
    assert running.journal.is_complete
    running.store.broken = True
    running.record(*(tick("A", 1.0, at) for at in range(900)))
    await running.clock.advance(1.0)
    running.record(*(tick("A", 1.0, at) for at in range(900)))
    assert running.journal.lost
    assert not running.journal.is_complete
    running.store.broken = False
    await running.clock.advance(5.0)
    assert not running.journal.is_complete
    for second in range(25):
        running.record(tick("B", 1.0, second))
        await running.clock.advance(1.0)
    assert running.journal.is_complete
    assert await running.recovered() == [(symbol, running.book.snapshot(symbol)) for symbol in "AB"]
