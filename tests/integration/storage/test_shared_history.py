"""Members of a cluster add to one history, each for its partitions."""

from collections.abc import Callable
from typing import cast

import pytest

from domain.bars import Interval
from domain.prices.symbol_book import SymbolBook
from domain.prices.ticks import Ticks
from infrastructure.cluster.pending_history import PendingHistory
from infrastructure.prices.price_format import PRICES
from infrastructure.prices.price_store import SqlPriceStore
from infrastructure.storage.records import HistoryPart, LogPlace
from infrastructure.storage.sql_store import SqlStore
from infrastructure.storage.store import Store
from support.batches import RULES, START_US, SUBJECT, tick

FIRST, SECOND = LogPlace("trading", PRICES, 0), LogPlace("trading", PRICES, 1)


class Owner:
    """Applies ticks of one partition."""

    def __init__(self) -> None:
        self.book = SymbolBook(RULES)
        self.pending = PendingHistory(SUBJECT)

    def parts(self, *updates: object, forget: str = "") -> list[HistoryPart]:
        if updates:
            ticks = Ticks.of(updates)  # type: ignore[arg-type]  # ticks
            self.pending.record(ticks, self.book.apply(ticks))
        if forget:
            self.pending.forget(forget)
        parts = self.pending.parts()
        self.pending.added(len(parts), 0)
        return parts


@pytest.fixture
async def shared(new_store: Callable[[], Store]) -> SqlStore:
    store = new_store()
    if not isinstance(store, SqlStore):
        pytest.skip("members share a database")
    await store.open()
    store.is_shared = True
    return store


async def symbols_of(store: SqlStore, symbol: str) -> list[float]:
    found = await store.observations(PRICES, symbol, 0, START_US * 2, None, 100)
    return [cast("float", each.price) for _, each in found]


async def test_partitions_are_added_one_after_the_other(shared: SqlStore) -> None:
    first, second = Owner(), Owner()
    assert await shared.history_upto(FIRST) == 0
    assert await shared.add_history(FIRST, 0, 3, first.parts(tick("A", 100.0, 0), tick("A", 103.0, 1)), START_US)
    assert await shared.add_history(SECOND, 0, 1, second.parts(tick("B", 1.0, 0)), START_US)
    assert await shared.add_history(FIRST, 3, 4, first.parts(tick("A", 104.0, 2)), START_US)
    assert (await shared.history_upto(FIRST), await shared.history_upto(SECOND)) == (4, 1)
    assert await symbols_of(shared, "A") == [100.0, 103.0, 104.0]
    assert await symbols_of(shared, "B") == [1.0]
    prices = SqlPriceStore(shared)
    [(_, _, candles)] = await prices.candles("A", Interval.S1, 0, START_US * 2, 10)
    assert [candle.count for candle in candles] == [3]
    assert await shared.damages() == []
    await shared.close()


async def test_an_owner_that_is_behind_adds_nothing(shared: SqlStore) -> None:
    owner, zombie = Owner(), Owner()
    assert await shared.add_history(FIRST, 0, 2, owner.parts(tick("A", 1.0, 0)), START_US)
    assert not await shared.add_history(FIRST, 0, 2, zombie.parts(tick("A", 1.0, 0)), START_US)
    assert await symbols_of(shared, "A") == [1.0]
    await shared.close()


async def test_the_same_partition_of_another_cluster_is_another_one(shared: SqlStore) -> None:
    other = LogPlace("research", PRICES, 0)
    assert await shared.add_history(FIRST, 0, 2, Owner().parts(tick("A", 1.0, 0)), START_US)
    assert await shared.history_upto(other) == 0
    await shared.close()


async def test_a_forgotten_key_is_gone_up_to_where_it_was_forgotten(shared: SqlStore) -> None:
    owner = Owner()
    parts = [
        *owner.parts(tick("A", 1.0, 0), tick("B", 1.0, 0), forget="A"),
        *owner.parts(tick("A", 2.0, 1)),
    ]
    assert await shared.add_history(FIRST, 0, 3, parts, START_US)
    assert await symbols_of(shared, "A") == [2.0]
    while await shared.erase(10):
        pass
    assert await symbols_of(shared, "A") == [2.0]
    assert await symbols_of(shared, "B") == [1.0]
    await shared.close()
