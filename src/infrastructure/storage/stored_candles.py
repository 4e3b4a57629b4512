"""Candles from the store, and from what is not written yet, for any subject."""

from collections.abc import Sequence
from typing import Any

from domain.bars import Interval, rolled_up
from infrastructure.storage.answered import answered
from infrastructure.storage.candle_chunks import CHUNK, chunk_start
from infrastructure.storage.candle_store import CandleStore
from infrastructure.storage.journal import Journal, PendingAggregates

_CHUNKS_AT_ONCE = 32


class StoredCandles:
    """Complete up to the moment of the query, while the store works."""

    def __init__(self, store: CandleStore, journal: Journal, subject: str) -> None:
        self._store = store
        self._journal = journal
        self._subject = subject

    async def page(
        self, symbol: str, interval: Interval, from_us: int, to_us: int, limit: int, newest_first: bool = False
    ) -> tuple[tuple[Any, ...], tuple[int, int] | None]:
        """Return candles that start within [from, to), and the range of the next page, None on the last.

        Raises HistoryUnavailable.
        """
        # A batch may be written, and a new one started, during the query: include those from before and after.
        batches = self._journal.unwritten_aggregates(self._subject)
        seq_of: dict[int, int] = {}
        found: dict[int, Any] = {}
        low_us, high_us = from_us, to_us
        while low_us < high_us and len(found) <= limit:
            chunks = await answered(
                self._store.candles(symbol, interval, low_us, high_us, _CHUNKS_AT_ONCE, newest_first)
            )
            for start_us, seq, candles in chunks:
                seq_of[start_us] = seq
                found.update((candle.start_us, candle) for candle in candles)
            if len(chunks) < _CHUNKS_AT_ONCE:
                break
            if newest_first:
                high_us = chunks[-1][0]
            else:
                low_us = chunks[-1][0] + CHUNK * interval.width_us
        batches += [batch for batch in self._journal.unwritten_aggregates(self._subject) if batch not in batches]
        for batch in batches:
            for candle in _of(batch, symbol, interval):
                stored_seq = seq_of.get(chunk_start(interval, candle.start_us), -1)
                if not from_us <= candle.start_us < to_us or (batch.seq is not None and stored_seq >= batch.seq):
                    continue
                known = found.get(candle.start_us)
                if known is None:
                    found[candle.start_us] = candle
                else:
                    known.merge(candle)
        starts = sorted(found, reverse=newest_first)
        shown = tuple(found[start] for start in starts[:limit])
        if len(starts) <= limit:
            return shown, None
        return shown, (from_us, starts[limit - 1]) if newest_first else (starts[limit], to_us)


def _of(batch: PendingAggregates, symbol: str, interval: Interval) -> Sequence[Any]:
    # Of a subject with candles, these are what its observations add up to.
    book: Any = batch.aggregates
    return rolled_up(book.candles(symbol), interval.width_us)
