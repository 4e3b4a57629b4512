"""Candles are merged into stored chunks, whichever of them are cached."""

from collections.abc import Iterable, Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from domain.bars import SECOND_US, Interval
from domain.prices.candle_book import CandleBook
from domain.prices.ticks import Ticks
from infrastructure.prices.price_format import PRICE_CANDLES
from infrastructure.storage.candle_chunks import CHUNK, CandleChunks, ChunkKey

MINUTE_US = CHUNK * SECOND_US


class Store:
    """Keeps rows, and counts the chunks that are read again."""

    def __init__(self) -> None:
        self.rows: dict[ChunkKey, tuple[Any, ...]] = {}
        self.reads: list[ChunkKey] = []

    def write(self, chunks: CandleChunks, ticks: Sequence[tuple[str, float, int]]) -> None:
        book = CandleBook()
        book.apply(Ticks(*[list(column) for column in zip(*ticks, strict=True)]))
        for row in chunks.merged(book, 1, self._load):
            self.rows[row[:3]] = row

    def _load(self, keys: Sequence[ChunkKey]) -> Iterable[tuple[Any, ...]]:
        self.reads += [key for key in keys if key in self.rows]
        return [self.rows[key] for key in keys if key in self.rows]

    def candles(self) -> dict[tuple[int, str, int], tuple[object, ...]]:
        return {
            (width, symbol, candle.start_us): (candle.open, candle.high, candle.low, candle.close, candle.count)
            for (width, symbol, _), row in self.rows.items()
            for candle in PRICE_CANDLES.candles_of(row)
        }


TICKS = st.lists(
    st.tuples(st.sampled_from("AB"), st.floats(1, 9), st.integers(0, 5 * 60).map(lambda second: second * SECOND_US)),
    min_size=1,
    max_size=8,
)


@given(st.lists(TICKS, min_size=1, max_size=6))
def test_any_lots_of_ticks_give_the_candles_of_all_of_them(lots: list[list[tuple[str, float, int]]]) -> None:
    together, apart, chunks = Store(), Store(), CandleChunks(PRICE_CANDLES)
    together.write(CandleChunks(PRICE_CANDLES), [tick for lot in lots for tick in lot])
    for lot in lots:
        apart.write(chunks, lot)
    assert apart.candles() == together.candles()


def test_newest_chunk_is_not_read_again_and_older_ones_are_not_kept() -> None:
    store, chunks = Store(), CandleChunks(PRICE_CANDLES)
    for second in range(0, 3 * CHUNK, 20):
        store.write(chunks, [("A", 1.0, second * SECOND_US)])
    assert store.reads == []
    kept = [start_us for start_us, _ in chunks._newest.values()]  # what is in memory shows nowhere else
    assert kept == [2 * MINUTE_US] + [0] * (len(Interval) - 1)
    store.write(chunks, [("A", 2.0, 5 * SECOND_US)])
    assert store.reads == [(1, "A", 0)]
    assert store.candles()[1, "A", 5 * SECOND_US] == (2.0, 2.0, 2.0, 2.0, 1)
