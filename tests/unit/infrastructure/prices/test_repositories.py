import random

import pytest

from application.prices.ports.event_repository import EventFilter, EventOrder
from domain.prices.price_anomaly import Direction, PriceAnomaly, Severity, make_anomaly
from domain.prices.price_update import PriceUpdate
from domain.prices.symbol_statistics import SymbolStatistics
from domain.prices.ticks import Ticks
from infrastructure.prices.recent_events import RecentEvents
from infrastructure.prices.stored_events import StoredEvents
from infrastructure.processing.in_memory_states import InMemoryStates
from infrastructure.processing.placement import partition_of
from support.processing import partitions_of, snapshots_of


async def test_statistics_come_sorted_in_pages_whatever_partition_they_are_in() -> None:
    partitions = partitions_of(3)
    repository: InMemoryStates[SymbolStatistics] = InMemoryStates(snapshots_of(partitions))
    names = [f"S{i:02}" for i in range(10)]
    for name in reversed(names):
        partitions[partition_of(name, 3)].book.apply(Ticks.of([PriceUpdate(name, 1.0, 0)]))
    first = await repository.page(None, None, 4)
    assert [item.symbol for item in first.items] == names[:4]
    assert (first.total, first.next_after) == (10, "S03")
    partitions[partition_of("S03A", 3)].book.apply(Ticks.of([PriceUpdate("S03A", 1.0, 0)]))
    second = await repository.page(None, first.next_after, 20)
    assert [item.symbol for item in second.items] == ["S03A", *names[4:]]
    assert (second.total, second.next_after) == (11, None)


async def test_chosen_symbols_are_those_that_exist() -> None:
    partitions = partitions_of(1)
    partitions[0].book.apply(Ticks.of([PriceUpdate("A", 1.0, 0), PriceUpdate("C", 1.0, 0)]))
    repository: InMemoryStates[SymbolStatistics] = InMemoryStates(snapshots_of(partitions))
    page = await repository.page(("C", "B", "A"), None, 10)
    assert [item.symbol for item in page.items] == ["A", "C"]
    assert page.total == 2


def anomaly(symbol: str, time_us: int, sequence: int = 1, up: bool = True, price: float = 104.0) -> PriceAnomaly:
    return make_anomaly(symbol, sequence, Direction.UP if up else Direction.DOWN, 100.0, price, time_us)


async def test_anomalies_come_newest_first_in_pages() -> None:
    repository: RecentEvents[PriceAnomaly] = RecentEvents(100)
    await repository.publish([anomaly("A", time_us) for time_us in range(5)])
    first = await repository.page(EventFilter(), None, 2)
    assert [item.detected_at_us for item in first.items] == [4, 3]
    await repository.publish([anomaly("A", 9)])
    second = await repository.page(EventFilter(), first.next_after, 3)
    assert [item.detected_at_us for item in second.items] == [2, 1, 0]
    assert second.next_after is None


@pytest.mark.parametrize(
    ("matching", "times"),
    [
        (EventFilter(), [4, 3, 2, 1]),
        (EventFilter(symbol="A"), [3, 1]),
        (EventFilter(symbol="NONE"), []),
        (EventFilter(direction=Direction.DOWN), [4]),
        (EventFilter(severity=Severity.CRITICAL), [3]),
        (EventFilter(from_us=3), [4, 3]),
        (EventFilter(symbol="B", from_us=3, direction=Direction.DOWN), [4]),
    ],
)
async def test_filters(matching: EventFilter, times: list[int]) -> None:
    repository: RecentEvents[PriceAnomaly] = RecentEvents(100)
    await repository.publish(
        [anomaly("A", 1), anomaly("B", 2), anomaly("A", 3, price=120.0), anomaly("B", 4, up=False, price=96.0)]
    )
    page = await repository.page(matching, None, 10)
    assert [item.detected_at_us for item in page.items] == times


async def test_anomalies_come_oldest_first_in_pages_too() -> None:
    repository: RecentEvents[PriceAnomaly] = RecentEvents(100)
    await repository.publish([anomaly("A", time_us) for time_us in range(6)])
    in_range = EventFilter(from_us=1, to_us=5)
    first = await repository.page(in_range, None, 2, newest_first=False)
    assert [item.detected_at_us for item in first.items] == [1, 2]
    second = await repository.page(in_range, first.next_after, 2, newest_first=False)
    assert [item.detected_at_us for item in second.items] == [3, 4]
    assert second.next_after is None


async def test_the_newest_are_kept_whatever_order_they_come_in() -> None:
    anomalies = [anomaly(f"S{i % 3}", i // 2, sequence=i) for i in range(40)]
    kept = []
    for seed in range(3):
        shuffled = anomalies.copy()
        random.Random(seed).shuffle(shuffled)
        repository: RecentEvents[PriceAnomaly] = RecentEvents(7)
        for each in shuffled:
            await repository.publish([each])
        page = await repository.page(EventFilter(), None, 100)
        kept.append(page.items)
        by_symbol = [(await repository.page(EventFilter(symbol=f"S{i}"), None, 100)).items for i in range(3)]
        assert sorted(each.order for items in by_symbol for each in items) == sorted(each.order for each in page.items)
    assert kept[0] == kept[1] == kept[2] == tuple(sorted(anomalies, key=lambda each: each.order)[:-8:-1])


async def test_counts_go_on_when_anomalies_are_let_go() -> None:
    repository: RecentEvents[PriceAnomaly] = RecentEvents(1)
    await repository.publish([anomaly("A", 1), anomaly("A", 2)])
    assert repository.counts[Direction.UP, Severity.HIGH] == 2


async def test_what_memory_has_left_out_is_found_though_a_symbol_was_forgotten() -> None:
    every = [anomaly(symbol, time_us) for time_us in range(10) for symbol in "AB"]

    async def query(
        matching: EventFilter, after: EventOrder | None, limit: int, newest_first: bool
    ) -> list[PriceAnomaly]:
        chosen = [each for each in every if matching.matches(each) and (after is None or each.order < after)]
        return sorted(chosen, key=lambda each: each.order, reverse=newest_first)[:limit]

    recent: RecentEvents[PriceAnomaly] = RecentEvents(5)
    repository = StoredEvents(recent, query)
    await repository.publish(every)
    recent.forget("A")
    every = [each for each in every if each.symbol == "B"]
    # An older one must not come back as if nothing had been left out between.
    await recent.publish([every[0]])
    for limit in (1, 3, 100):
        found: list[PriceAnomaly] = []
        after: EventOrder | None = None
        while True:
            page = await repository.page(EventFilter(), after, limit)
            found += page.items
            after = page.next_after
            if after is None:
                break
        assert [each.detected_at_us for each in found] == list(range(9, -1, -1))


async def test_what_did_not_fit_at_the_start_is_found_in_the_store() -> None:
    every = [anomaly("A", time_us) for time_us in range(10)]

    async def query(
        matching: EventFilter, after: EventOrder | None, limit: int, newest_first: bool
    ) -> list[PriceAnomaly]:
        chosen = [each for each in every if after is None or each.order < after]
        return sorted(chosen, key=lambda each: each.order, reverse=newest_first)[:limit]

    recent: RecentEvents[PriceAnomaly] = RecentEvents(4)
    repository = StoredEvents(recent, query)
    await repository.recover()
    assert not recent.is_complete
    page = await repository.page(EventFilter(), None, 100)
    assert [each.detected_at_us for each in page.items] == list(range(9, -1, -1))
