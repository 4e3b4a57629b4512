"""Candles in chunks, the form in which they are stored."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from typing import Any

import structlog

from domain.prices.candle import Candle, Interval, in_chunks, merge_into
from domain.prices.candle_book import CandleBook
from infrastructure.prices.price_format import decode_candles, encode_candles
from infrastructure.storage.payloads import Corrupt, check, seal

_log = structlog.stdlib.get_logger(__name__)

# Candles per row: an hour of one-minute candles is one row, a day of them 24.
CHUNK = 60
# In candles, about 300 bytes each.
_REMEMBERED_MAX = 100_000

# (width in seconds, symbol, start in microseconds)
ChunkKey = tuple[int, str, int]


def chunk_start(interval: Interval, time_us: int) -> int:
    """Return the start of the chunk that contains a moment."""
    return time_us - time_us % (CHUNK * interval.width_us)


class CandleChunks:
    """Merges changed candles into stored ones, and caches the newest chunk of each symbol and interval.

    Older chunks change only by late ticks, and are read again then.

    Not safe for two writers. After a failed write, call `forget` to clear the cache.
    """

    def __init__(self) -> None:
        # By width and symbol: the start of the chunk, and its candles.
        self._newest: OrderedDict[tuple[int, str], tuple[int, dict[int, Candle]]] = OrderedDict()
        self._count = 0

    def merged(
        self, book: CandleBook, seq: int, load: Callable[[Sequence[ChunkKey]], Iterable[tuple[Any, ...]]]
    ) -> list[tuple[Any, ...]]:
        """Return the `CANDLE_CHUNK` rows with the book's candles merged in.

        load: returns those of the given chunks that are stored.
        """
        changed = _chunks_of(book)
        missing = [key for key in changed if not self._has(key)]
        stored = {}
        for row in load(missing):
            try:
                stored[row[:3]] = {candle.start_us: candle for candle in candles_of(row)}
            except Corrupt as error:
                # Left as it is, for `marketdata db check`; a damaged chunk must not block the log.
                _log.error("candles are not stored", reason=str(error))
                del changed[row[:3]]
        rows = []
        # Old to new, so that a chunk is merged before a newer one takes its place.
        for key, candles in sorted(changed.items(), key=itemgetter(0)):
            chunk = self._take(key) if self._has(key) else stored.get(key, {})
            merge_into(chunk, candles)
            self._remember(key, chunk)
            payload = encode_candles(chunk)
            rows.append((*key, seq, payload, seal(payload, *key, seq)))
        while self._count > _REMEMBERED_MAX:
            self._count -= len(self._newest.popitem(last=False)[1][1])
        return rows

    def forget(self) -> None:
        self._newest.clear()
        self._count = 0

    def _has(self, key: ChunkKey) -> bool:
        known = self._newest.get(key[:2])
        return known is not None and known[0] == key[2]

    def _take(self, key: ChunkKey) -> dict[int, Candle]:
        chunk = self._newest.pop(key[:2])[1]
        self._count -= len(chunk)
        return chunk

    def _remember(self, key: ChunkKey, chunk: dict[int, Candle]) -> None:
        known = self._newest.get(key[:2])
        if known is not None:
            if known[0] > key[2]:
                return
            self._take(key)
        self._newest[key[:2]] = (key[2], chunk)
        self._count += len(chunk)


def candles_of(row: tuple[Any, ...]) -> list[Candle]:
    """Decode the candles of a `CANDLE_CHUNK` row. Raises Corrupt."""
    width, symbol, start_us, seq, payload, crc = row
    what = f"the chunk of {width} s candles of {symbol} from {start_us}"
    return decode_candles(check(crc, what, payload, width, symbol, start_us, seq))


def _chunks_of(book: CandleBook) -> dict[ChunkKey, list[Candle]]:
    """Return copies of the book's candles in every interval, by chunk."""
    return {
        (interval.seconds, symbol, start_us): candles
        for symbol in book.symbols()
        for interval, start_us, candles in in_chunks(book.candles(symbol), CHUNK)
    }
