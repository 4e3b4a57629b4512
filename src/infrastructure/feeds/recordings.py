"""Recorded ticks in files: CSV with a header, or NDJSON."""

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import IO

_MILLISECONDS = re.compile(r"-?[0-9]{1,20}\Z")
_COLUMNS = ("timestamp", "symbol", "price", "volume")


class UnreadableRecording(Exception):
    """The file is not a valid recording. The message says what is wrong, and where."""


@dataclass(frozen=True, slots=True)
class RecordedTick:
    """line: the tick as one line of NDJSON. timestamp: as written in it, None if there is none."""

    line: str
    timestamp: object


def read_recording(stream: IO[bytes]) -> Iterator[RecordedTick]:
    """Yield the ticks of a file in order, as written. Validation is left to the service.

    A file that starts with a brace is NDJSON, any other CSV with the header `timestamp,symbol,price,volume`, in any
    order; timestamp and volume are optional.

    Raises:
        UnreadableRecording: the header is missing, or a line cannot be parsed.
    """
    # newline="" because the csv module handles line endings itself.
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
    try:
        first = next((line for line in text if line.strip()), "")
        if first.lstrip().startswith("{"):
            yield from _ndjson(first, text)
        else:
            yield from _csv(first, text)
    except UnicodeDecodeError:
        raise UnreadableRecording("it is not UTF-8 text") from None
    finally:
        # The caller owns the stream, and may have closed it already.
        if not stream.closed:
            text.detach()


def _ndjson(first: str, rest: io.TextIOWrapper) -> Iterator[RecordedTick]:
    for line in chain([first], rest):
        if line.strip():
            yield RecordedTick(line.strip(), _timestamp_of(line))


def _csv(first: str, rest: io.TextIOWrapper) -> Iterator[RecordedTick]:
    header = next(csv.reader([first]), [])
    if not {"symbol", "price"} <= set(header) <= set(_COLUMNS) or len(set(header)) < len(header):
        raise UnreadableRecording(f"its first line must be the header {','.join(_COLUMNS)}")
    try:
        for number, row in enumerate(csv.reader(rest), start=2):
            if not row:
                continue
            if len(row) != len(header):
                raise UnreadableRecording(f"line {number} has {len(row)} fields, the header {len(header)}")
            tick: dict[str, str | int] = {name: value for name, value in zip(header, row, strict=True) if value}
            timestamp = str(tick.get("timestamp", ""))
            if _MILLISECONDS.match(timestamp):
                # A number on the wire; CSV has only text.
                tick["timestamp"] = int(timestamp)
            yield RecordedTick(json.dumps(tick), tick.get("timestamp"))
    except csv.Error as error:
        raise UnreadableRecording(f"it is not CSV: {error}") from None


def _timestamp_of(line: str) -> object:
    try:
        tick = json.loads(line)
    except ValueError:
        return None
    return tick.get("timestamp") if isinstance(tick, dict) else None
