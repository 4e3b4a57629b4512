"""Reads record batches of ticks out of the messages of an Arrow IPC stream.

What comes out has the columns of ticks, in types that ticks can have, and is valid: lengths, offsets, indices and UTF-8
have been checked, so that no later step reads outside a buffer.
"""

from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from api.http.errors import MalformedBody
from api.ingest.arrow_messages import Kind, Message
from api.ingest.strict_ticks import FIELDS

_REQUIRED = ("symbol", "price")
# Of decimals by their bits: as many digits as they have. pyarrow cannot write decimals of a larger scale.
_SCALE_MAX = {128: 38, 256: 76}
_NAMED_MAX = 10
_SHOWN_LENGTH_MAX = 64
# What pyarrow raises of data that is not what it says. UnicodeDecodeError is about names in the schema.
_DAMAGED: Final = (pa.ArrowException, OSError, EOFError, UnicodeDecodeError)
_OPTIONS = pa.ipc.IpcReadOptions(use_threads=False)


class RecordBatches:
    """Reads one stream.

    bytes_max: of dictionaries without a record batch behind them.
    """

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self._source = _Source()
        self._reader: Any = None
        # The last one of each column, which has been validated.
        self._dictionaries: dict[str, Any] = {}

    def read(self, message: Message) -> Any:
        """Return the record batch that the message completes; None for a schema or a dictionary.

        Raises:
            MalformedBody: the message is damaged, in the wrong place, or its columns are not those of ticks.
        """
        if (message.kind is Kind.SCHEMA) != (self._reader is None):
            raise MalformedBody("An Arrow stream has one schema, which comes first.")
        self._source.append(message.data)
        if self._source.held > max(self._bytes_max, len(message.data)):
            raise MalformedBody("The Arrow stream has dictionaries for no record batch.")
        if message.kind is Kind.SCHEMA:
            self._open()
            return None
        return self._next() if message.kind is Kind.RECORD_BATCH else None

    def _open(self) -> None:
        try:
            self._reader = pa.ipc.open_stream(pa.PythonFile(self._source, mode="r"), options=_OPTIONS)
            _check_names([field.name for field in self._reader.schema])
            for field in self._reader.schema:
                _check_type(field.name, field.type)
        except _DAMAGED:
            raise MalformedBody("The Arrow schema is damaged.") from None

    def _next(self) -> Any:
        try:
            batch = self._reader.read_next_batch()
            batch.validate()
        except (*_DAMAGED, StopIteration):
            raise MalformedBody("An Arrow record batch is damaged.") from None
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            try:
                is_valid = self._check(name, column)
            except pa.ArrowException:
                is_valid = False
            if not is_valid:
                raise MalformedBody(f"The Arrow column {name} is damaged.")
        return batch

    def _check(self, name: str, column: Any) -> bool:
        """Whether the values of a column are valid. May raise ArrowException instead."""
        if not pa.types.is_dictionary(column.type):
            column.validate(full=True)
            return True
        dictionary, indices = column.dictionary, column.indices
        if not is_same(dictionary, self._dictionaries.get(name)):
            # Once, however many record batches share it.
            dictionary.validate(full=True)
            self._dictionaries[name] = dictionary
        indices.validate(full=True)
        if indices.null_count == len(indices):
            return True
        extremes = pc.min_max(indices).as_py()
        return bool(extremes["min"] >= 0 and extremes["max"] < len(dictionary))


def is_same(array: Any, other: Any) -> bool:
    """Whether two arrays are the same memory. While one is kept, no other can have its addresses."""
    return other is not None and _memory(array) == _memory(other)


def _memory(array: Any) -> tuple[Any, ...]:
    return array.offset, len(array), *(each and (each.address, each.size) for each in array.buffers())


class _Source:
    """The messages that pyarrow has yet to read, as a file: it reads no more than it was given."""

    closed = False

    def __init__(self) -> None:
        self._messages: list[memoryview] = []
        self._at = 0
        self.held = 0

    def append(self, message: memoryview) -> None:
        self._messages.append(message)
        self.held += len(message)

    def read(self, size: int) -> memoryview:
        if not self._messages:
            return memoryview(b"")
        first = self._messages[0]
        part = first[self._at : self._at + size]
        self._at += len(part)
        self.held -= len(part)
        if self._at == len(first):
            del self._messages[0]
            self._at = 0
        return part


def _check_names(names: list[str]) -> None:
    unknown = [name for name in names if name not in FIELDS]
    missing = [name for name in _REQUIRED if name not in names]
    repeated = [name for name in FIELDS if names.count(name) > 1]
    found = (("unknown", unknown), ("missing", missing), ("repeated", repeated))
    problems = [f"{problem}: {_listed(these)}" for problem, these in found if these]
    if problems:
        known = f"The columns of ticks are {', '.join(FIELDS)}, of which only symbol and price are required"
        raise MalformedBody(f"{known}; {'; '.join(problems)}.")


def _check_type(name: str, kind: Any) -> None:
    types = pa.types
    if name in ("symbol", "id"):
        text = kind.value_type if types.is_dictionary(kind) else kind
        fits = types.is_string(text) or types.is_large_string(text) or types.is_string_view(text)
        wanted = "a string, or a dictionary of strings"
    elif name == "timestamp":
        if types.is_timestamp(kind) and not kind.tz:
            raise MalformedBody("The Arrow column timestamp has no time zone; send it in UTC.")
        fits = types.is_timestamp(kind) or types.is_int64(kind)
        wanted = "a timestamp with a time zone, or an int64 of milliseconds since the Unix epoch"
    else:
        if types.is_float32(kind) or types.is_float16(kind):
            hint = "its numbers are not those that were written: 0.1 is 0.10000000149011612 there"
            raise MalformedBody(f"The Arrow column {name} is of type {kind}; {hint}. Send float64 or a decimal.")
        is_decimal = types.is_decimal128(kind) or types.is_decimal256(kind)
        fits = types.is_float64(kind) or types.is_integer(kind)
        fits = fits or (is_decimal and abs(kind.scale) <= _SCALE_MAX[kind.bit_width])
        wanted = "a float64, a decimal128, a decimal256 or an integer"
    if not fits and not (types.is_null(kind) and name not in _REQUIRED):
        raise MalformedBody(f"The Arrow column {name} must be {wanted}, not {_shown(str(kind))}.")


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _NAMED_MAX} more" if len(names) > _NAMED_MAX else ""
    return ", ".join(map(_shown, names[:_NAMED_MAX])) + more


def _shown(name: str) -> str:
    """An untrusted name, made safe to show."""
    return ascii(name[:_SHOWN_LENGTH_MAX])[1:-1]
