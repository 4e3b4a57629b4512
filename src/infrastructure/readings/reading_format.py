"""The binary format of readings and their states.

msgpack, with numbers as doubles, or as text where a double is not lossless.
"""

from decimal import Decimal

import msgspec

from domain.exact_sum import Exact
from domain.numbers import Number
from domain.readings.readings import Readings
from domain.readings.sensor_checkpoint import SensorCheckpoint
from infrastructure.storage.payloads import pack

# The name of the subject in the log.
READINGS = "readings"

_Stored = float | str
# Integers of any size and Decimals, as text where they do not fit.
_StoredExact = int | str

_Columns = tuple[
    list[str],
    list[int],
    list[_Stored],
    list[int],
    list[int] | None,
    list[str | None] | None,
    list[str | None] | None,
]
_COLUMNS: msgspec.msgpack.Decoder[_Columns] = msgspec.msgpack.Decoder(_Columns)


class _State(msgspec.Struct, array_like=True, gc=False):
    unit: str | None
    unit_us: int
    value: _Stored
    quality: int
    newest_us: int
    min: _Stored | None
    max: _Stored | None
    count: int
    bad_count: int
    late_count: int
    z_score: float | None
    window: list[_StoredExact]


_STATE = msgspec.msgpack.Decoder(_State)


class ReadingLogFormat:
    """The `LogFormat` of readings."""

    def encode(self, keys: list[str], places: list[int], readings: Readings) -> bytes:
        each = readings
        return pack((keys, places, each.values, each.times_us, each.qualities, each.units, each.ids))

    def decode(self, segment: bytes) -> Readings:
        names, places, values, times_us, qualities, units, ids = _COLUMNS.decode(segment)
        keys = [names[place] for place in places]
        return Readings(keys, list(map(number_of, values)), times_us, qualities, units, ids)

    def encode_checkpoint(self, checkpoint: SensorCheckpoint) -> bytes:
        each = checkpoint
        return pack(
            (
                each.unit,
                each.unit_us,
                each.value,
                each.quality,
                each.newest_us,
                each.min,
                each.max,
                each.count,
                each.bad_count,
                each.late_count,
                each.z_score,
                each.window,
            )
        )

    def decode_checkpoint(self, key: str, payload: bytes) -> SensorCheckpoint:
        read = _STATE.decode(payload)
        return SensorCheckpoint(
            key,
            read.unit,
            read.unit_us,
            number_of(read.value),
            read.quality,
            read.newest_us,
            None if read.min is None else number_of(read.min),
            None if read.max is None else number_of(read.max),
            read.count,
            read.bad_count,
            read.late_count,
            read.z_score,
            [exact_in(entry) for entry in read.window],
        )


def number_of(stored: _Stored) -> Number:
    return Decimal(stored) if isinstance(stored, str) else stored


def exact_in(stored: _StoredExact) -> Exact:
    return Decimal(stored) if isinstance(stored, str) else stored
