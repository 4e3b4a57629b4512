import asyncio

import pytest

from domain.columns import Columns
from domain.prices.price_update import PriceUpdate
from domain.prices.ticks import Ticks
from infrastructure.processing.channel import Channel, FullMode
from support.fakes import settle


def ticks(*numbers: int) -> Ticks:
    return Ticks.of(PriceUpdate("A", float(number), 0) for number in numbers)


def prices_of(batch: Columns | None) -> list[float]:
    assert isinstance(batch, Ticks)
    return [float(update.price) for update in batch]


async def drained(channel: Channel) -> list[float]:
    channel.close()
    taken: list[float] = []
    while batch := await channel.take(2):
        taken += prices_of(batch)
    return taken


async def test_ticks_come_out_in_order_and_in_batches() -> None:
    channel = Channel(10, FullMode.REJECT)
    channel.offer(ticks(1, 2), 0.0)
    channel.offer(ticks(3), 0.0)
    assert prices_of(await channel.take(2)) == [1, 2]
    assert prices_of(await channel.take(2)) == [3]


@pytest.mark.parametrize(
    ("mode", "accepted", "dropped", "left"),
    [
        (FullMode.DROP_OLDEST, [2, 2], 1, [2, 3, 4]),
        (FullMode.DROP_NEWEST, [2, 2], 1, [1, 2, 3]),
        (FullMode.REJECT, [2, 1], 0, [1, 2, 3]),
        (FullMode.WAIT, [2, 1], 0, [1, 2, 3]),
    ],
)
async def test_full_channel_follows_its_mode(
    mode: FullMode, accepted: list[int], dropped: int, left: list[float]
) -> None:
    channel = Channel(3, mode)
    assert [channel.offer(ticks(1, 2), 0.0), channel.offer(ticks(3, 4), 0.0)] == accepted
    assert (channel.dropped, len(channel)) == (dropped, 3)
    assert await drained(channel) == left


async def test_more_ticks_than_the_capacity_leave_the_newest() -> None:
    channel = Channel(2, FullMode.DROP_OLDEST)
    channel.offer(ticks(1), 0.0)
    assert channel.offer(ticks(2, 3, 4, 5), 0.0) == 4
    assert channel.dropped == 3
    assert await drained(channel) == [4, 5]


async def test_reader_sleeps_until_there_is_a_tick_and_ends_when_closed() -> None:
    channel = Channel(2, FullMode.REJECT)
    reader = asyncio.create_task(channel.take(5))
    await settle()
    assert not reader.done()
    channel.offer(ticks(1), 0.0)
    assert len(prices_of(await reader)) == 1
    ending = asyncio.create_task(channel.take(5))
    await settle()
    channel.close()
    assert await ending is None


async def test_cancelled_reader_loses_nothing() -> None:
    channel = Channel(2, FullMode.REJECT)
    reader = asyncio.create_task(channel.take(5))
    await settle()
    channel.offer(ticks(1), 0.0)
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader
    assert len(prices_of(await channel.take(5))) == 1


async def test_second_reader_is_refused() -> None:
    channel = Channel(2, FullMode.REJECT)
    reader = asyncio.create_task(channel.take(5))
    await settle()
    with pytest.raises(AssertionError):
        await channel.take(5)
    channel.close()
    await reader


async def test_writer_waits_for_room_until_there_is_some_or_the_channel_closes() -> None:
    channel = Channel(1, FullMode.WAIT)
    channel.offer(ticks(1), 0.0)
    writer = asyncio.create_task(channel.wait_for_room())
    await settle()
    assert not writer.done()
    await channel.take(1)
    await writer
    channel.offer(ticks(2), 0.0)
    waiting = asyncio.create_task(channel.wait_for_room())
    await settle()
    channel.close()
    await waiting


async def test_settling_names_every_tick_that_left_once_with_its_arrival_but_not_the_dropped() -> None:
    channel = Channel(4, FullMode.DROP_OLDEST)
    channel.offer(ticks(1, 2, 3), 1.0)
    await channel.take(2)
    assert list(channel.settle()) == [(1.0, 2)]
    channel.offer(ticks(4, 5, 6, 7), 2.0)
    assert channel.dropped == 1
    await channel.take(10)
    assert list(channel.settle()) == [(2.0, 4)]
    assert list(channel.settle()) == []


async def test_a_watch_tells_when_its_ticks_are_taken() -> None:
    channel = Channel(10, FullMode.REJECT)
    channel.offer(ticks(1), 0.0)
    before = channel.tail
    channel.offer(ticks(2, 3), 0.0)
    watch = channel.watch(before)
    await channel.take(2)
    assert not watch.done()
    await channel.take(1)
    assert watch.result() is True
    assert channel.watch(channel.tail).result() is True


async def test_a_watch_tells_when_one_of_its_ticks_is_dropped() -> None:
    channel = Channel(3, FullMode.DROP_OLDEST)
    channel.offer(ticks(1), 0.0)
    before = channel.tail
    channel.offer(ticks(2, 3), 0.0)
    watch = channel.watch(before)
    channel.offer(ticks(4), 0.0)
    assert not watch.done()
    channel.offer(ticks(5), 0.0)
    assert watch.result() is False
    before = channel.tail
    channel.offer(ticks(6, 7, 8, 9), 0.0)
    assert channel.watch(before).result() is False


@pytest.mark.parametrize(("mode", "dropped"), [(FullMode.DROP_OLDEST, ["a"]), (FullMode.DROP_NEWEST, ["c"])])
async def test_ticks_with_an_id_that_are_dropped_are_told(mode: FullMode, dropped: list[str]) -> None:
    told: list[str | None] = []
    channel = Channel(2, mode, lambda ticks: told.extend(ticks.ids or ()))
    for name in "abc":
        channel.offer(Ticks.of([PriceUpdate("A", 1.0, 0, None, name)]), 0.0)
    assert told == dropped
