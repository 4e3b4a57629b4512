"""The table of trades beside the log: candles."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec
import sqlalchemy as sa

from domain.exact_sum import ExactSum
from domain.numbers import Number
from domain.trades.trade_candle import TradeCandle
from domain.trades.trade_candle_book import TradeCandleBook
from infrastructure.storage.candle_chunks import CandleChunks, CandleFormat
from infrastructure.storage.payloads import pack
from infrastructure.storage.records import LoggedEvent, Put
from infrastructure.storage.schema import TRADE_CANDLE_CHUNK
from infrastructure.subject import Aggregates
from infrastructure.trades.trade_format import TRADES

_Stored = float | str
_StoredSum = tuple[str, str | None]
# start, open, high, low, close, first, last, count, bought, sold
_Row = tuple[int, _Stored | None, _Stored | None, _Stored | None, _Stored | None, int, int, int, _StoredSum, _StoredSum]
_ROWS: msgspec.msgpack.Decoder[list[_Row]] = msgspec.msgpack.Decoder(list[_Row])


def encode_candles(candles: Mapping[int, TradeCandle]) -> bytes:
    return pack([_row(candles[start_us]) for start_us in sorted(candles)])


def decode_candles(payload: bytes) -> list[TradeCandle]:
    return [_candle(row) for row in _ROWS.decode(payload)]


TRADE_CANDLES = CandleFormat(TRADES, TRADE_CANDLE_CHUNK, encode_candles, decode_candles)


class TradeTables:
    """The `SubjectTables` of trades."""

    def __init__(self) -> None:
        self._chunks = CandleChunks(TRADE_CANDLES)

    def new_aggregates(self) -> TradeCandleBook:
        return TradeCandleBook()

    def write(
        self,
        connection: sa.Connection,
        put: Put,
        events: Sequence[LoggedEvent],
        aggregates: Aggregates | None,
        first_seq: int,
        last_seq: int,
    ) -> None:
        if isinstance(aggregates, TradeCandleBook):
            self._chunks.write(connection, put, aggregates, last_seq)

    def forget(self) -> None:
        self._chunks.forget()

    def forget_key(self, connection: sa.Connection, key: str) -> None:
        connection.execute(sa.delete(TRADE_CANDLE_CHUNK).where(TRADE_CANDLE_CHUNK.c.symbol == key))
        self._chunks.forget()

    def shift(self, connection: sa.Connection, put: Put, seq: int, erased: Sequence[int]) -> None:
        # There are no events, so nothing has a place in the log.
        pass

    def readers(self) -> Sequence[tuple[sa.Table, Callable[[tuple[Any, ...]], object]]]:
        return [(TRADE_CANDLE_CHUNK, TRADE_CANDLES.candles_of)]

    def sizes(self) -> Mapping[str, sa.Select[Any]]:
        return {"trade chunks": sa.select(sa.func.count()).select_from(TRADE_CANDLE_CHUNK)}


def _row(candle: TradeCandle) -> tuple[Any, ...]:
    return (
        candle.start_us,
        candle.open,
        candle.high,
        candle.low,
        candle.close,
        candle.first_us,
        candle.last_us,
        candle.count,
        _stored(candle.bought),
        _stored(candle.sold),
    )


def _candle(row: _Row) -> TradeCandle:
    candle = TradeCandle(row[0])
    candle.open, candle.high, candle.low, candle.close = map(_number, row[1:5])
    candle.first_us, candle.last_us, candle.count = row[5:8]
    candle.bought, candle.sold = map(_sum, row[8:10])
    return candle


def _number(value: _Stored | None) -> Number | None:
    return Decimal(value) if isinstance(value, str) else value


def _stored(total: ExactSum) -> _StoredSum:
    return str(total.units), None if total.odd is None else str(total.odd)


def _sum(stored: _StoredSum) -> ExactSum:
    total = ExactSum()
    total.units = int(stored[0])
    total.odd = None if stored[1] is None else Decimal(stored[1])
    return total
