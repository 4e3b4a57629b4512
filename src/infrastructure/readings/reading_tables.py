"""The tables of readings beside the log: roll-ups."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec
import sqlalchemy as sa

from domain.exact_sum import ExactSum
from domain.readings.rollup import ROLLUP_INTERVALS, Rollup
from domain.readings.rollup_book import RollupBook
from infrastructure.feeds.mqtt.dead_readings import dead_reading_of
from infrastructure.readings.reading_format import READINGS, number_of
from infrastructure.readings.reading_rows import RollupsAndRows, forget_rows, write_rows
from infrastructure.storage.candle_chunks import CandleChunks, CandleFormat
from infrastructure.storage.payloads import pack
from infrastructure.storage.records import LoggedEvent, Put
from infrastructure.storage.schema import DEAD_READING, READING_ROLLUP_CHUNK, READING_ROW
from infrastructure.subject import Aggregates

_Stored = float | str
_StoredSum = tuple[str, str | None]
# start, min, max, count, total, squares
_Row = tuple[int, _Stored, _Stored, int, _StoredSum, _StoredSum]
_ROWS: msgspec.msgpack.Decoder[list[_Row]] = msgspec.msgpack.Decoder(list[_Row])


def encode_rollups(rollups: Mapping[int, Rollup]) -> bytes:
    return pack([_row(rollups[start_us]) for start_us in sorted(rollups)])


def decode_rollups(payload: bytes) -> list[Rollup]:
    return [_rollup(row) for row in _ROWS.decode(payload)]


ROLLUPS = CandleFormat(READINGS, READING_ROLLUP_CHUNK, encode_rollups, decode_rollups, ROLLUP_INTERVALS)


class ReadingTables:
    """The `SubjectTables` of readings. keeps_rows: whether readings are kept as plain rows too."""

    def __init__(self, keeps_rows: bool = False) -> None:
        self._chunks = CandleChunks(ROLLUPS)
        self._keeps_rows = keeps_rows

    def new_aggregates(self) -> RollupBook | RollupsAndRows:
        return RollupsAndRows() if self._keeps_rows else RollupBook()

    def write(
        self,
        connection: sa.Connection,
        put: Put,
        events: Sequence[LoggedEvent],
        aggregates: Aggregates | None,
        first_seq: int,
        last_seq: int,
    ) -> None:
        if isinstance(aggregates, RollupsAndRows):
            rows = self._chunks.write(connection, put, aggregates, last_seq)
            write_rows(connection, put, ROLLUPS, rows, aggregates, last_seq)
        elif isinstance(aggregates, RollupBook):
            self._chunks.write(connection, put, aggregates, last_seq)

    def forget(self) -> None:
        self._chunks.forget()

    def forget_key(self, connection: sa.Connection, key: str) -> None:
        connection.execute(sa.delete(READING_ROLLUP_CHUNK).where(READING_ROLLUP_CHUNK.c.symbol == key))
        if self._keeps_rows:
            forget_rows(connection, key)
        self._chunks.forget()

    def shift(self, connection: sa.Connection, put: Put, seq: int, erased: Sequence[int]) -> None:
        # There are no events, so nothing has a place in the log.
        pass

    def readers(self) -> Sequence[tuple[sa.Table, Callable[[tuple[Any, ...]], object]]]:
        return [(READING_ROLLUP_CHUNK, ROLLUPS.candles_of), (DEAD_READING, dead_reading_of)]

    def sizes(self) -> Mapping[str, sa.Select[Any]]:
        return {
            "rollup chunks": sa.select(sa.func.count()).select_from(READING_ROLLUP_CHUNK),
            "reading rows": sa.select(sa.func.count()).select_from(READING_ROW),
            "dead readings": sa.select(sa.func.count()).select_from(DEAD_READING),
        }


def _row(rollup: Rollup) -> tuple[Any, ...]:
    moments = rollup.moments
    return (rollup.start_us, rollup.min, rollup.max, moments.count, _stored(moments.total), _stored(moments.squares))


def _rollup(row: _Row) -> Rollup:
    rollup = Rollup(row[0])
    rollup.min, rollup.max = number_of(row[1]), number_of(row[2])
    moments = rollup.moments
    moments.count = row[3]
    moments.total, moments.squares = _sum(row[4]), _sum(row[5])
    return rollup


def _stored(total: ExactSum) -> _StoredSum:
    return str(total.units), None if total.odd is None else str(total.odd)


def _sum(stored: _StoredSum) -> ExactSum:
    total = ExactSum()
    total.units = int(stored[0])
    total.odd = None if stored[1] is None else Decimal(stored[1])
    return total
