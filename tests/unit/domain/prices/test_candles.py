from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.bars import Interval, rolled_up
from domain.numbers import written
from domain.prices.candle import Candle
from domain.prices.candle_book import CandleBook
from domain.prices.price_update import PriceUpdate
from domain.prices.ticks import Ticks

WIDE = [Decimal("100.00000000000000000001"), Decimal("0.1000000000000000000001")]
PRICES = st.sampled_from([100.0, 100.5, 99.5, 0.1, 1e-12, 12345678.87654321, *WIDE])
VOLUMES = st.sampled_from([None, 0.0, 0.1, 0.2, 1.0, 1e-12, 1e12, Decimal("0.300000000000000000000001")])
TICKS = st.lists(st.tuples(PRICES, st.integers(0, 200_000_000).map(lambda at: at // 250_000 * 250_000), VOLUMES))


def book_of(*ticks: tuple[Any, int, Any]) -> CandleBook:
    book = CandleBook()
    book.apply(Ticks.of(PriceUpdate("A", price, time_us, volume) for price, time_us, volume in ticks))
    return book


def naive(ticks: list[tuple[Any, int, Any]], width_us: int) -> dict[int, tuple[Any, ...]]:
    """Every candle worked out from the whole list of its ticks."""
    starts = {time_us - time_us % width_us for _, time_us, _ in ticks}
    candles = {}
    for start in starts:
        own = [tick for tick in ticks if start <= tick[1] < start + width_us]
        first = min(time_us for _, time_us, _ in own)
        last = max(time_us for _, time_us, _ in own)
        volumes = [(Fraction(written(price)), Fraction(written(v))) for price, _, v in own if v is not None]
        candles[start] = (
            next(price for price, time_us, _ in own if time_us == first),
            max((price for price, _, _ in own), key=written),
            min((price for price, _, _ in own), key=written),
            next(price for price, time_us, _ in reversed(own) if time_us == last),
            len(own),
            sum(volume for _, volume in volumes) if volumes else None,
            sum(price * volume for price, volume in volumes) if volumes else None,
        )
    return candles


def shown(candles: list[Candle]) -> dict[int, tuple[Any, ...]]:
    return {
        each.start_us: (
            each.open,
            each.high,
            each.low,
            each.close,
            each.count,
            None if each.volume is None else Fraction(each.volume),
            None if each.turnover is None else Fraction(each.turnover),
        )
        for each in candles
    }


@given(TICKS, st.sampled_from(list(Interval)))
def test_candles_are_those_of_a_naive_model(ticks: list[tuple[Any, int, Any]], interval: Interval) -> None:
    seconds = book_of(*ticks).candles("A")
    assert shown(seconds) == naive(ticks, 1_000_000)
    assert shown(rolled_up(seconds, interval.width_us)) == naive(ticks, interval.width_us)


@given(TICKS, st.integers(0, 30))
def test_candles_of_two_lots_merge_into_those_of_all(ticks: list[tuple[Any, int, Any]], cut: int) -> None:
    batches = book_of(*ticks[:cut]).candles("A") + book_of(*ticks[cut:]).candles("A")
    assert shown(rolled_up(batches, 1_000_000)) == naive(ticks, 1_000_000)
    assert shown(rolled_up(batches, 60_000_000)) == naive(ticks, 60_000_000)


def test_the_turnover_of_the_largest_numbers_is_exact() -> None:
    ticks = [(9_999_999.12345678, 0, 9_999_998.87654321)] * 10_000
    (candle,) = book_of(*ticks).candles("A")
    assert candle.volume == Decimal("9999998.87654321") * 10_000
    assert Fraction(str(candle.turnover)) == Fraction("9999999.12345678") * Fraction("9999998.87654321") * 10_000


def test_looking_at_candles_leaves_them_as_they_are() -> None:
    ticks = [(100.0, 0, 1.0), (101.0, 500_000, None)]
    book = book_of(*ticks)
    assert shown(book.candles("A")) == shown(book.candles("A")) == naive(ticks, 1_000_000)
    assert (book.symbols(), book.candles("B")) == (["A"], [])


def test_volumes_add_up_as_decimals_do() -> None:
    (candle,) = book_of(*[(100.0, 0, 0.1)] * 3).candles("A")
    assert candle.volume == Decimal("0.3")
    assert candle.vwap == 100.0


@pytest.mark.parametrize("volume", [None, 0.0], ids=["unknown", "zero"])
def test_no_volume_gives_no_vwap(volume: float | None) -> None:
    (candle,) = book_of((100.0, 0, volume)).candles("A")
    assert candle.vwap is None


def test_volumes_of_any_size_do_not_raise() -> None:
    (candle,) = book_of((1e300, 0, 1e300), (1e-300, 0, 1e-300)).candles("A")
    assert candle.count == 2
    assert candle.vwap == 1e300
