"""Splits bodies of many observations into single ones."""

from typing import Any

import msgspec

from api.http.errors import MalformedBody
from api.ingest.strict_fields import Unreadable
from api.ingest.strict_json import read_json
from application.errors import BatchTooLarge, FieldError

STRICT_BYTES_MAX = 65_536
_ITEMS = msgspec.json.Decoder(list[msgspec.Raw])


def check_size(count: int, count_max: int) -> None:
    """Raises BatchTooLarge."""
    if count > count_max:
        raise BatchTooLarge(count, count_max)


def items_of(body: bytes, what: str, count_max: int) -> list[Any]:
    """The JSON values of an array; in place of one that is too long, Unreadable. what: they are, in the plural.

    Raises:
        MalformedBody: the body is not a JSON array.
        BatchTooLarge: it has more than `count_max` items.
    """
    if not body.strip():
        raise MalformedBody("The body is empty.")
    try:
        items = _ITEMS.decode(body)
    except msgspec.ValidationError:
        raise MalformedBody(f"The body is not a JSON array of {what}.") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        reason = str(error).removeprefix("JSON is malformed: ")
        raise MalformedBody(f"The body is not JSON: {reason}.") from None
    except RecursionError:
        raise MalformedBody("The body is nested too deeply.") from None
    check_size(len(items), count_max)
    return [_read_item(bytes(item)) for item in items]


def values_of_lines(body: bytes, count_max: int) -> list[Any]:
    """The JSON values of lines that are not empty; in place of one that is none, Unreadable.

    Raises:
        MalformedBody: there are no lines.
        BatchTooLarge: there are more than `count_max` lines, or far too many empty ones.
    """
    if body.count(b"\n") > 2 * count_max:
        raise BatchTooLarge(body.count(b"\n"), count_max)
    lines = [line for line in body.split(b"\n") if line.strip()]
    if not lines:
        raise MalformedBody("The body is empty.")
    check_size(len(lines), count_max)
    return [_read_line(line) for line in lines]


def _read_item(item: bytes) -> Any:
    """Read one item; one that is far too long for an observation is not parsed."""
    if len(item) > STRICT_BYTES_MAX:
        return Unreadable([FieldError("", "too_long", f"has more than {STRICT_BYTES_MAX} bytes")])
    return read_json(item)


def _read_line(line: bytes) -> Any:
    try:
        return _read_item(line)
    except MalformedBody as error:
        message = str(error).replace("The body", "The line")
        return Unreadable([FieldError("", "malformed", message)])
