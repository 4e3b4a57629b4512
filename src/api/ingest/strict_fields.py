"""Reads the fields of one JSON object strictly, and reports every invalid one."""

from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any

from api.ingest.strict_json import JsonObject, NumberText
from api.timestamps import InvalidTimestamp, from_milliseconds, from_rfc3339
from application.errors import FieldError
from domain.numbers import InvalidNumber, Number, read_number

_SHOWN_LENGTH_MAX = 64
# Unknown fields reported per observation; a few say as much as thousands.
_UNKNOWN_NAMED_MAX = 10


class Unreadable(Exception):
    """An observation that cannot be read, with the reasons."""

    def __init__(self, errors: list[FieldError]) -> None:
        super().__init__(errors)
        self.errors = tuple(errors)


def object_of(item: Any) -> JsonObject:
    """Return an item that is an object. Raises Unreadable."""
    if isinstance(item, Unreadable):
        raise item
    if not isinstance(item, JsonObject):
        raise Unreadable([FieldError("", "wrong_type", "must be a JSON object")])
    return item


def unexpected(item: JsonObject, what: str, fields: Sequence[str]) -> list[FieldError]:
    """The errors of fields that are unknown, or repeated with another value. what: that has `fields`."""
    errors = [
        FieldError(shown(key), "unknown_field", f"is not a field of a {what}; those are {', '.join(fields)}")
        for key in islice((key for key in item if key not in fields), _UNKNOWN_NAMED_MAX)
    ]
    return errors + [
        FieldError(shown(key), "contradiction", "appears more than once with different values")
        for key in sorted(item.contradictions)
    ]


def read_text(item: JsonObject, field: str, errors: list[FieldError]) -> str | None:
    """A string; None with an error if there is none."""
    value = item.get(field)
    if isinstance(value, str) and not isinstance(value, NumberText):
        return value
    errors.append(_missing(field) if field not in item else FieldError(field, "wrong_type", "must be a string"))
    return None


def read_decimal(item: JsonObject, field: str, errors: list[FieldError]) -> Number | None:
    """A number, or one in a string; None with an error if there is none."""
    value = item.get(field)
    if isinstance(value, str):
        try:
            return read_number(value)
        except InvalidNumber as error:
            errors.append(FieldError(field, "invalid_number", str(error)))
    else:
        message = "must be a number, or a decimal number in a string"
        errors.append(_missing(field) if field not in item else FieldError(field, "wrong_type", message))
    return None


def read_moment(item: JsonObject, field: str, errors: list[FieldError]) -> int | None:
    """Microseconds since the epoch; None if it is absent, or with an error if it cannot be read."""
    value = item.get(field)
    if value is None:
        return None
    try:
        if isinstance(value, NumberText) and value.lstrip("-").isdigit() and len(value) <= 20:
            return from_milliseconds(int(value))
        if isinstance(value, str) and not isinstance(value, NumberText):
            return from_rfc3339(value)
        message = "must be RFC 3339 text with an offset, or an integer of milliseconds since the Unix epoch"
        errors.append(FieldError(field, "wrong_type", message))
    except InvalidTimestamp as error:
        errors.append(FieldError(field, "invalid_timestamp", str(error)))
    return None


def optional(
    read: Callable[[JsonObject, str, list[FieldError]], Any], item: JsonObject, field: str, errors: list[FieldError]
) -> Any:
    """Read a field unless it is absent or null."""
    return None if item.get(field) is None else read(item, field, errors)


def _missing(field: str) -> FieldError:
    return FieldError(field, "missing", "is required")


def shown(text: str) -> str:
    """An untrusted text, made safe to show."""
    return ascii(text[:_SHOWN_LENGTH_MAX])[1:-1]
