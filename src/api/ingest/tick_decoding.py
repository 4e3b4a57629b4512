"""Decodes bytes into ticks.

Where the engine is compiled, the scanner reads what most feeders send. The fast parser reads what others usually send,
and gives up on anything else; the strict parser reads the rest and reports what is wrong. Invariant: what the scanner
or the fast parser accepts, the strict parser reads the same.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from api.http.errors import MalformedBody
from api.ingest.fast_ticks import NeedsStrictParser, fast_mixed_ticks, fast_ticks
from api.ingest.strict_json import read_json
from api.ingest.strict_ticks import UnreadableTick, read_tick
from api.ingest.tick_scanner import TickScanner
from api.timestamps import InvalidTimestamp
from application.errors import BatchTooLarge, FieldError
from application.prices.commands.process_price_batch import ERRORS_REPORTED_MAX, ProcessPriceBatch
from domain.numbers import InvalidNumber
from domain.prices.ticks import Ticks
from domain.vectors import COMPILED

_STRICT_BYTES_MAX = 65_536


class NumericTick(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A tick as most feeders send it."""

    symbol: str
    price: float
    timestamp: int


class FlexibleTick(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """Any other tick that the fast parser reads."""

    symbol: str
    price: float | str
    timestamp: int | str | None = None
    volume: float | str | None = None
    id: str | None = None


_SCANNER = TickScanner()
_NUMERIC_ONE = msgspec.json.Decoder(NumericTick)
_NUMERIC_MANY = msgspec.json.Decoder(list[NumericTick])
_FLEXIBLE_ONE = msgspec.json.Decoder(FlexibleTick)
_FLEXIBLE_MANY = msgspec.json.Decoder(list[FlexibleTick])
_ITEMS = msgspec.json.Decoder(list[msgspec.Raw])


def decode_tick(body: bytes, now_us: int) -> Ticks:
    """Decode a body of one tick; `now_us` is the default timestamp.

    Raises:
        MalformedBody: the body is not JSON, or far too long.
        UnreadableTick: the body is not a tick.
    """
    ticks = Ticks([], [], [])
    if append_tick(body, ticks, now_us):
        return ticks
    try:
        try:
            plain = _NUMERIC_ONE.decode(body)
        except msgspec.ValidationError:
            return _mixed([_FLEXIBLE_ONE.decode(body)], body, 0, now_us)
        return fast_ticks([plain.symbol], [plain.price], [plain.timestamp], body, 0)
    except _GIVES_UP:
        pass
    if len(body) > _STRICT_BYTES_MAX:
        # Far longer than any tick: millions of values would be built only to be rejected.
        raise MalformedBody(f"The body is not a tick: it is {len(body)} bytes long.")
    return Ticks.of((read_tick(read_json(body), now_us),))


def append_tick(body: bytes, ticks: Ticks, now_us: int) -> bool:
    """Append the tick of a body of one to `ticks`, if the scanner can read it; `now_us` is the default timestamp."""
    return COMPILED and _SCANNER.one(body, ticks, now_us)


def decode_array(body: bytes, now_us: int, ticks_max: int) -> ProcessPriceBatch:
    """Decode a JSON array of ticks.

    Raises:
        MalformedBody: the body is not a JSON array.
        BatchTooLarge: it has more than `ticks_max` items; none has been validated.
    """
    if COMPILED and (scanned := _SCANNER.array(body, now_us)):
        _check_size(len(scanned), ticks_max)
        return ProcessPriceBatch(scanned)
    try:
        return ProcessPriceBatch(_read(_NUMERIC_MANY.decode, _FLEXIBLE_MANY.decode, body, now_us, ticks_max, 1))
    except _GIVES_UP:
        pass
    items = _split_array(body)
    _check_size(len(items), ticks_max)
    return _sort([_read_item(bytes(item)) for item in items], now_us)


def decode_lines(body: bytes, now_us: int, ticks_max: int) -> ProcessPriceBatch:
    """Decode NDJSON, one tick a line; empty lines are skipped, a line that is not JSON is a bad tick.

    Raises:
        MalformedBody: there are no lines.
        BatchTooLarge: there are more than `ticks_max` lines, or far too many empty ones; none has been validated.
    """
    if COMPILED and (scanned := _SCANNER.lines(body, now_us)):
        _check_size(len(scanned), ticks_max)
        return ProcessPriceBatch(scanned)
    try:
        ticks = _read(_NUMERIC_ONE.decode_lines, _FLEXIBLE_ONE.decode_lines, body, now_us, ticks_max, 0)
        # One tick a line: every line feed but a final one precedes a brace, which none inside a tick can.
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
    plain: Callable[[bytes], list[NumericTick]],
    mixed: Callable[[bytes], list[FlexibleTick]],
    body: bytes,
    now_us: int,
    ticks_max: int,
    gap: int,
) -> Ticks:
    """Decode a body with the first of two decoders that accepts it. gap: commas between consecutive ticks.

    Raises one of _GIVES_UP, or BatchTooLarge.
    """
    try:
        ticks = plain(body)
    except msgspec.ValidationError:
        others = mixed(body)
        _check_size(len(others), ticks_max)
        return _mixed(others, body, gap * (len(others) - 1), now_us)
    _check_size(len(ticks), ticks_max)
    return fast_ticks(
        [tick.symbol for tick in ticks],
        [tick.price for tick in ticks],
        [tick.timestamp for tick in ticks],
        body,
        gap * (len(ticks) - 1),
    )


def _mixed(ticks: list[FlexibleTick], body: bytes, gaps: int, now_us: int) -> Ticks:
    return fast_mixed_ticks(
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
    """The raw items of an array."""
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
    """Read one item; one that is far too long for a tick is not parsed."""
    if len(item) > _STRICT_BYTES_MAX:
        return UnreadableTick([FieldError("", "too_long", f"has more than {_STRICT_BYTES_MAX} bytes")])
    return read_json(item)


def _read_line(line: bytes) -> Any:
    try:
        return _read_item(line)
    except MalformedBody as error:
        message = str(error).replace("The body", "The line")
        return UnreadableTick([FieldError("", "malformed", message)])


# msgspec does not wrap the errors of invalid UTF-8 and deep nesting.
_GIVES_UP = (
    msgspec.DecodeError,
    UnicodeDecodeError,
    RecursionError,
    InvalidTimestamp,
    InvalidNumber,
    NeedsStrictParser,
)


def _sort(items: list[Any], now_us: int) -> ProcessPriceBatch:
    updates = []
    indexes = []
    errors: list[FieldError] = []
    for index, item in enumerate(items):
        try:
            updates.append(read_tick(item, now_us))
            indexes.append(index)
        except UnreadableTick as bad:
            if len(errors) < ERRORS_REPORTED_MAX:
                errors += [error.at(index) for error in bad.errors]
    return ProcessPriceBatch(Ticks.of(updates), indexes, len(items) - len(updates), tuple(errors))
