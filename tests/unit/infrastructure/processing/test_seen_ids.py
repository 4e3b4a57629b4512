from domain.prices.price_update import PriceUpdate
from domain.prices.ticks import Ticks
from infrastructure.processing.seen_ids import SeenIds

SECOND = 1_000_000


def ticks(*names: str | None, symbol: str = "A") -> Ticks:
    return Ticks.of(PriceUpdate(symbol, 1.0, 0, None, name) for name in names)


def test_an_id_is_new_once_for_each_symbol() -> None:
    ids = SeenIds(10, 60.0)
    assert ids.register(ticks("x", "y", "x"), 0) == [2]
    assert ids.register(ticks("z", "y"), 0) == [1]
    assert ids.register(ticks("x", symbol="B"), 0) == []


def test_ticks_without_ids_are_always_new() -> None:
    ids = SeenIds(10, 60.0)
    assert [ids.register(ticks(None, None), 0), ids.register(ticks(None, "x"), 0)] == [[], []]
    assert len(ids) == 1


def test_an_id_is_forgotten_after_its_time() -> None:
    ids = SeenIds(10, 60.0)
    ids.register(ticks("x"), 0)
    assert ids.register(ticks("x"), 60 * SECOND) == [0]
    assert ids.register(ticks("x"), 60 * SECOND + 1) == []


def test_the_oldest_ids_go_when_there_are_too_many() -> None:
    ids = SeenIds(2, 60.0)
    ids.register(ticks("x", "y", "z"), 0)
    assert len(ids) == 2
    assert ids.register(ticks("z", "x"), 0) == [0]


def test_ticks_that_were_not_kept_may_come_again() -> None:
    ids = SeenIds(10, 60.0)
    ids.register(ticks("x", None, "y"), 0)
    ids.forget(ticks("x", None))
    assert ids.register(ticks("x", "y"), 0) == [1]
