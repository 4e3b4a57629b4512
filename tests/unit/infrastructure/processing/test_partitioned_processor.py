import asyncio
import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.errors import Draining, QueueFull, QueueOverflowed
from application.ports.processor import Patience
from domain.prices.price_anomaly import PriceAnomaly
from domain.prices.price_update import PriceUpdate
from domain.prices.ticks import Ticks
from infrastructure.processing.channel import FullMode
from infrastructure.processing.partitioned_processor import PartitionedProcessor
from infrastructure.processing.placement import partition_of
from infrastructure.processing.seen_ids import SeenIds
from support.fakes import CollectingSink, FakeClock, RecordingRecorder, settle
from support.processing import partitions_of, processor_of


def tick(symbol: str = "A", price: float = 100.0, time_us: int = 0) -> PriceUpdate:
    return PriceUpdate(symbol, price, time_us)


def assert_accounts_balance(processor: PartitionedProcessor) -> None:
    account = processor.statistics()
    assert account.received == account.accepted + account.rejected + account.duplicates
    assert account.accepted == account.processed + account.dropped + account.queued + account.failed


def test_partition_of_a_symbol_is_the_same_everywhere() -> None:
    assert [partition_of(symbol, 7) for symbol in ("AAPL", "BTCUSD", "EURUSD")] == [5, 0, 4]


async def test_ticks_are_processed_each_symbol_by_one_partition() -> None:
    clock = FakeClock()
    partitions = partitions_of(3, clock=clock)
    processor = processor_of(partitions, clock)
    processor.start()
    symbols = [f"S{i}" for i in range(20)]
    assert (await processor.submit(Ticks.of([tick(symbol) for symbol in symbols * 2]))).accepted == 40
    await settle()
    for symbol in symbols:
        snapshots = [partition.book.snapshot(symbol) for partition in partitions]
        assert [bool(snapshot) for snapshot in snapshots].count(True) == 1
        own = snapshots[partition_of(symbol, 3)]
        assert own is not None
        assert own.update_count == 2
    account = processor.statistics()
    assert (account.processed, account.active_keys, account.queued) == (40, 20, 0)
    await processor.stop()


async def test_second_start_is_refused() -> None:
    clock = FakeClock()
    processor = processor_of(partitions_of(1), clock)
    processor.start()
    with pytest.raises(RuntimeError):
        processor.start()
    await processor.stop()


async def test_new_symbol_over_the_limit_is_refused_and_known_ones_go_on() -> None:
    clock = FakeClock()
    processor = processor_of(partitions_of(2), clock, symbols_max=2)
    processor.start()
    submitted = await processor.submit(Ticks.of([tick("A"), tick("B"), tick("C"), tick("A")]))
    assert submitted.accepted == 3
    assert [(error.index, error.code) for error in submitted.refused] == [(2, "symbol_limit")]
    assert "limit of 2 symbols" in submitted.refused[0].message
    assert_accounts_balance(processor)
    await processor.stop()


@pytest.mark.parametrize("capacity", [1, 0])
async def test_symbol_of_which_nothing_was_taken_leaves_its_place_to_another(capacity: int) -> None:
    clock = FakeClock()
    processor = processor_of(partitions_of(1, capacity, FullMode.REJECT), clock, symbols_max=2)
    processor.start()
    if capacity:
        assert (await processor.submit(Ticks.of([tick("A"), tick("B"), tick("C")]))).accepted == 1
    else:
        with pytest.raises(QueueFull):
            await processor.submit(Ticks.of([tick("A"), tick("B")]))
        await processor.stop()
        return
    await settle()
    assert (await processor.submit(Ticks.of([tick("D")]))).accepted == 1
    await settle()
    refused = (await processor.submit(Ticks.of([tick("A"), tick("E")]))).refused
    assert [(error.index, error.code) for error in refused] == [(1, "symbol_limit")]
    await processor.stop()


async def test_symbol_whose_tick_is_still_queued_keeps_its_place() -> None:
    clock = FakeClock()
    processor = processor_of(partitions_of(1, capacity=1, mode=FullMode.REJECT), clock, symbols_max=2)
    processor.start()
    assert (await processor.submit(Ticks.of([tick("A")]))).accepted == 1
    with pytest.raises(QueueFull):
        await processor.submit(Ticks.of([tick("A"), tick("B")]))
    await clock.advance(1.0)
    assert (await processor.submit(Ticks.of([tick("C")]))).accepted == 1
    await clock.advance(1.0)
    refused = (await processor.submit(Ticks.of([tick("A"), tick("D")]))).refused
    assert [error.code for error in refused] == ["symbol_limit"]
    await processor.stop()


async def test_rejecting_queue_names_what_it_has_no_room_for() -> None:
    clock = FakeClock()
    processor = processor_of(partitions_of(1, capacity=2, mode=FullMode.REJECT), clock)
    processor.start()
    submitted = await processor.submit(Ticks.of([tick(), tick(), tick(), tick()]))
    assert submitted.accepted == 2
    assert [(error.index, error.code) for error in submitted.refused] == [(2, "queue_full"), (3, "queue_full")]
    with pytest.raises(QueueFull):
        await processor.submit(Ticks.of([tick()]))
    account = processor.statistics()
    assert (account.received, account.accepted, account.rejected, account.queued) == (5, 2, 3, 2)
    await processor.stop()


async def test_waiting_sender_gets_everything_in_as_room_appears_in_the_order_it_came() -> None:
    clock = FakeClock()
    partitions = partitions_of(1, capacity=2, mode=FullMode.WAIT)
    processor = processor_of(partitions, clock)
    processor.start()
    first = asyncio.create_task(processor.submit(Ticks.of([tick(price=float(i), time_us=i) for i in range(1, 6)])))
    second = asyncio.create_task(processor.submit(Ticks.of([tick(price=9.0, time_us=9)])))
    assert [(await each).accepted for each in (first, second)] == [5, 1]
    await settle()
    snapshot = partitions[0].book.snapshot("A")
    assert snapshot is not None
    assert (snapshot.update_count, snapshot.late_count, snapshot.current_price) == (6, 0, 9.0)
    assert_accounts_balance(processor)
    await processor.stop()


async def test_waiting_sender_that_goes_away_leaves_the_accounts_straight() -> None:
    clock = FakeClock()
    processor = processor_of(partitions_of(1, capacity=2, mode=FullMode.WAIT, sink=_Stuck()), clock)
    processor.start()
    await processor.submit(Ticks.of([tick(time_us=1), tick(price=200.0, time_us=1)]))
    await settle()
    sender = asyncio.create_task(processor.submit(Ticks.of([tick(time_us=2)] * 5)))
    await settle()
    assert_accounts_balance(processor)
    sender.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sender
    account = processor.statistics()
    assert (account.received, account.accepted, account.rejected) == (7, 4, 3)
    assert_accounts_balance(processor)


async def test_a_full_partition_does_not_hold_up_what_goes_to_others() -> None:
    clock = FakeClock()
    partitions = partitions_of(3, capacity=2, mode=FullMode.WAIT, clock=clock)
    processor = processor_of(partitions, clock)
    processor._queueing.is_open = True  # no worker takes anything
    symbols = [next(f"S{n}" for n in range(99) if partition_of(f"S{n}", 3) == index) for index in range(3)]
    ticks = [tick(symbols[0])] * 9 + [tick(symbols[1])] * 4 + [tick(symbols[2])]
    sending = asyncio.create_task(processor.submit(Ticks.of(ticks)))
    await settle()
    assert [len(partition.channel) for partition in partitions] == [2, 0, 1]
    sending.cancel()
    await settle()
    # Those that were not tried are counted, too.
    account = processor.statistics()
    assert (account.received, account.accepted, account.rejected) == (14, 3, 11)


async def test_an_impatient_sender_does_not_wait_behind_a_patient_one() -> None:
    clock = FakeClock()
    recorder = RecordingRecorder()
    recorder.is_crowded = True
    processor = processor_of(
        partitions_of(1, capacity=2, mode=FullMode.REJECT, clock=clock, recorder=recorder), clock, hold_seconds=5.0
    )
    processor.start()
    await processor.submit(Ticks.of([tick()]))
    await settle()
    await processor.submit(Ticks.of([tick()] * 2))
    patient = asyncio.create_task(processor.submit(Ticks.of([tick()] * 2), Patience.UNLIMITED))
    await settle()
    impatient = asyncio.create_task(processor.submit(Ticks.of([tick()])))
    leaving = asyncio.create_task(processor.submit(Ticks.of([tick()])))
    await settle()
    leaving.cancel()
    await clock.advance(4.9)
    assert not impatient.done()
    await clock.advance(0.2)
    with pytest.raises(QueueFull):
        await impatient
    assert not patient.done()
    recorder.is_crowded = False
    recorder.room.set()
    assert (await patient).accepted == 2
    assert_accounts_balance(processor)
    assert processor.statistics().received == 7
    await processor.stop()


async def test_waiting_sender_is_told_when_the_service_goes() -> None:
    clock = FakeClock()
    processor = processor_of(partitions_of(1, capacity=1, mode=FullMode.WAIT, sink=_Stuck()), clock)
    processor.start()
    await processor.submit(Ticks.of([tick(price=100.0), tick(price=200.0)]))
    await settle()
    await processor.submit(Ticks.of([tick()]))
    sender = asyncio.create_task(processor.submit(Ticks.of([tick()])))
    await settle()
    processor.drain()
    with pytest.raises(Draining):
        await sender
    assert_accounts_balance(processor)


class _Stuck:
    async def publish(self, anomalies: Sequence[PriceAnomaly]) -> None:
        await asyncio.get_running_loop().create_future()


async def test_dead_worker_comes_back_with_its_state_while_the_others_never_stop() -> None:
    clock = FakeClock()
    sink = CollectingSink(failures=2)
    partitions = partitions_of(2, sink=sink, clock=clock)
    processor = processor_of(partitions, clock)
    processor.start()
    broken, other = partition_of("A", 2), partition_of("B1", 2)
    assert broken != other
    await processor.submit(Ticks.of([tick("A", 100.0), tick("A", 110.0)]))
    await settle()
    # The worker of A is dead now, and waits to be started again.
    await processor.submit(Ticks.of([tick("A", 111.0), tick("B1")]))
    await settle()
    assert partitions[other].processed == 1
    assert partitions[broken].restarts == 1
    assert processor.statistics().queued == 1
    assert_accounts_balance(processor)
    await clock.advance(10.0)
    snapshot = partitions[broken].book.snapshot("A")
    assert snapshot is not None
    assert (snapshot.update_count, snapshot.max_price) == (3, 111.0)
    assert [anomaly.sequence for anomaly in sink.published] == [2, 3]
    assert processor.statistics().partitions[broken].restarts == 2
    assert processor.statistics().partitions[other].restarts == 0
    assert processor.is_running
    await processor.stop()


async def test_shutdown_processes_everything_accepted_and_takes_no_more() -> None:
    clock = FakeClock()
    processor = processor_of(partitions_of(2, capacity=10_000), clock)
    processor.start()
    await processor.submit(Ticks.of([tick(f"S{i % 10}") for i in range(5000)]))
    assert await processor.stop() == 0
    assert processor.statistics().processed == 5000
    assert not processor.is_running
    with pytest.raises(Draining):
        await processor.submit(Ticks.of([tick(), tick()]))
    assert processor.statistics().rejected == 2
    assert_accounts_balance(processor)


async def test_shutdown_gives_up_at_its_deadline_and_says_what_is_left() -> None:
    clock = FakeClock()
    processor = processor_of(partitions_of(1, sink=_Stuck()), clock, deadline_seconds=3.0)
    processor.start()
    await processor.submit(Ticks.of([tick(price=100.0), tick(price=200.0)]))
    await settle()
    await processor.submit(Ticks.of([tick(), tick(), tick()]))
    stopping = asyncio.create_task(processor.stop())
    await settle()
    await clock.advance(2.9)
    assert not stopping.done()
    await clock.advance(0.2)
    assert await stopping == 3
    assert processor.statistics().queued == 3
    assert_accounts_balance(processor)


async def test_tick_that_cannot_be_applied_is_counted_as_failed() -> None:
    clock = FakeClock()
    processor = processor_of(partitions_of(1), clock)
    processor.start()
    await processor.submit(Ticks.of([tick(), tick()._replace(price="no price"), tick()]))  # type: ignore[arg-type]
    await settle()
    account = processor.statistics()
    assert (account.processed, account.failed) == (2, 1)
    assert_accounts_balance(processor)
    await processor.stop()


async def test_latency_and_throughput_are_those_of_the_ticks() -> None:
    clock = FakeClock()
    processor = processor_of(partitions_of(1, clock=clock), clock)
    processor.start()
    await processor.submit(Ticks.of([tick(), tick()]))
    # Time passes before the worker has its turn.
    clock.jump(0.2)
    await settle()
    account = processor.statistics()
    assert account.partitions[0].latency_mean_ms == pytest.approx(200)
    assert account.throughput_per_second == 2
    await processor.stop()


@given(st.sampled_from(FullMode), st.integers(1, 3), st.integers(1, 8), st.integers(0, 2**32))
def test_accounts_balance_at_every_moment_under_overload_crashes_and_shutdown(
    mode: FullMode, partitions: int, capacity: int, seed: int
) -> None:
    asyncio.run(_storm(mode, partitions, capacity, random.Random(seed)))


async def _storm(mode: FullMode, partition_count: int, capacity: int, chance: random.Random) -> None:
    clock = FakeClock()
    sink = CollectingSink()
    partitions = partitions_of(partition_count, capacity, mode, sink, clock)
    processor = processor_of(partitions, clock, symbols_max=5)
    processor.start()
    senders: list[asyncio.Task[object]] = []
    for _ in range(40):
        match chance.randrange(6):
            case 0:
                sink.failures += 1
            case 1:
                await clock.advance(chance.random())
            case 2 if senders:
                chance.choice(senders).cancel()
            case 3:
                processor.reject(chance.randrange(3))
            case _:
                bad = [tick()._replace(price="x")] if chance.random() < 0.2 else []  # type: ignore[arg-type]
                good = [
                    tick(f"S{chance.randrange(7)}", chance.uniform(90, 110), chance.randrange(9))
                    for _ in range(chance.randrange(1, 12))
                ]
                senders.append(asyncio.create_task(processor.submit(Ticks.of(good + bad))))
        for _ in range(chance.randrange(4)):
            await asyncio.sleep(0)  # one turn of the loop, so that the check meets every state
            assert_accounts_balance(processor)
    # However often the sink failed, the pause before the next start is shorter than the deadline.
    sink.failures = 0
    stopping = asyncio.create_task(processor.stop())
    for _ in range(30):
        await asyncio.sleep(0)
        assert_accounts_balance(processor)
        await clock.advance(0.5)
    left = await stopping
    await asyncio.gather(*senders, return_exceptions=True)
    assert_accounts_balance(processor)
    account = processor.statistics()
    assert account.queued == left == 0
    assert account.events == len(sink.published)


def named(*names: str | None, symbol: str = "A") -> Ticks:
    return Ticks.of(PriceUpdate(symbol, 100.0, 0, None, name) for name in names)


async def test_a_tick_that_comes_again_is_counted_as_a_duplicate() -> None:
    clock = FakeClock()
    processor = processor_of(partitions_of(2, clock=clock), clock)
    processor.start()
    assert (await processor.submit(named("x", "y"))).duplicates == 0
    again = await processor.submit(named("y", "z", None, "z", "x"))
    assert (again.accepted, again.duplicates, again.refused) == (2, 3, ())
    assert (await processor.submit(named("x"))).accepted == 0
    await settle()
    account = processor.statistics()
    assert (account.received, account.accepted, account.duplicates, account.processed) == (8, 4, 4, 4)
    assert_accounts_balance(processor)
    await processor.stop()


async def test_errors_of_a_batch_with_duplicates_name_the_right_ticks() -> None:
    clock = FakeClock()
    processor = processor_of(partitions_of(1, clock=clock), clock, symbols_max=1)
    processor.start()
    await processor.submit(named("x"))
    mixed = Ticks.of([*named("x"), *named("y", symbol="B"), *named("z")])
    submitted = await processor.submit(mixed)
    assert (submitted.accepted, submitted.duplicates) == (1, 1)
    assert [(error.code, error.index) for error in submitted.refused] == [("symbol_limit", 1)]
    # What was refused is no duplicate when it comes again.
    assert (await processor.submit(named("y", symbol="B"))).duplicates == 0
    assert_accounts_balance(processor)
    await processor.stop()


@pytest.mark.parametrize("mode", list(FullMode))
async def test_ticks_that_found_no_room_may_come_again(mode: FullMode) -> None:
    clock = FakeClock()
    ids = SeenIds(100, 600.0)
    partitions = partitions_of(1, capacity=2, mode=mode, clock=clock, seen_ids=ids)
    processor = processor_of(partitions, clock, seen_ids=ids)
    processor._queueing.is_open = True  # no worker takes anything
    sending = asyncio.create_task(processor.submit(named("a", "b", "c")))
    await settle()
    sending.cancel()
    await settle()
    assert len(ids) == 2
    assert_accounts_balance(processor)


async def test_ticks_are_waited_for_until_they_are_processed() -> None:
    clock = FakeClock()
    partitions = partitions_of(2, clock=clock)
    processor = processor_of(partitions, clock)
    processor._queueing.is_open = True  # no worker takes anything yet
    waiting = asyncio.create_task(processor.submit(Ticks.of([tick("A"), tick("B")]), until_processed=True))
    again = asyncio.create_task(
        processor.submit(Ticks.of([tick("C")]), patience=Patience.UNLIMITED, until_processed=True)
    )
    await settle()
    assert not waiting.done()
    processor.start()
    assert (await waiting).accepted == 2
    assert (await again).accepted == 1
    assert processor.statistics().processed == 3
    await processor.stop()


@pytest.mark.parametrize("mode", [FullMode.DROP_OLDEST, FullMode.DROP_NEWEST])
async def test_who_waits_for_ticks_that_are_dropped_is_told(mode: FullMode) -> None:
    clock = FakeClock()
    processor = processor_of(partitions_of(1, capacity=2, mode=mode, clock=clock), clock)
    processor._queueing.is_open = True  # no worker takes anything
    waiting = asyncio.create_task(processor.submit(Ticks.of([tick(), tick(), tick()]), until_processed=True))
    await settle()
    with pytest.raises(QueueOverflowed):
        await waiting
    assert_accounts_balance(processor)


async def test_workers_wait_while_the_recorder_is_crowded() -> None:
    clock = FakeClock()
    recorder = RecordingRecorder()
    partitions = partitions_of(1, clock=clock, recorder=recorder)
    processor = processor_of(partitions, clock)
    processor.start()
    recorder.is_crowded = True
    await processor.submit(Ticks.of([tick()]))
    await settle()
    await processor.submit(Ticks.of([tick()]))
    await settle()
    assert (len(recorder.recorded), processor.statistics().queued) == (1, 1)
    recorder.is_crowded = False
    recorder.room.set()
    await settle()
    assert len(recorder.recorded) == 2
    await processor.stop()


async def test_recovered_symbols_have_their_places() -> None:
    clock = FakeClock()
    partitions = partitions_of(1, clock=clock)
    partitions[0].book.apply(Ticks.of([tick("OLD")]))
    processor = processor_of(partitions, clock, symbols_max=1)
    processor.start()
    assert (await processor.submit(Ticks.of([tick("OLD"), tick("NEW")]))).accepted == 1
    await processor.stop()


async def test_a_duplicate_waits_for_the_first_and_takes_its_place_if_that_was_not_taken() -> None:
    clock = FakeClock()
    ids = SeenIds(100, 600.0)
    partitions = partitions_of(1, capacity=2, mode=FullMode.WAIT, clock=clock, seen_ids=ids)
    processor = processor_of(partitions, clock, seen_ids=ids)
    processor._queueing.is_open = True  # no worker takes anything yet
    await processor.submit(Ticks.of([tick(), tick()]))
    first = asyncio.create_task(processor.submit(named("x")))
    await settle()
    second = asyncio.create_task(processor.submit(named("x"), until_processed=True))
    await settle()
    assert not second.done()
    first.cancel()
    await settle()
    processor.start()
    assert (await second).accepted == 1
    assert processor.statistics().processed == 3
    assert_accounts_balance(processor)
    await processor.stop()


@pytest.mark.parametrize("end", ["cancelled", "draining"])
async def test_a_request_that_ends_while_it_waits_for_the_first_of_a_duplicate_leaves_no_id(end: str) -> None:
    clock = FakeClock()
    ids = SeenIds(100, 600.0)
    partitions = partitions_of(1, capacity=2, mode=FullMode.WAIT, clock=clock, seen_ids=ids)
    processor = processor_of(partitions, clock, seen_ids=ids)
    processor._queueing.is_open = True  # no worker takes anything
    await processor.submit(Ticks.of([tick(), tick()]))
    first = asyncio.create_task(processor.submit(named("x")))
    await settle()
    second = asyncio.create_task(processor.submit(named("x", "y"), until_processed=True))
    await settle()
    if end == "cancelled":
        second.cancel()
    else:
        processor.drain()
    await settle()
    with pytest.raises(asyncio.CancelledError if end == "cancelled" else Draining):
        await second
    assert ids.register(named("y"), clock.now_us()) == []
    assert_accounts_balance(processor)
    first.cancel()
    await settle()
