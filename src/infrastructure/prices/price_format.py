"""The binary format of prices: ticks, states, candles and anomalies.

msgpack, with numbers as doubles, or as text where a double is not lossless.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec

from domain.numbers import Number
from domain.prices.candle import Candle, old_to_new
from domain.prices.price_anomaly import Direction, PriceAnomaly, Severity
from domain.prices.price_move import MoveChange, PriceMove
from domain.prices.symbol_checkpoint import SymbolCheckpoint
from domain.prices.ticks import Ticks
from infrastructure.storage.candle_chunks import CandleFormat
from infrastructure.storage.payloads import check, pack, seal
from infrastructure.storage.schema import CANDLE_CHUNK

# The name of the subject in the log.
PRICES = "prices"

_Stored = float | str

_Columns = tuple[
    list[str], list[int], list[float | str], list[int], list[float | str | None] | None, list[str | None] | None
]
_COLUMNS: msgspec.msgpack.Decoder[_Columns] = msgspec.msgpack.Decoder(_Columns)


class PriceLogFormat:
    """The `LogFormat` of prices."""

    def encode(self, keys: list[str], places: list[int], ticks: Ticks) -> bytes:
        return pack((keys, places, ticks.prices, ticks.times_us, ticks.volumes, ticks.ids))

    def decode(self, segment: bytes) -> Ticks:
        names, places, prices, times_us, volumes, ids = _COLUMNS.decode(segment)
        symbols = list(map(names.__getitem__, places))
        if str in set(map(type, prices)):
            prices = [_number(price) for price in prices]  # type: ignore[misc]
        if volumes is not None and str in set(map(type, volumes)):
            volumes = [None if volume is None else _number(volume) for volume in volumes]  # type: ignore[misc]
        return Ticks(symbols, prices, times_us, volumes, ids)  # type: ignore[arg-type]  # no text is left in them

    def encode_checkpoint(self, checkpoint: SymbolCheckpoint) -> bytes:
        return encode_state(checkpoint)

    def decode_checkpoint(self, key: str, payload: bytes) -> SymbolCheckpoint:
        return decode_state(key, payload)


@dataclass(frozen=True, slots=True)
class StoredAnomaly:
    """The anomalous tick is at `place` in block `seq`; it was compared with the ticks of the `window_us` before it."""

    anomaly: PriceAnomaly
    seq: int
    place: int
    window_us: int


# sequence, direction, when it started, when its last anomaly was, reference, peak, percent, severity, count
_MoveRow = tuple[int, str, int, int, _Stored, _Stored, float, str, int]


class _State(msgspec.Struct, array_like=True, gc=False):
    update_count: int
    late_count: int
    anomaly_count: int
    current_price: _Stored
    min_price: _Stored
    max_price: _Stored
    wide: bool
    average_size: int
    average: tuple[list[float], int, bool, float]
    window: list[tuple[int, _Stored]]
    # States written before there were moves end here.
    moves: list[_MoveRow] = []


_STATE = msgspec.msgpack.Decoder(_State)


def encode_state(state: SymbolCheckpoint) -> bytes:
    return pack(
        (
            state.update_count,
            state.late_count,
            state.anomaly_count,
            state.current_price,
            state.min_price,
            state.max_price,
            state.wide,
            state.average_size,
            state.average,
            state.window,
            [_move_row(move) for move in state.moves],
        )
    )


def decode_state(symbol: str, payload: bytes) -> SymbolCheckpoint:
    read = _STATE.decode(payload)
    return SymbolCheckpoint(
        symbol,
        read.update_count,
        read.late_count,
        read.anomaly_count,
        _number(read.current_price),
        _number(read.min_price),
        _number(read.max_price),
        read.wide,
        read.average_size,
        read.average,
        [(time_us, _number(price)) for time_us, price in read.window],
        [_move(symbol, row) for row in read.moves],
    )


def _move_row(move: PriceMove) -> _MoveRow:
    return (
        move.sequence,
        move.direction.value,
        move.started_at_us,
        move.last_at_us,
        move.reference_price,  # type: ignore[return-value]  # a Decimal is packed as text
        move.peak_price,
        move.peak_percent,
        move.severity.value,
        move.count,
    )


def _move(symbol: str, row: _MoveRow, has_ended: bool = False) -> PriceMove:
    return PriceMove(
        symbol,
        row[0],
        Direction(row[1]),
        row[2],
        row[3],
        _number(row[4]),
        _number(row[5]),
        row[6],
        Severity(row[7]),
        row[8],
        has_ended,
        MoveChange.ENDED if has_ended else MoveChange.CONTINUED,
    )


_STORED_MOVE: msgspec.msgpack.Decoder[tuple[_MoveRow, bool]] = msgspec.msgpack.Decoder(tuple[_MoveRow, bool])


def stored_move_row(move: PriceMove) -> tuple[Any, ...]:
    """Return the `MOVE` row, in column order."""
    payload = pack((_move_row(move), move.has_ended))
    keys = (move.id, move.started_at_us, move.symbol, move.sequence, move.direction.value, move.severity.value)
    return (*keys, payload, seal(payload, *keys))


def move_of(row: tuple[Any, ...]) -> PriceMove:
    """Decode a `MOVE` row. Raises Corrupt."""
    *keys, payload, crc = row
    check(crc, f"move {keys[0]}", payload, *keys)
    stored, has_ended = _STORED_MOVE.decode(payload)
    return _move(keys[2], stored, has_ended)


_CandleRow = tuple[int, _Stored, _Stored, _Stored, _Stored, int, int, int, str | None, str | None]
_CANDLES: msgspec.msgpack.Decoder[list[_CandleRow]] = msgspec.msgpack.Decoder(list[_CandleRow])


def encode_candles(candles: Mapping[int, Candle]) -> bytes:
    return pack(old_to_new(candles))


def decode_candles(payload: bytes) -> list[Candle]:
    return [
        Candle(
            row[0],
            _number(row[1]),
            _number(row[2]),
            _number(row[3]),
            _number(row[4]),
            row[5],
            row[6],
            row[7],
            None if row[8] is None else Decimal(row[8]),
            None if row[9] is None else Decimal(row[9]),
        )
        for row in _CANDLES.decode(payload)
    ]


PRICE_CANDLES = CandleFormat(PRICES, CANDLE_CHUNK, encode_candles, decode_candles)

_AnomalyRow = tuple[_Stored, _Stored, float, int]
_ANOMALY: msgspec.msgpack.Decoder[_AnomalyRow] = msgspec.msgpack.Decoder(_AnomalyRow)


def anomaly_row(stored: StoredAnomaly) -> tuple[Any, ...]:
    """Return the `ANOMALY` row, in column order."""
    each = stored.anomaly
    payload = pack((each.reference_price, each.new_price, each.change_percent, stored.window_us))
    keys = (
        each.id,
        each.detected_at_us,
        each.symbol,
        each.sequence,
        each.direction.value,
        each.severity.value,
        stored.seq,
        stored.place,
    )
    return (*keys, payload, seal(payload, *keys))


def anomaly_of(row: tuple[Any, ...]) -> StoredAnomaly:
    """Decode an `ANOMALY` row. Raises Corrupt."""
    *keys, payload, crc = row
    check(crc, f"anomaly {keys[0]}", payload, *keys)
    reference, new, change, window_us = _ANOMALY.decode(payload)
    anomaly = PriceAnomaly(
        symbol=keys[2],
        sequence=keys[3],
        direction=Direction(keys[4]),
        reference_price=_number(reference),
        new_price=_number(new),
        change_percent=change,
        severity=Severity(keys[5]),
        detected_at_us=keys[1],
    )
    return StoredAnomaly(anomaly, keys[6], keys[7], window_us)


def _number(value: _Stored) -> Number:
    return Decimal(value) if isinstance(value, str) else value
