"""Decodes bytes into readings.

The fast parser reads what programs usually send, and gives up on anything else; the strict parser reads the rest and
reports what is wrong. Invariant: what the fast parser accepts, the strict parser reads the same.
"""

from collections.abc import Callable
from typing import Any, Literal

import msgspec

from api.http.errors import MalformedBody
from api.ingest.items import STRICT_BYTES_MAX, check_size, items_of, values_of_lines
from api.ingest.strict_fields import Unreadable
from api.ingest.strict_json import read_json
from api.ingest.strict_readings import QUALITIES, read_reading
from api.timestamps import InvalidTimestamp, from_milliseconds, from_rfc3339
from application.errors import FieldError
from application.processing.batches import ERRORS_REPORTED_MAX
from application.readings.commands.process_reading_batch import ProcessReadingBatch
from domain.numbers import InvalidNumber, Number
from domain.readings.readings import Readings
from domain.readings.sensor_key import InvalidMachine, InvalidSensor, sensor_key
from infrastructure.feeds.raw_numbers import number_in

_REQUIRED, _OPTIONAL = 3, 4
_CODES = {name: quality.code for name, quality in QUALITIES.items()} | {None: 0}


class GivenReading(msgspec.Struct, forbid_unknown_fields=True, gc=False, rename="camel"):
    """A reading as programs send it; its value as it is written."""

    machine_id: str
    sensor_type: str
    value: msgspec.Raw
    unit: str | None = None
    quality: Literal["good", "uncertain", "bad"] | None = None
    timestamp: int | str | None = None
    id: str | None = None


_ONE = msgspec.json.Decoder(GivenReading)
_MANY = msgspec.json.Decoder(list[GivenReading])
# msgspec does not wrap the errors of invalid UTF-8 and deep nesting.
_GIVES_UP = (
    msgspec.DecodeError,
    UnicodeDecodeError,
    RecursionError,
    InvalidTimestamp,
    InvalidNumber,
    InvalidMachine,
    InvalidSensor,
)


class ReadingDecoding:
    """sensors_max: how many sensors are remembered with their keys."""

    def __init__(self, sensors_max: int) -> None:
        self._sensors_max = sensors_max
        self._keys: dict[tuple[str, str], str] = {}

    def one(self, body: bytes, now_us: int, readings_max: int = 1) -> ProcessReadingBatch:
        """Decode a body of one reading; `now_us` is when it was received. Raises MalformedBody."""
        try:
            return ProcessReadingBatch(self._columns([_ONE.decode(body)], body, 0, now_us))
        except _GIVES_UP:
            pass
        if len(body) > STRICT_BYTES_MAX:
            raise MalformedBody(f"The body is not a reading: it is {len(body)} bytes long.")
        return _strictly([read_json(body)], now_us)

    def array(self, body: bytes, now_us: int, readings_max: int) -> ProcessReadingBatch:
        """Decode a JSON array of readings.

        Raises:
            MalformedBody: the body is not a JSON array.
            BatchTooLarge: it has more than `readings_max` items; none has been validated.
        """
        command = self._quickly(_MANY.decode, body, 1, now_us, readings_max)
        return command or _strictly(items_of(body, "readings", readings_max), now_us)

    def lines(self, body: bytes, now_us: int, readings_max: int) -> ProcessReadingBatch:
        """Decode NDJSON, one reading a line; empty lines are skipped, a line that is not JSON is a bad reading.

        Raises:
            MalformedBody: there are no lines.
            BatchTooLarge: there are more than `readings_max` lines, or far too many empty ones; none has been
                validated.
        """
        command = self._quickly(_ONE.decode_lines, body, 0, now_us, readings_max)
        # One reading a line: every line feed but a final one precedes a brace, which none inside a reading can.
        if command is not None:
            count = command.count
            if count and body.count(b"\n{") == count - 1 == body.count(b"\n", 0, len(body) - 1):
                return command
        return _strictly(values_of_lines(body, readings_max), now_us)

    def _quickly(
        self, decode: Callable[[bytes], list[GivenReading]], body: bytes, gap: int, now_us: int, readings_max: int
    ) -> ProcessReadingBatch | None:
        """Decode with the fast parser; None if it gives up. gap: commas between consecutive readings."""
        try:
            given = decode(body)
            check_size(len(given), readings_max)
            return ProcessReadingBatch(self._columns(given, body, gap * (len(given) - 1), now_us))
        except _GIVES_UP:
            return None

    def _columns(self, given: list[GivenReading], body: bytes, gaps: int, now_us: int) -> Readings:
        count = len(given)
        units = [each.unit for each in given]
        qualities = [each.quality for each in given]
        times = [each.timestamp for each in given]
        ids = [each.id for each in given]
        absent = [column.count(None) for column in (units, qualities, times, ids)]
        # A repeated key, a null or a comma inside a string adds to the commas between members.
        if body.count(b",") > (_REQUIRED - 1 + _OPTIONAL) * count - sum(absent) + gaps:
            raise InvalidNumber
        return Readings(
            [self._key(each.machine_id, each.sensor_type) for each in given],
            [_required(number_in(each.value)) for each in given],
            [now_us if moment is None else moment_us(moment) for moment in times],
            None if absent[1] == count else [_CODES[quality] for quality in qualities],
            None if absent[0] == count else units,
            None if absent[3] == count else ids,
        )

    def _key(self, machine: str, sensor: str) -> str:
        key = self._keys.get((machine, sensor))
        if key is None:
            key = sensor_key(machine, sensor)
            if len(self._keys) >= self._sensors_max:
                self._keys.clear()
            self._keys[machine, sensor] = key
        return key


def _strictly(items: list[Any], now_us: int) -> ProcessReadingBatch:
    readings = []
    indexes = []
    errors: list[FieldError] = []
    for index, item in enumerate(items):
        try:
            readings.append(read_reading(item, now_us))
            indexes.append(index)
        except Unreadable as bad:
            if len(errors) < ERRORS_REPORTED_MAX:
                errors += [error.at(index) for error in bad.errors]
    return ProcessReadingBatch(Readings.of(readings), indexes, len(items) - len(readings), tuple(errors))


def moment_us(moment: int | str) -> int:
    return from_rfc3339(moment) if isinstance(moment, str) else from_milliseconds(moment)


def _required(number: Number | None) -> Number:
    if number is None:
        raise InvalidNumber
    return number
