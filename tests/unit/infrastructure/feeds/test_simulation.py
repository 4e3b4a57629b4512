import asyncio
import random
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from application.mediator import Mediator
from application.ports.processor import Patience, Submitted
from application.prices.commands.process_price_batch import (
    ProcessPriceBatch,
    ProcessPriceBatchHandler,
)
from domain.prices.spike_rule import SpikeRule
from domain.prices.symbol_book import SymbolBook
from domain.prices.symbol_state import StatisticsRules
from domain.prices.ticks import Ticks
from infrastructure.feeds.simulation import RandomWalk, SimulatedFeed
from infrastructure.processing.backlog import Backlog
from support.fakes import FakeClock, FakeJournal, settle
from support.processing import admission_of
from support.processors import CountingProcessor


def walk(seed: int = 1, max_jitter: float = 0.01) -> RandomWalk:
    return RandomWalk(("A", "B", "C"), 100.0, max_jitter, 2000, random.Random(seed))


def test_symbols_take_turns_and_steps_stay_within_the_jitter() -> None:
    source = walk()
    ticks = [source.next(i) for i in range(3000)]
    assert [tick.symbol for tick in ticks[:4]] == ["A", "B", "C", "A"]
    for name in ("A", "B", "C"):
        prices = [100.0] + [float(tick.price) for tick in ticks if tick.symbol == name]
        assert all(abs(later / earlier - 1) <= 0.01 + 1e-6 for earlier, later in pairwise(prices))
        assert len(set(prices)) > 500


def test_known_symbols_start_at_their_usual_price_and_move_in_their_own_way() -> None:
    source = RandomWalk(("EURUSD", "BTCUSD", "NONE"), 100.0, 0.01, 3000, random.Random(1))
    prices: dict[str, list[float]] = {"EURUSD": [], "BTCUSD": [], "NONE": []}
    for at in range(9000):
        tick = source.next(at)
        prices[tick.symbol].append(float(tick.price))
    assert {
        name: round(seen[0] / usual, 1) for (name, seen), usual in zip(prices.items(), (1.08, 64_000, 100), strict=True)
    } == {
        "EURUSD": 1.0,
        "BTCUSD": 1.0,
        "NONE": 1.0,
    }
    # The median step, which no burst changes.
    steps = {
        name: sorted(abs(later / earlier - 1) for earlier, later in pairwise(seen))[len(seen) // 2]
        for name, seen in prices.items()
    }
    assert 3 * steps["EURUSD"] < steps["BTCUSD"]


def test_same_seed_gives_the_same_prices_and_another_seed_others() -> None:
    one, same, other = walk(7), walk(7), walk(8)
    prices = [[source.next(i).price for i in range(50)] for source in (one, same, other)]
    assert prices[0] == prices[1] != prices[2]


def test_prices_never_run_away() -> None:
    source = walk(max_jitter=0.9)
    prices = [float(source.next(i).price) for i in range(20_000)]
    assert min(prices) > 1.0
    assert max(prices) < 1000.0


def test_market_is_calm_but_for_a_spike_now_and_then() -> None:
    rate, seconds = 2000, 120
    source = RandomWalk(("A", "B", "C", "D", "E"), 100.0, 0.01, rate, random.Random(5))
    rules = StatisticsRules(moving_average_size=64, window_us=1_000_000, spike=SpikeRule(Decimal("2.0")))
    book = SymbolBook(rules)
    ticks = Ticks.of(source.next(at * 1_000_000 // rate) for at in range(rate * seconds))
    anomalies = book.apply(ticks).events
    moments = sorted({anomaly.detected_at_us // 1_000_000 for anomaly in anomalies})
    # Of 120 seconds, some have spikes in them and most have none.
    assert 10 <= len(moments) <= 60


async def feed_for(seconds: float, clock: FakeClock, processor: CountingProcessor, beat: float = 0.001) -> Any:
    mediator = Mediator([ProcessPriceBatch], {ProcessPriceBatch: ProcessPriceBatchHandler(processor, FakeJournal())})
    feed = asyncio.create_task(SimulatedFeed(walk(), 2000, 100, mediator, admission_of(clock), clock).run())
    end = clock.monotonic() + seconds
    while clock.monotonic() < end:
        await clock.advance(beat)
    return feed


@pytest.mark.parametrize("beat", [0.05, 0.33])
async def test_rate_holds_over_time_however_late_it_wakes(beat: float) -> None:
    clock = FakeClock()
    processor = CountingProcessor()
    feed = await feed_for(10.0, clock, processor, beat)
    assert len(processor.accepted) == pytest.approx(2000 * clock.monotonic(), abs=2000 * (beat + 0.02))
    times = [tick.timestamp_us for tick in processor.accepted]
    assert times == sorted(times)
    feed.cancel()


async def test_long_pause_is_not_made_up_for() -> None:
    clock = FakeClock()
    processor = CountingProcessor()
    feed = await feed_for(1.0, clock, processor, 0.02)
    before = len(processor.accepted)
    clock.jump(3600.0)
    await clock.advance(0.1)
    assert len(processor.accepted) - before <= 500
    feed.cancel()


async def test_feed_that_is_behind_lets_others_have_their_turn() -> None:
    clock = FakeClock()
    turns = [0]
    turn_of_batch: list[int] = []

    class Watching(CountingProcessor):
        async def submit(
            self, ticks: Any, /, patience: Patience = Patience.LIMITED, until_processed: bool = False, sender: str = ""
        ) -> Submitted:
            turn_of_batch.append(turns[0])
            return await super().submit(ticks, patience)

    async def somebody_else() -> None:
        while True:
            turns[0] += 1
            await asyncio.sleep(0)  # one turn of the loop, which takes no time

    mediator = Mediator([ProcessPriceBatch], {ProcessPriceBatch: ProcessPriceBatchHandler(Watching(), FakeJournal())})
    feed = asyncio.create_task(SimulatedFeed(walk(), 100_000, 100, mediator, admission_of(clock), clock).run())
    other = asyncio.create_task(somebody_else())
    await settle()
    clock.jump(0.01)
    await clock.advance(0.02)
    assert len(turn_of_batch) > 5
    assert len(set(turn_of_batch)) == len(turn_of_batch)
    feed.cancel()
    other.cancel()


async def test_neither_does_a_service_that_holds_too_much_already() -> None:
    clock = FakeClock()
    processor = CountingProcessor()
    mediator = Mediator([ProcessPriceBatch], {ProcessPriceBatch: ProcessPriceBatchHandler(processor, FakeJournal())})
    backlog = Backlog(1)
    admission = admission_of(clock, backlog, held_bytes=10)
    feed = asyncio.create_task(SimulatedFeed(walk(), 2000, 100, mediator, admission, clock).run())
    backlog.crowd()
    await clock.advance(1.0)
    assert admission.refused > 0
    assert (processor.accepted, feed.done()) == ([], False)
    backlog.relieve()
    await clock.advance(1.0)
    assert len(processor.accepted) > 100
    feed.cancel()


async def test_time_that_the_feed_waits_for_room_is_not_spent_on_intake() -> None:
    clock = FakeClock()

    class Waiting(CountingProcessor):
        async def submit(self, *args: Any, **options: Any) -> Submitted:
            await clock.sleep(10.0)
            return await super().submit(*args, **options)

    processor = Waiting()
    mediator = Mediator([ProcessPriceBatch], {ProcessPriceBatch: ProcessPriceBatchHandler(processor, FakeJournal())})
    admission = admission_of(clock)
    feed = asyncio.create_task(SimulatedFeed(walk(), 2000, 100, mediator, admission, clock).run())
    await clock.advance(25.0)
    assert processor.accepted
    assert admission.seconds == 0.0
    feed.cancel()


async def test_refused_ticks_do_not_end_the_feed() -> None:
    clock = FakeClock()
    processor = CountingProcessor(room=50)
    feed = await feed_for(1.0, clock, processor, 0.02)
    assert len(processor.accepted) == 50
    assert not feed.done()
    feed.cancel()
