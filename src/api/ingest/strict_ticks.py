"""The strict parser of one tick, which reports every invalid field."""

from itertools import islice
from typing import Any

from api.ingest.strict_json import JsonObject, NumberText
from api.timestamps import InvalidTimestamp, from_milliseconds, from_rfc3339
from application.errors import FieldError
from domain.numbers import InvalidNumber, Number, read_number
from domain.prices.price_update import PriceUpdate

FIELDS = ("symbol", "price", "timestamp", "volume", "id")
_SHOWN_LENGTH_MAX = 64
# Unknown fields reported per tick; a few say as much as thousands.
_UNKNOWN_NAMED_MAX = 10


class UnreadableTick(Exception):
    """A tick that cannot be read, with the reasons."""

    def __init__(self, errors: list[FieldError]) -> None:
        super().__init__(errors)
        self.errors = tuple(errors)


def read_tick(item: Any, now_us: int) -> PriceUpdate:
    """Read a tick from a JSON value; `now_us` is the default timestamp. Raises UnreadableTick."""
    if isinstance(item, UnreadableTick):
        raise item
    if not isinstance(item, JsonObject):
        raise UnreadableTick([FieldError("", "wrong_type", "must be a JSON object")])
    errors = [
        FieldError(_shown(key), "unknown_field", f"is not a field of a tick; those are {', '.join(FIELDS)}")
        for key in islice((key for key in item if key not in FIELDS), _UNKNOWN_NAMED_MAX)
    ]
    errors += [
        FieldError(_shown(key), "contradiction", "appears more than once with different values")
        for key in sorted(item.contradictions)
    ]
    symbol = _read_text(item, "symbol", errors)
    price = _read_number(item, "price", errors)
    timestamp_us = _read_timestamp(item, now_us, errors)
    volume = _read_number(item, "volume", errors) if item.get("volume") is not None else None
    tick_id = _read_text(item, "id", errors) if item.get("id") is not None else None
    if errors or symbol is None or price is None:
        raise UnreadableTick(errors)
    return PriceUpdate(symbol, price, timestamp_us, volume, tick_id)


def _read_text(item: JsonObject, field: str, errors: list[FieldError]) -> str | None:
    value = item.get(field)
    if isinstance(value, str) and not isinstance(value, NumberText):
        return value
    errors.append(_missing(field) if field not in item else FieldError(field, "wrong_type", "must be a string"))
    return None


def _read_number(item: JsonObject, field: str, errors: list[FieldError]) -> Number | None:
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


def _read_timestamp(item: JsonObject, now_us: int, errors: list[FieldError]) -> int:
    value = item.get("timestamp")
    if value is None:
        return now_us
    try:
        if isinstance(value, NumberText) and value.lstrip("-").isdigit() and len(value) <= 20:
            return from_milliseconds(int(value))
        if isinstance(value, str) and not isinstance(value, NumberText):
            return from_rfc3339(value)
        message = "must be RFC 3339 text with an offset, or an integer of milliseconds since the Unix epoch"
        errors.append(FieldError("timestamp", "wrong_type", message))
    except InvalidTimestamp as error:
        errors.append(FieldError("timestamp", "invalid_timestamp", str(error)))
    return now_us


def _missing(field: str) -> FieldError:
    return FieldError(field, "missing", "is required")


def _shown(key: str) -> str:
    """An untrusted key, made safe to show."""
    return ascii(key[:_SHOWN_LENGTH_MAX])[1:-1]
