"""Candles in chunks, the form in which they are stored, for any subject."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Protocol

import sqlalchemy as sa
import structlog

from domain.bars import INTERVALS, Interval, in_chunks, merge_into
from infrastructure.storage.payloads import Corrupt, check, seal

_log = structlog.stdlib.get_logger(__name__)

# Candles per row: an hour of one-minute candles is one row, a day of them 24.
CHUNK = 60
# In candles, about 300 bytes each.
_REMEMBERED_MAX = 100_000
_KEYS_AT_ONCE = 200

# (width in seconds, symbol, start in microseconds)
ChunkKey = tuple[int, str, int]


class Candles(Protocol):
    """The candles of observations since they were last taken for storage."""

    def symbols(self) -> Sequence[str]: ...

    def candles(self, symbol: str, /) -> list[Any]:
        """Return copies of the symbol's candles of the shortest interval, in no particular order."""
        ...


@dataclass(frozen=True, slots=True)
class CandleFormat:
    """How a subject stores its candles. table: of the columns of `CANDLE_CHUNK`. encode: candles by their start.

    intervals: ascending; the shortest one makes all others.
    """

    subject: str
    table: sa.Table
    encode: Callable[[Mapping[int, Any]], bytes]
    decode: Callable[[bytes], list[Any]]
    intervals: Sequence[Interval] = INTERVALS

    def candles_of(self, row: tuple[Any, ...]) -> list[Any]:
        """Decode the candles of a row. Raises Corrupt."""
        width, symbol, start_us, seq, payload, crc = row
        what = f"the chunk of {width} s candles of {symbol} from {start_us}"
        return self.decode(check(crc, what, payload, width, symbol, start_us, seq))


def chunk_start(interval: Interval, time_us: int) -> int:
    """Return the start of the chunk that contains a moment."""
    return time_us - time_us % (CHUNK * interval.width_us)


class CandleChunks:
    """Merges changed candles into stored ones, and caches the newest chunk of each symbol and interval.

    Older chunks change only by late observations, and are read again then.

    Not safe for two writers. After a failed write, call `forget` to clear the cache.
    """

    def __init__(self, form: CandleFormat) -> None:
        self._form = form
        # By width and symbol: the start of the chunk, and its candles.
        self._newest: OrderedDict[tuple[int, str], tuple[int, dict[int, Any]]] = OrderedDict()
        self._count = 0

    def merged(
        self, book: Candles, seq: int, load: Callable[[Sequence[ChunkKey]], Iterable[tuple[Any, ...]]]
    ) -> list[tuple[Any, ...]]:
        """Return the rows with the book's candles merged in.

        load: returns those of the given chunks that are stored.
        """
        changed = _chunks_of(book, self._form.intervals)
        missing = [key for key in changed if not self._has(key)]
        stored = {}
        for row in load(missing):
            try:
                stored[row[:3]] = {candle.start_us: candle for candle in self._form.candles_of(row)}
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
            payload = self._form.encode(chunk)
            rows.append((*key, seq, payload, seal(payload, *key, seq)))
        while self._count > _REMEMBERED_MAX:
            self._count -= len(self._newest.popitem(last=False)[1][1])
        return rows

    def write(
        self, connection: sa.Connection, put: Callable[..., None], book: Candles, seq: int
    ) -> list[tuple[Any, ...]]:
        """Write the book's candles, in the transaction of the log. Return the rows."""
        rows = self.merged(book, seq, lambda keys: self._load(connection, keys))
        put(connection, self._form.table, rows, True)
        return rows

    def forget(self) -> None:
        self._newest.clear()
        self._count = 0

    def _load(self, connection: sa.Connection, keys: Sequence[ChunkKey]) -> Iterable[tuple[Any, ...]]:
        table = self._form.table
        key = sa.tuple_(table.c.width, table.c.symbol, table.c.start_us)
        for at in range(0, len(keys), _KEYS_AT_ONCE):
            some = keys[at : at + _KEYS_AT_ONCE]
            yield from map(tuple, connection.execute(sa.select(table).where(key.in_(some))))

    def _has(self, key: ChunkKey) -> bool:
        known = self._newest.get(key[:2])
        return known is not None and known[0] == key[2]

    def _take(self, key: ChunkKey) -> dict[int, Any]:
        chunk = self._newest.pop(key[:2])[1]
        self._count -= len(chunk)
        return chunk

    def _remember(self, key: ChunkKey, chunk: dict[int, Any]) -> None:
        known = self._newest.get(key[:2])
        if known is not None:
            if known[0] > key[2]:
                return
            self._take(key)
        self._newest[key[:2]] = (key[2], chunk)
        self._count += len(chunk)


def _chunks_of(book: Candles, intervals: Sequence[Interval]) -> dict[ChunkKey, list[Any]]:
    """Return copies of the book's candles in every interval, by chunk."""
    return {
        (interval.seconds, symbol, start_us): candles
        for symbol in book.symbols()
        for interval, start_us, candles in in_chunks(book.candles(symbol), CHUNK, intervals)
    }
