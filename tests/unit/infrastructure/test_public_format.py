from dataclasses import dataclass
from decimal import Decimal

import msgspec
import pytest

from domain.prices.price_anomaly import Direction, PriceAnomaly, Severity
from domain.prices.price_move import MoveChange, PriceMove
from domain.prices.symbol_statistics import SymbolStatistics
from infrastructure.public_format import PublicFormat
from support.batches import SUBJECT

DIGITS = Decimal("1.2345678901234567890123")


@pytest.mark.parametrize("price", [1.5, DIGITS], ids=["a float", "more digits than a float holds"])
def test_what_readers_see_is_the_same_after_the_way(price: float | Decimal) -> None:
    public = SUBJECT.public
    statistics = SymbolStatistics("A", price, 1.5, 1e300, price, 3, 1, 2, 1_700_000_000_000_000)
    assert public.decode_snapshot(public.encode_snapshot(statistics)) == statistics
    anomaly = PriceAnomaly("A", 7, Direction.UP, price, 2.0, 12.5, Severity.HIGH, 5)
    move = PriceMove("A", 7, Direction.DOWN, 1, 2, price, 2.0, -3.0, Severity.CRITICAL, 2, True, MoveChange.ENDED)
    for event in (anomaly, move):
        assert public.decode_event(*public.encode_event(event)) == event
    # A move begins with an anomaly of the same id, and is another event.
    assert public.encode_event(anomaly)[0] != public.encode_event(move)[0]


def test_a_newer_version_may_add_a_field_with_a_default() -> None:
    @dataclass(frozen=True)
    class Old:
        total: int

    @dataclass(frozen=True)
    class New:
        total: int
        unit: str = "pieces"

    old, new = PublicFormat(Old, {}), PublicFormat(New, {})
    assert new.decode_snapshot(old.encode_snapshot(Old(3))) == New(3)
    assert old.decode_snapshot(new.encode_snapshot(New(3, "tons"))) == Old(3)


def test_bytes_of_something_else_are_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        SUBJECT.public.decode_snapshot(msgspec.msgpack.encode({"symbol": 3}))
