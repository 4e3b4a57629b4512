"""From bytes to ticks.

Two readers, one truth. The quick one takes what feeders send all day and gives up on anything else; the careful one
reads the rest and says what is wrong with it. What the quick one takes, the careful one would read the same.
"""

from collections.abc import Callable
from itertools import islice
from typing import Any

import msgspec

from api.careful_json import JsonObject, MalformedBody, NumberText, read_json
from api.plain_ticks import NotPlain, mixed_ticks, plain_ticks
from api.timestamps import InvalidTimestamp, from_milliseconds, from_rfc3339
from application.commands.process_price_batch import ERRORS_REPORTED_MAX, ProcessPriceBatch
from application.errors import BatchTooLarge, FieldError
from domain.price import InvalidNumber, Price, read_number
from domain.price_update import PriceUpdate
from domain.ticks import Ticks

FIELDS = ("symbol", "price", "timestamp", "volume", "id")
_SHOWN_LENGTH_MAX = 64
_CAREFUL_BYTES_MAX = 65_536
# Unknown fields named of one tick; a few tell as much as thousands.
_UNKNOWN_NAMED_MAX = 10


class UnreadableTick(Exception):
    """One tick that cannot be read, and why."""

    def __init__(self, errors: list[FieldError]) -> None:
        super().__init__(errors)
        self.errors = tuple(errors)


class PlainTick(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A tick as most feeders write it."""

    symbol: str
    price: float
    timestamp: int


class MixedTick(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """Any other that the quick reader takes."""

    symbol: str
    price: float | str
    timestamp: int | str | None = None
    volume: float | str | None = None
    id: str | None = None


_PLAIN_ONE = msgspec.json.Decoder(PlainTick)
_PLAIN_MANY = msgspec.json.Decoder(list[PlainTick])
_MIXED_ONE = msgspec.json.Decoder(MixedTick)
_MIXED_MANY = msgspec.json.Decoder(list[MixedTick])
_ITEMS = msgspec.json.Decoder(list[msgspec.Raw])


def decode_tick(body: bytes, now_us: int) -> Ticks:
    """The one tick of a body; `now_us` is its time where it names none.

    Raises:
        MalformedBody: the body is not JSON.
        UnreadableTick: it is not a tick.
    """
    try:
        try:
            plain = _PLAIN_ONE.decode(body)
        except msgspec.ValidationError:
            return _mixed([_MIXED_ONE.decode(body)], body, 0, now_us)
        return plain_ticks([plain.symbol], [plain.price], [plain.timestamp], body, 0)
    except _GIVES_UP:
        pass
    if len(body) > _CAREFUL_BYTES_MAX:
        # Far more than a tick can need: millions of values would be built, only to be refused.
        raise MalformedBody(f"The body is not a tick: it is {len(body)} bytes long.")
    return Ticks.of((_read_tick(read_json(body), now_us),))


def decode_array(body: bytes, now_us: int, ticks_max: int) -> ProcessPriceBatch:
    """The ticks of a JSON array.

    Raises:
        MalformedBody: the body is not one.
        BatchTooLarge: it has more than `ticks_max` items; none of them has been looked at.
    """
    try:
        return ProcessPriceBatch(_read(_PLAIN_MANY.decode, _MIXED_MANY.decode, body, now_us, ticks_max, 1))
    except _GIVES_UP:
        pass
    items = _split_array(body)
    _check_size(len(items), ticks_max)
    return _sort([_read_item(bytes(item)) for item in items], now_us)


def decode_lines(body: bytes, now_us: int, ticks_max: int) -> ProcessPriceBatch:
    """The ticks of NDJSON, one a line; empty lines are passed over, a line that is not JSON is a bad tick.

    Raises:
        MalformedBody: there is no line.
        BatchTooLarge: there are more than `ticks_max`, or absurdly many empty ones; none of them has been looked at.
    """
    try:
        ticks = _read(_PLAIN_ONE.decode_lines, _MIXED_ONE.decode_lines, body, now_us, ticks_max, 0)
        # One a line: each line feed but a last one stands before a brace, as none inside a tick can.
        if len(ticks) and body.count(b"\n{") == len(ticks) - 1 == body.count(b"\n", 0, len(body) - 1):
            return ProcessPriceBatch(ticks)
    except _GIVES_UP:
        pass
    if body.count(b"\n") > 2 * ticks_max:
        raise BatchTooLarge(body.count(b"\n"), ticks_max)
    lines = [line for line in body.split(b"\n") if line.strip()]
    if not lines:
        raise MalformedBody("The body is empty.")
    _check_size(len(lines), ticks_max)
    return _sort([_read_line(line) for line in lines], now_us)


def _read(
    plain: Callable[[bytes], list[PlainTick]],
    mixed: Callable[[bytes], list[MixedTick]],
    body: bytes,
    now_us: int,
    ticks_max: int,
    gap: int,
) -> Ticks:
    """The ticks of a body, by the first of two decoders that can read it. gap: commas between one and the next.

    Raises one of _GIVES_UP, or BatchTooLarge.
    """
    try:
        ticks = plain(body)
    except msgspec.ValidationError:
        others = mixed(body)
        _check_size(len(others), ticks_max)
        return _mixed(others, body, gap * (len(others) - 1), now_us)
    _check_size(len(ticks), ticks_max)
    return plain_ticks(
        [tick.symbol for tick in ticks],
        [tick.price for tick in ticks],
        [tick.timestamp for tick in ticks],
        body,
        gap * (len(ticks) - 1),
    )


def _mixed(ticks: list[MixedTick], body: bytes, gaps: int, now_us: int) -> Ticks:
    return mixed_ticks(
        [tick.symbol for tick in ticks],
        [tick.price for tick in ticks],
        [tick.timestamp for tick in ticks],
        [tick.volume for tick in ticks],
        [tick.id for tick in ticks],
        body,
        gaps,
        now_us,
    )


def _check_size(ticks: int, ticks_max: int) -> None:
    if ticks > ticks_max:
        raise BatchTooLarge(ticks, ticks_max)


def _split_array(body: bytes) -> list[msgspec.Raw]:
    """The items of an array, each as it was written."""
    if not body.strip():
        raise MalformedBody("The body is empty.")
    try:
        return _ITEMS.decode(body)
    except msgspec.ValidationError:
        raise MalformedBody("The body is not a JSON array of ticks.") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        reason = str(error).removeprefix("JSON is malformed: ")
        raise MalformedBody(f"The body is not JSON: {reason}.") from None
    except RecursionError:
        raise MalformedBody("The body is nested too deeply.") from None


def _read_item(item: bytes) -> Any:
    """The value that is written there. Of one far longer than a tick can be nothing is read."""
    if len(item) > _CAREFUL_BYTES_MAX:
        return UnreadableTick([FieldError("", "too_long", f"has more than {_CAREFUL_BYTES_MAX} bytes")])
    return read_json(item)


def _read_line(line: bytes) -> Any:
    try:
        return _read_item(line)
    except MalformedBody as error:
        message = str(error).replace("The body", "The line")
        return UnreadableTick([FieldError("", "malformed", message)])


# msgspec lets the errors of UTF-8 and of deep nesting through as they are.
_GIVES_UP = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, InvalidTimestamp, InvalidNumber, NotPlain)


def _sort(items: list[Any], now_us: int) -> ProcessPriceBatch:
    updates = []
    indexes = []
    errors: list[FieldError] = []
    for index, item in enumerate(items):
        try:
            updates.append(_read_tick(item, now_us))
            indexes.append(index)
        except UnreadableTick as bad:
            if len(errors) < ERRORS_REPORTED_MAX:
                errors += [error.at(index) for error in bad.errors]
    return ProcessPriceBatch(Ticks.of(updates), indexes, len(items) - len(updates), tuple(errors))


def _read_tick(item: Any, now_us: int) -> PriceUpdate:
    if isinstance(item, UnreadableTick):
        raise item
    if not isinstance(item, JsonObject):
        raise UnreadableTick([FieldError("", "wrong_type", "must be a JSON object")])
    errors = [
        FieldError(_shown(key), "unknown_field", f"is not a field of a tick; those are {', '.join(FIELDS)}")
        for key in islice((key for key in item if key not in FIELDS), _UNKNOWN_NAMED_MAX)
    ]
    errors += [
        FieldError(_shown(key), "contradiction", "stands more than once, with different values")
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


def _read_number(item: JsonObject, field: str, errors: list[FieldError]) -> Price | None:
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
    """A key that anybody may have sent, fit to be shown."""
    return ascii(key[:_SHOWN_LENGTH_MAX])[1:-1]
