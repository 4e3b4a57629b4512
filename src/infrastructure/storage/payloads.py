"""Records as bytes, and the seal that tells whether they are still what was written.

msgpack, with prices as doubles, and as text where a double does not stand for them.
"""

import zlib
from decimal import Decimal
from typing import Any

import msgspec

from domain.candle import Candle, old_to_new
from domain.price import Price
from domain.price_anomaly import Direction, PriceAnomaly, Severity
from domain.symbol_memento import SymbolMemento
from domain.ticks import Ticks
from infrastructure.storage.records import StoredAnomaly, TickBlock

Number = float | str

_ENCODE = msgspec.msgpack.Encoder().encode


class Corrupt(Exception):
    """A row is not what was written. The message says which."""


def seal(payload: bytes, *keys: int | str) -> int:
    """CRC-32 of a row: of what identifies it, and of its payload."""
    return zlib.crc32(repr(keys).encode(), zlib.crc32(payload))


def check(crc: int, what: str, payload: bytes, *keys: int | str) -> bytes:
    """The payload, or Corrupt if the seal is broken."""
    if crc != seal(payload, *keys):
        raise Corrupt(f"{what} is damaged: its checksum does not fit")
    return payload


def encode_segment(ticks: Ticks) -> tuple[list[str], bytes, int, int]:
    """Some ticks: their symbols, each once; their bytes; the earliest and the latest time."""
    names, places, low_us, high_us = ticks.summary()
    return names, _ENCODE((names, places, ticks.prices, ticks.times_us, ticks.volumes, ticks.ids)), low_us, high_us


def block_row(seq: int, written_us: int, block: TickBlock) -> tuple[Any, ...]:
    """The row of `TICK_BLOCK`, in the order of its columns."""
    payload = _ENCODE(block.segments)
    symbols = "\n" + "\n".join(block.symbols) + "\n"
    keys = (seq, block.count, block.low_us, block.high_us, written_us, block.has_ids, symbols)
    return (*keys, payload, seal(payload, *keys))


_Columns = tuple[
    list[str], list[int], list[float | str], list[int], list[float | str | None] | None, list[str | None] | None
]
_SEGMENTS = msgspec.msgpack.Decoder(list[bytes])
_COLUMNS: msgspec.msgpack.Decoder[_Columns] = msgspec.msgpack.Decoder(_Columns)


def decode_ticks(payload: bytes) -> Ticks:
    """All ticks of a block."""
    ticks = Ticks([], [], [])
    for segment in _SEGMENTS.decode(payload):
        ticks.extend(_decode_segment(segment))
    return ticks


def _decode_segment(segment: bytes) -> Ticks:
    names, places, prices, times_us, volumes, ids = _COLUMNS.decode(segment)
    symbols = list(map(names.__getitem__, places))
    if str in set(map(type, prices)):
        prices = [_number(price) for price in prices]  # type: ignore[misc]
    if volumes is not None and str in set(map(type, volumes)):
        volumes = [None if volume is None else _number(volume) for volume in volumes]  # type: ignore[misc]
    return Ticks(symbols, prices, times_us, volumes, ids)  # type: ignore[arg-type]  # no text is left in them


class _State(msgspec.Struct, array_like=True, gc=False):
    update_count: int
    late_count: int
    anomaly_count: int
    current_price: Number
    min_price: Number
    max_price: Number
    wide: bool
    average_size: int
    average: tuple[list[float], int, bool, float]
    window: list[tuple[int, Number]]


_STATE = msgspec.msgpack.Decoder(_State)


def encode_state(state: SymbolMemento) -> bytes:
    return _ENCODE(
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
        )
    )


def decode_state(symbol: str, payload: bytes) -> SymbolMemento:
    read = _STATE.decode(payload)
    return SymbolMemento(
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
    )


_CandleRow = tuple[int, Number, Number, Number, Number, int, int, int, str | None, str | None]
_CANDLES: msgspec.msgpack.Decoder[list[_CandleRow]] = msgspec.msgpack.Decoder(list[_CandleRow])


def encode_candles(candles: dict[int, Candle]) -> bytes:
    return _ENCODE(old_to_new(candles))


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


_AnomalyRow = tuple[Number, Number, float, int]
_ANOMALY: msgspec.msgpack.Decoder[_AnomalyRow] = msgspec.msgpack.Decoder(_AnomalyRow)


def anomaly_row(stored: StoredAnomaly) -> tuple[Any, ...]:
    """The row of `ANOMALY`, in the order of its columns."""
    each = stored.anomaly
    payload = _ENCODE((each.reference_price, each.new_price, each.change_percent, stored.window_us))
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
    """What the row of `ANOMALY` says. Raises Corrupt."""
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


_ANSWER: msgspec.msgpack.Decoder[tuple[bytes, int, bytes]] = msgspec.msgpack.Decoder(tuple[bytes, int, bytes])


def encode_answer(digest: bytes, status: int, body: bytes) -> bytes:
    return _ENCODE((digest, status, body))


def decode_answer(payload: bytes) -> tuple[bytes, int, bytes]:
    return _ANSWER.decode(payload)


def _number(value: Number) -> Price:
    return Decimal(value) if isinstance(value, str) else value
