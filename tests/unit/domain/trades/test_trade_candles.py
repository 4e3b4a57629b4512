from fractions import Fraction
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from domain.bars import rolled_up
from domain.numbers import written
from domain.trades.trade import Side, Trade
from domain.trades.trade_candle import TradeCandle
from domain.trades.trade_candle_book import TradeCandleBook
from domain.trades.trades import Trades

MINUTE_US = 60_000_000

trades = st.builds(
    Trade,
    st.just("A"),
    st.sampled_from(Side),
    st.floats(0, 1e6),
    st.integers(0, 3 * MINUTE_US),
    st.none() | st.floats(1, 1e3),
    # Given, because a compiled tuple does not say what they are.
    venue=st.none(),
    id=st.none(),
    latency_us=st.none(),
)


def naive(given: list[Trade], width_us: int) -> dict[int, Any]:
    """The candles by start, each from all of its trades."""
    found = {}
    for start_us in {each.timestamp_us // width_us * width_us for each in given}:
        own = [each for each in given if start_us <= each.timestamp_us < start_us + width_us]
        priced = [each for each in own if each.price is not None]
        prices = [each.price for each in priced if each.price is not None]
        # Of equal times the first opens and the last closes; min and max return the first they meet.
        first = min(priced, key=lambda each: each.timestamp_us, default=None)
        last = max(reversed(priced), key=lambda each: each.timestamp_us, default=None)
        volumes = [
            sum((Fraction(written(each.quantity)) for each in own if each.side is side), Fraction(0)) for side in Side
        ]
        found[start_us] = (
            first and first.price,
            max(prices, default=None),
            min(prices, default=None),
            last and last.price,
            len(own),
            *volumes,
        )
    return found


def shown(candles: list[TradeCandle]) -> dict[int, Any]:
    return {
        each.start_us: (
            each.open,
            each.high,
            each.low,
            each.close,
            each.count,
            Fraction(each.bought.value),
            Fraction(each.sold.value),
        )
        for each in candles
    }


@given(st.lists(trades, min_size=1, max_size=20), st.integers(0, 20))
def test_candles_of_any_two_batches_are_those_of_all_trades(given_trades: list[Trade], cut: int) -> None:
    seconds = []
    for batch in (given_trades[:cut], given_trades[cut:]):
        book = TradeCandleBook()
        book.apply(Trades.of(batch))
        seconds += book.candles("A")
    assert shown(rolled_up(seconds, MINUTE_US)) == naive(given_trades, MINUTE_US)


def test_book_counts_what_it_holds_and_forgets() -> None:
    book = TradeCandleBook()
    book.apply(Trades(["A", "B", "A"], [True] * 3, [1.0] * 3, [0, 0, 1]))
    assert (book.count, book.size, book.symbols()) == (3, 2, ["A", "B"])
    # Copies, which whoever gets them may change.
    book.candles("A")[0].count = 9
    assert book.candles("A")[0].count == 2
    book.forget("A")
    assert (book.size, book.candles("A")) == (1, [])
