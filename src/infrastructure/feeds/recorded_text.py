"""Recorded ticks in text: CSV with a header, or NDJSON."""

import csv
import io
import json
import re
from collections.abc import Iterator
from itertools import chain
from typing import Any

import msgspec

from infrastructure.feeds.csv_cells import text_of
from infrastructure.feeds.recorded_tick import (
    ColumnMapping,
    Kind,
    RecordedTick,
    UnreadableRecording,
    field_of,
    fields_of,
)

_MILLISECONDS = re.compile(r"-?[0-9]{1,20}\Z")
_MOMENTS = frozenset(("timestamp", "sentAt"))
_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])


class _Stamped(msgspec.Struct):
    timestamp: Any = None


class _Sides(msgspec.Struct):
    calls: list[msgspec.Raw] = []
    puts: list[msgspec.Raw] = []


_STAMPED = msgspec.json.Decoder(_Stamped)
_SIDES = msgspec.json.Decoder(_Sides)


def text_ticks(text: io.TextIOWrapper, columns: ColumnMapping | None, kind: Kind) -> Iterator[RecordedTick]:
    """Yield the ticks of a text. If it starts with a brace it is NDJSON, otherwise CSV. Raises UnreadableRecording."""
    number, first = next(((at, line) for at, line in enumerate(text, start=1) if line.strip()), (1, ""))
    if first.lstrip().startswith("{"):
        yield from _ndjson(chain([first], text), number, columns, kind)
    else:
        yield from _csv(first, text, number, columns, kind)


def _ndjson(lines: Iterator[str], first: int, columns: ColumnMapping | None, kind: Kind) -> Iterator[RecordedTick]:
    for number, written in enumerate(lines, start=first):
        line = written.strip()
        if line:
            quotes = _quotes_in(line) if kind.chain_path else 0
            # The names in a chain are those of its message.
            line = line if columns is None or quotes else _renamed(line, columns, kind)
            yield RecordedTick(line, _timestamp_of(line), number, quotes)


def _quotes_in(line: str) -> int:
    """How many quotes a line has if it is a chain, else 0."""
    try:
        sides = _SIDES.decode(line)
    except msgspec.DecodeError:
        return 0
    return len(sides.calls) + len(sides.puts)


def _csv(
    header_line: str, rest: io.TextIOWrapper, header_number: int, columns: ColumnMapping | None, kind: Kind
) -> Iterator[RecordedTick]:
    header = next(csv.reader([header_line]), [])
    fields = fields_of(header, columns, "its first line must be the header", kind)
    rows = csv.reader(rest)
    try:
        for row in rows:
            if not row:
                continue
            number = header_number + rows.line_num
            if len(row) != len(header):
                raise UnreadableRecording(f"line {number} has {len(row)} fields, the header {len(header)}")
            tick: dict[str, str | int] = {
                field: value for field, value in zip(fields, row, strict=True) if value and field
            }
            for name in _MOMENTS & tick.keys():
                if _MILLISECONDS.match(str(tick[name])):
                    # A number on the wire; CSV has only text.
                    tick[name] = int(tick[name])
            for name in kind.texts & tick.keys():
                tick[name] = text_of(str(tick[name]))
            yield RecordedTick(json.dumps(tick), tick.get("timestamp"), number)
    except csv.Error as error:
        raise UnreadableRecording(f"it is not CSV: {error}") from None


def _renamed(line: str, columns: ColumnMapping, kind: Kind) -> str:
    """Rename the keys of an object, with its values as written; return any other line as it is."""
    try:
        members = _OBJECT.decode(line)
    except (msgspec.DecodeError, RecursionError):
        return line
    fields = ((field_of(key, columns, kind), value) for key, value in members.items())
    return msgspec.json.encode({field: value for field, value in fields if field}).decode()


def _timestamp_of(line: str) -> object:
    try:
        return _STAMPED.decode(line).timestamp
    except (msgspec.DecodeError, RecursionError):
        return None
