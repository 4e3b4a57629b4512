"""Splits an Arrow IPC stream into its messages, and refuses what could cost more than its bytes before it is decoded.

A message is a marker, the length of its metadata, the metadata (a flatbuffer) and a body whose length the metadata
tells: https://arrow.apache.org/docs/format/Columnar.html#encapsulated-message-format. Of the metadata only a few fields
are read here; pyarrow verifies and reads the rest.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from api.http.errors import BodyTooLarge, MalformedBody

_MARKER = b"\xff\xff\xff\xff"
_FILE = b"ARROW1"
_PREFIX_BYTES = 8
_METADATA_BYTES_MAX = 65_536


class Kind(IntEnum):
    """As numbered in the format. There are others, for tensors."""

    SCHEMA = 1
    DICTIONARY = 2
    RECORD_BATCH = 3


@dataclass(frozen=True, slots=True)
class Message:
    """data: all of its bytes. rows: of a record batch, as declared; nothing has checked them."""

    kind: Kind
    data: memoryview
    rows: int


class Messages:
    """Cuts incoming data into messages. Holds one incomplete message at most; takes time in proportion to the data.

    bytes_max: of one message; None where the data themselves are limited.
    """

    def __init__(self, bytes_max: int | None) -> None:
        self._bytes_max = bytes_max
        self._parts: list[bytes] = []
        self._held = 0
        # How many bytes must be there before looking at them again is of use.
        self._wanted = _PREFIX_BYTES
        self._begun = False
        self._ended = False

    def feed(self, part: bytes) -> Iterator[Message]:
        """Yield the messages that are now complete.

        Raises:
            MalformedBody: this is not an Arrow IPC stream, or one of a kind that is refused.
            BodyTooLarge: a message is larger than `bytes_max`.
        """
        if not part:
            return
        self._begun = True
        self._parts.append(part)
        self._held += len(part)
        if self._held < self._wanted:
            return
        data = memoryview(part if len(self._parts) == 1 else b"".join(self._parts))
        at = 0
        while (size := self._size_of(data[at:])) is not None:
            if size > _PREFIX_BYTES:
                yield _message(data[at : at + size])
            else:
                self._ended = True
            at += size
        rest = bytes(data[at:])
        self._parts = [rest] if rest else []
        self._held = len(rest)

    def finish(self) -> None:
        """Raises MalformedBody if the data ended within a message."""
        if self._held:
            _check_marker(self._parts[0])
            raise MalformedBody("The Arrow stream ends in the middle of a message.")

    @property
    def begun(self) -> bool:
        """Whether there has been any data."""
        return self._begun

    def _size_of(self, data: memoryview) -> int | None:
        """The size of the first message; None, and what is wanted to go on, if it is incomplete."""
        self._wanted = _PREFIX_BYTES
        if not data:
            return None
        if self._ended:
            raise MalformedBody("The body goes on after the end of the Arrow stream.")
        _check_marker(data)
        if len(data) < _PREFIX_BYTES:
            return None
        (metadata_bytes,) = _INT32.unpack_from(data, 4)
        if metadata_bytes > _METADATA_BYTES_MAX:
            raise MalformedBody(f"The metadata of an Arrow message has more than {_METADATA_BYTES_MAX} bytes.")
        _check_length(metadata_bytes)
        size: int = _PREFIX_BYTES + metadata_bytes
        if metadata_bytes and len(data) >= size:
            body_bytes = _body_bytes(data[_PREFIX_BYTES:size])
            if self._bytes_max is not None and size + body_bytes > self._bytes_max:
                raise BodyTooLarge(f"An Arrow message may have {self._bytes_max} bytes; send smaller record batches.")
            size += body_bytes
        self._wanted = size
        return size if len(data) >= size else None


class _Table:
    """A flatbuffer table. Nothing about it has been verified; MalformedBody where it leads out of the data."""

    def __init__(self, data: memoryview, at: int) -> None:
        self._data = data
        self._at = at
        self._vtable = at - _read(data, _INT32, at)
        self._vtable_bytes = _read(data, _UINT16, self._vtable)

    def has(self, field: int) -> bool:
        return self._place(field) is not None

    def number(self, field: int, kind: struct.Struct) -> int:
        """The value of a field, 0 by default."""
        place = self._place(field)
        return 0 if place is None else _read(self._data, kind, place)

    def table(self, field: int) -> "_Table":
        place = self._place(field)
        if place is None:
            raise _damaged()
        return _Table(self._data, place + _read(self._data, _UINT32, place))

    def _place(self, field: int) -> int | None:
        entry = 4 + 2 * field
        offset = _read(self._data, _UINT16, self._vtable + entry) if entry + 2 <= self._vtable_bytes else 0
        return self._at + offset if offset else None


def _root(metadata: memoryview) -> _Table:
    return _Table(metadata, _read(metadata, _UINT32, 0))


def _read(data: memoryview, kind: struct.Struct, at: int) -> int:
    if not 0 <= at <= len(data) - kind.size:
        raise _damaged()
    value: int = kind.unpack_from(data, at)[0]
    return value


def _body_bytes(metadata: memoryview) -> int:
    body_bytes = _root(metadata).number(3, _INT64)
    _check_length(body_bytes)
    return body_bytes


def _check_length(count: int) -> None:
    # Multiples of eight, so that all buffers are aligned as pyarrow expects.
    if count < 0 or count % 8:
        raise _damaged()


def _message(data: memoryview) -> Message:
    (metadata_bytes,) = _INT32.unpack_from(data, 4)
    message = _root(data[_PREFIX_BYTES : _PREFIX_BYTES + metadata_bytes])
    kind, header = message.number(1, _UINT8), message.table(2)
    if kind == Kind.SCHEMA:
        if header.number(0, _INT16):
            raise MalformedBody("The Arrow stream is big-endian; send it in little-endian byte order.")
        return Message(Kind.SCHEMA, data, 0)
    if kind == Kind.DICTIONARY:
        if header.number(2, _UINT8):
            raise MalformedBody("The Arrow stream has a delta dictionary; send each dictionary in full.")
        _check_plain(header.table(1))
        return Message(Kind.DICTIONARY, data, 0)
    if kind == Kind.RECORD_BATCH:
        _check_plain(header)
        rows = header.number(0, _INT64)
        if rows < 0:
            raise _damaged()
        return Message(Kind.RECORD_BATCH, data, rows)
    raise MalformedBody("The Arrow stream has a message that is neither a schema, a dictionary nor a record batch.")


def _check_plain(batch: _Table) -> None:
    if batch.has(3):
        hint = "send them as they are, and the body with Content-Encoding: gzip or zstd"
        raise MalformedBody(f"The buffers of the Arrow stream are compressed; {hint}.")


def _check_marker(data: bytes | memoryview) -> None:
    if data[: len(_FILE)] == _FILE:
        raise MalformedBody("The body is an Arrow file, also known as Feather; send the IPC stream format.")
    if data[: len(_MARKER)] != _MARKER[: len(data)]:
        raise MalformedBody("The body is not an Arrow IPC stream.")


def _damaged() -> MalformedBody:
    return MalformedBody("The metadata of an Arrow message is damaged.")


_UINT8 = struct.Struct("<B")
_INT16 = struct.Struct("<h")
_UINT16 = struct.Struct("<H")
_INT32 = struct.Struct("<i")
_UINT32 = struct.Struct("<I")
_INT64 = struct.Struct("<q")
