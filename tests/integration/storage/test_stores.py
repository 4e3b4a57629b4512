"""What every store promises, held against each of them: in memory, SQLite, PostgreSQL."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from application.ports.journal import StoredAnswer
from application.prices.ports.event_repository import EventFilter
from domain.bars import Interval
from domain.prices.price_anomaly import Direction, Severity
from domain.prices.price_update import PriceUpdate
from domain.prices.symbol_book import SymbolBook
from infrastructure.prices.price_format import PRICES
from infrastructure.storage.records import Position
from infrastructure.storage.store import Store
from support.batches import RULES, START_US, Batches, tick
from support.stores import prices_in, ticks_in

WIDE = Decimal("100.00000000000000000000000000000001")
TICKS = [
    tick("A", 100.0, 0, 1.5, "first"),
    tick("A", 0.1 + 0.2, 10, Decimal("0.1000000000000000000000001")),
    tick("B/C", WIDE, 20, None, 'it\'s; "odd"\n\\'),
    tick("A", 5e-300, 5),
]
FOR_EVER = (START_US - 10**12, START_US + 10**12)


async def ticks_of(store: Store, symbol: str, *span: int, limit: int = 1000) -> list[PriceUpdate]:
    from_us, to_us = span or FOR_EVER
    return [found for _, found in await store.observations(PRICES, symbol, from_us, to_us, None, limit)]


async def test_a_new_store_is_empty(store: Store) -> None:
    assert await store.position() == Position()
    assert list(await store.states()) == []
    assert [block async for block in store.blocks(0)] == []
    assert list(await prices_in(store).anomalies(EventFilter(), None, 10)) == []
    assert await prices_in(store).anomaly("x") is None
    assert await ticks_of(store, "A") == []


async def test_ticks_come_back_as_they_were_in_order_of_arrival(store: Store) -> None:
    batches = Batches()
    await store.write(batches.next(TICKS[:2]))
    await store.write(batches.next(TICKS[2:3], TICKS[3:]))
    logged = [found async for block in store.blocks(0) for found in ticks_in(block)]
    assert logged == TICKS
    assert [type(found.price) for found in logged] == [float, float, Decimal, float]
    assert await ticks_of(store, "A") == [TICKS[0], TICKS[1], TICKS[3]]
    assert await ticks_of(store, "B/C") == [TICKS[2]]
    assert await ticks_of(store, "B") == []


async def test_ticks_of_a_time_include_its_start_and_not_its_end(store: Store) -> None:
    await store.write(Batches().next([tick("A", 1.0, ms) for ms in (0, 10, 20, 30)]))
    found = await ticks_of(store, "A", START_US + 10_000, START_US + 30_000)
    assert [(each.timestamp_us - START_US) // 1000 for each in found] == [10, 20]


async def test_ticks_are_read_page_by_page_across_blocks(store: Store) -> None:
    batches = Batches()
    sent = [tick("A" if at % 3 else "B", 1.0 + at, at) for at in range(30_000)]
    for at in range(0, len(sent), 5_000):
        await store.write(batches.next(*[sent[each : each + 500] for each in range(at, at + 5_000, 500)]))
    found: list[PriceUpdate] = []
    after = None
    while page := await store.observations(PRICES, "A", *FOR_EVER, after, 3_333):
        assert len(page) <= 3_333
        found += [each for _, each in page]
        after = page[-1][0]
    expected = [each for each in sent if each.symbol == "A"]
    assert found == expected
    found = []
    after = None
    while page := await store.observations(PRICES, "A", *FOR_EVER, after, 3_333, newest_first=True):
        assert len(page) <= 3_333
        found += [each for _, each in page]
        after = page[-1][0]
    assert found == expected[::-1]


async def test_the_log_goes_on_behind_any_block(store: Store) -> None:
    batches = Batches()
    for ms in range(3):
        await store.write(batches.next([tick("A", 1.0, ms)]))
    assert [block.seq async for block in store.blocks(0)] == [1, 2, 3]
    assert [block.seq async for block in store.blocks(2)] == [3]


async def test_states_are_those_written_last(store: Store) -> None:
    batches = Batches()
    await store.write(batches.next(TICKS[:1]))
    await store.write(batches.next(TICKS[1:]))
    restored = SymbolBook(RULES)
    for state in await store.states():
        assert state.seq == batches.seq
        restored.restore(state.key, state.checkpoint)
    for symbol in ("A", "B/C"):
        assert restored.snapshot(symbol) == batches.book.snapshot(symbol)
    assert await store.position() == Position(2, batches.seq, batches.seq, batches.seq)


async def test_a_batch_that_is_there_already_is_passed_over(store: Store) -> None:
    batches = Batches()
    batch = batches.next([tick("A", 100.0, 0, 2.0), tick("A", 110.0, 1, 3.0)])
    await store.write(batch)
    await store.write(batch)
    assert len(await ticks_of(store, "A")) == 2
    assert len(await prices_in(store).anomalies(EventFilter(), None, 10)) == 1
    ((_, _, candles),) = await prices_in(store).candles("A", Interval.M1, *FOR_EVER, 10)
    assert [candle.count for candle in candles] == [2]


@pytest.mark.parametrize("interval", list(Interval))
async def test_late_ticks_are_corrected_into_stored_candles(store: Store, interval: Interval) -> None:
    batches = Batches()
    day_ms = 86_400_000
    await store.write(batches.next([tick("A", 100.0, 0, 1.0), tick("A", 103.0, 900), tick("A", 50.0, day_ms)]))
    await store.write(batches.next([tick("A", 90.0, 100, 3.0), tick("A", 99.0, 950), tick("B", 1.0, 0)]))
    chunks = await prices_in(store).candles("A", interval, START_US - interval.width_us, START_US + 10**6, 10)
    ((_, seq, (candle,)),) = chunks
    assert seq == batches.seq
    assert (candle.open, candle.high, candle.low, candle.close) == (100.0, 103.0, 90.0, 99.0)
    assert (candle.count, candle.volume, candle.vwap) == (4, Decimal(4), 92.5)


async def test_candles_come_by_the_chunk(store: Store) -> None:
    await store.write(Batches().next([tick("A", 1.0 + minute, minute * 60_000) for minute in range(200)]))
    chunks = await prices_in(store).candles("A", Interval.M1, *FOR_EVER, 2)
    assert len(chunks) == 2
    assert all(start == chunk[0].start_us // 3_600_000_000 * 3_600_000_000 for start, _, chunk in chunks)
    chunks = await prices_in(store).candles("A", Interval.M1, *FOR_EVER, 10)
    every = [candle for _, _, chunk in chunks for candle in chunk]
    assert [candle.open for candle in every] == [1.0 + minute for minute in range(200)]
    newest = await prices_in(store).candles("A", Interval.M1, *FOR_EVER, 2, newest_first=True)
    assert [(start, len(own)) for start, _, own in newest] == [(start, len(own)) for start, _, own in chunks[:-3:-1]]


async def test_anomalies_are_found_by_every_filter_and_page_by_page(store: Store) -> None:
    batches = Batches()
    moves = [tick(symbol, price, ms) for ms in range(0, 30_000, 3_000) for symbol in "AB" for price in (100.0, 102.5)]
    falling = [tick("A", price, 60_000 + at) for at, price in enumerate((100.0, 90.0, 95.0))]
    await store.write(batches.next([*moves, *falling]))
    every = [each.anomaly for each in await prices_in(store).anomalies(EventFilter(), None, 1000)]
    assert len(every) > 20
    assert [each.order for each in every] == sorted((each.order for each in every), reverse=True)
    for matching in (
        EventFilter(symbol="B"),
        EventFilter(direction=Direction.DOWN),
        EventFilter(severity=Severity.CRITICAL),
        EventFilter(from_us=START_US + 10_000_000),
        EventFilter(to_us=START_US + 10_000_000),
        EventFilter("A", Direction.UP, Severity.MEDIUM, START_US + 10_000_000, START_US + 20_000_000),
    ):
        expected = [each for each in every if matching.matches(each)]
        assert [each.anomaly for each in await prices_in(store).anomalies(matching, None, 1000)] == expected
        assert expected
    paged: list[Any] = []
    before = None
    while page := await prices_in(store).anomalies(EventFilter(), before, 3):
        paged += [each.anomaly for each in page]
        before = paged[-1].order
    assert paged == every
    paged = []
    after = None
    while page := await prices_in(store).anomalies(EventFilter(), after, 3, newest_first=False):
        paged += [each.anomaly for each in page]
        after = paged[-1].order
    assert paged == every[::-1]


async def test_an_anomaly_is_found_by_its_id_and_tells_where_its_tick_stands(store: Store) -> None:
    batches = Batches()
    await store.write(batches.next([tick("B", 1.0, 0)]))
    await store.write(batches.next([tick("A", 100.0, 0)], [tick("A", 101.0, 1), tick("A", 103.0, 2)]))
    (newest,) = await prices_in(store).anomalies(EventFilter(), None, 1)
    found = await prices_in(store).anomaly(newest.anomaly.id)
    assert found == newest
    place = dict(await store.observations(PRICES, "A", *FOR_EVER, None, 10))[found.seq, found.place]
    assert place.price == found.anomaly.new_price == 103.0


async def test_answers_are_kept_in_order_and_the_newest_of_a_key(store: Store) -> None:
    batches = Batches()
    one, two = StoredAnswer("one", b"1", 202, b"{}", START_US), StoredAnswer("two", b"2", 200, b"[]", START_US + 5)
    again = StoredAnswer("one", b"3", 202, b"{}", START_US + 9)
    await store.write(batches.next(answers=[one, two]))
    assert list(await store.answers(START_US)) == [one, two]
    await store.write(batches.next(answers=[again]))
    assert list(await store.answers(START_US)) == [two, again]
    assert list(await store.answers(START_US + 6)) == [again]


async def test_blocks_with_ids_are_those_written_since(store: Store) -> None:
    batches = Batches()
    await store.write(batches.next([tick("A", 1.0, 0, None, "old")], written_us=START_US))
    await store.write(batches.next([tick("A", 1.0, 1)], written_us=START_US + 10))
    await store.write(batches.next([tick("A", 1.0, 2, None, "new")], written_us=START_US + 20))
    found = [(at, block.columns.ids) async for at, block in store.blocks_with_ids(START_US + 5)]
    assert found == [(START_US + 20, ["new"])]


async def test_the_oldest_ticks_are_pruned_a_few_at_a_time(store: Store) -> None:
    batches = Batches()
    for at in range(10):
        await store.write(batches.next([tick("A", 1.0, at)], written_us=START_US + at))
    assert await store.log_written_before(START_US) == 0
    assert await store.log_written_before(START_US + 4) == 4
    assert await store.log_over(10**9) == 0
    assert await store.log_over(0) == 10
    assert [await store.prune_log(4, 3), await store.prune_log(4, 3)] == [3, 1]
    assert [block.seq async for block in store.blocks(4)] == [5, 6, 7, 8, 9, 10]
    assert len(await ticks_of(store, "A")) == 6


async def test_old_anomalies_and_answers_are_pruned(store: Store) -> None:
    batches = Batches()
    moves = [tick(symbol, price, ms) for ms in range(0, 30_000, 3_000) for symbol in "AB" for price in (100.0, 110.0)]
    await store.write(batches.next(moves, answers=[StoredAnswer("k", b"", 202, b"", START_US)]))
    assert await prices_in(store).events_over("anomalies", 20) is None
    over = await prices_in(store).events_over("anomalies", 15)
    assert over is not None
    assert await prices_in(store).prune_events("anomalies", None, over, 100) >= 4
    left = await prices_in(store).anomalies(EventFilter(), None, 100)
    # Two at every moment, which stay or go together.
    assert len(left) == 16
    assert await prices_in(store).prune_events("anomalies", "A", START_US + 10**9, 3) == 3
    await prices_in(store).prune_events("anomalies", "A", START_US + 10**9, 100)
    assert {each.anomaly.symbol for each in await prices_in(store).anomalies(EventFilter(), None, 100)} == {"B"}
    assert await store.prune_answers(START_US) == 0
    assert await store.prune_answers(START_US + 1) == 1


async def test_moves_are_stored_as_of_their_last_change(store: Store) -> None:
    batches = Batches()
    rising = [tick("A", price, at * 100) for at, price in enumerate((100.0, 103.0, 104.0, 103.5))]
    await store.write(batches.next(rising, [tick("B", 50.0, 0), tick("B", 40.0, 1)]))
    down, up = await prices_in(store).moves(EventFilter(), None, 10, newest_first=False)
    assert (up.count, up.peak_price, up.has_ended) == (3, 104.0, False)
    assert (down.direction, down.count, down.severity) == (Direction.DOWN, 1, Severity.CRITICAL)
    await store.write(batches.next([tick("A", 104.0, 5_000), tick("A", 110.0, 5_001)]))
    newest, ended = await prices_in(store).moves(EventFilter(symbol="A"), None, 10)
    assert (ended.id, ended.count, ended.has_ended, ended.last_at_us) == (up.id, 3, True, START_US + 300_000)
    assert (newest.count, newest.has_ended) == (1, False)
    assert await prices_in(store).moves(EventFilter(symbol="A"), newest.order, 10) == [ended]
    assert await prices_in(store).moves(EventFilter(severity=Severity.HIGH), None, 10) == [ended]
    assert await prices_in(store).moves(EventFilter(to_us=START_US + 50_000), None, 10) == [down]
    assert await prices_in(store).prune_events("moves", "A", START_US + 10**9, 1) == 1
    assert await prices_in(store).moves(EventFilter(symbol="A"), None, 10) == [newest]


async def test_old_candles_are_pruned_by_symbol_and_interval(store: Store) -> None:
    await store.write(Batches().next([tick(symbol, 1.0, hour * 3_600_000) for symbol in "AB" for hour in range(10)]))
    await prices_in(store).prune_candles(Interval.M1, "A", START_US + 5 * 3_600_000_000, 100)

    async def count(symbol: str, interval: Interval) -> int:
        return sum(len(chunk) for _, _, chunk in await prices_in(store).candles(symbol, interval, *FOR_EVER, 100))

    assert await count("A", Interval.M1) < 10
    assert [await count("B", Interval.M1), await count("A", Interval.H1)] == [10, 10]


async def test_what_was_written_is_there_after_a_restart(new_store: Callable[[], Store]) -> None:
    batches = Batches()
    first = new_store()
    await first.open()
    await first.write(batches.next(TICKS))
    await first.close()
    second = new_store()
    await second.open()
    assert [found async for block in second.blocks(0) for found in ticks_in(block)] == TICKS
    assert (await second.position()).batch == 1
    await second.write(batches.next([tick("A", 1.0, 99)]))
    assert len(await ticks_of(second, "A")) == 4
    await second.close()
