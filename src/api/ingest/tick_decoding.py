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
from api.ingest.items import STRICT_BYTES_MAX, check_size, items_of, values_of_lines
from api.ingest.strict_fields import Unreadable
from api.ingest.strict_json import read_json
from api.ingest.strict_ticks import read_tick
from api.ingest.tick_scanner import TickScanner
from api.timestamps import InvalidTimestamp
from application.errors import FieldError
from application.prices.commands.process_price_batch import ProcessPriceBatch
from application.processing.batches import ERRORS_REPORTED_MAX
from domain.numbers import InvalidNumber
from domain.prices.ticks import Ticks
from domain.vectors import COMPILED


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


def decode_tick(body: bytes, now_us: int) -> Ticks:
    """Decode a body of one tick; `now_us` is the default timestamp.

    Raises:
        MalformedBody: the body is not JSON, or far too long.
        Unreadable: the body is not a tick.
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
    if len(body) > STRICT_BYTES_MAX:
        # Far longer than any tick: millions of values would be built only to be rejected.
        raise MalformedBody(f"The body is not a tick: it is {len(body)} bytes long.")
    return Ticks.of((read_tick(read_json(body), now_us),))


def append_tick(body: bytes, ticks: Ticks, now_us: int) -> bool:
    """Append the tick of a body of one to `ticks`, if the scanner can read it; `now_us` is the default timestamp."""
    return COMPILED and _SCANNER.append(body, ticks, now_us)


def decode_array(body: bytes, now_us: int, ticks_max: int) -> ProcessPriceBatch:
    """Decode a JSON array of ticks.

    Raises:
        MalformedBody: the body is not a JSON array.
        BatchTooLarge: it has more than `ticks_max` items; none has been validated.
    """
    if COMPILED and (scanned := _SCANNER.array(body, now_us)):
        check_size(len(scanned), ticks_max)
        return ProcessPriceBatch(scanned)
    try:
        return ProcessPriceBatch(_read(_NUMERIC_MANY.decode, _FLEXIBLE_MANY.decode, body, now_us, ticks_max, 1))
    except _GIVES_UP:
        pass
    return _sort(items_of(body, "ticks", ticks_max), now_us)


def decode_lines(body: bytes, now_us: int, ticks_max: int) -> ProcessPriceBatch:
    """Decode NDJSON, one tick a line; empty lines are skipped, a line that is not JSON is a bad tick.

    Raises:
        MalformedBody: there are no lines.
        BatchTooLarge: there are more than `ticks_max` lines, or far too many empty ones; none has been validated.
    """
    if COMPILED and (scanned := _SCANNER.lines(body, now_us)):
        check_size(len(scanned), ticks_max)
        return ProcessPriceBatch(scanned)
    try:
        ticks = _read(_NUMERIC_ONE.decode_lines, _FLEXIBLE_ONE.decode_lines, body, now_us, ticks_max, 0)
        # One tick a line: every line feed but a final one precedes a brace, which none inside a tick can.
        if len(ticks) and body.count(b"\n{") == len(ticks) - 1 == body.count(b"\n", 0, len(body) - 1):
            return ProcessPriceBatch(ticks)
    except _GIVES_UP:
        pass
    return _sort(values_of_lines(body, ticks_max), now_us)


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
        check_size(len(others), ticks_max)
        return _mixed(others, body, gap * (len(others) - 1), now_us)
    check_size(len(ticks), ticks_max)
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
        except Unreadable as bad:
            if len(errors) < ERRORS_REPORTED_MAX:
                errors += [error.at(index) for error in bad.errors]
    return ProcessPriceBatch(Ticks.of(updates), indexes, len(items) - len(updates), tuple(errors))
