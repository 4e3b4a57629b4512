"""The fast parser's check that decoding a body can have lost nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from api.timestamps import EARLIEST_MS, LATEST_MS, from_rfc3339
from domain.numbers import Number, read_number
from domain.prices.ticks import Ticks

if TYPE_CHECKING:
    from mypy_extensions import i64

# A float keeps all written digits if there are at most 15 of them, and if it is neither large enough for an integer of
# 16 digits nor small enough for floats to lose digits.
_EXACT_BELOW: Final = 1e15
_EXACT_ABOVE: Final = 1e-300
# As in api.timestamps; constants of this module when compiled.
_EARLIEST_MS: Final = 100_000_000_000
_LATEST_MS: Final = 100_000_000_000_000
_DIGITS_AS_ZEROS = bytes(ord("0") if chr(i) in "0123456789." else ord("x") for i in range(256))
# A run of 16 digits or points: 16 digits may be more than a float keeps, whatever exponent follows.
_TOO_MANY_DIGITS = b"0" * 16


class NeedsStrictParser(Exception):
    """Decoding may have lost something; the strict parser must read the body."""


def fast_ticks(symbols: list[str], prices: list[Number], milliseconds: list[int], body: bytes, gaps: int) -> Ticks:
    """The ticks of a body in which each has only a symbol, a numeric price and an integer timestamp.

    Takes ownership of the lists. gaps: commas between the ticks.

    Raises:
        NeedsStrictParser: decoding may have lost something.
    """
    for price in prices:
        if not (isinstance(price, float) and _EXACT_ABOVE < price < _EXACT_BELOW):
            raise NeedsStrictParser
    times_us = milliseconds
    for at, moment_ms in enumerate(milliseconds):
        if not _EARLIEST_MS <= moment_ms <= _LATEST_MS:
            raise NeedsStrictParser
        # A machine word when compiled, so that multiplying needs no call; an ordinary int when interpreted.
        moment: i64 = moment_ms
        times_us[at] = moment * 1000
    _check_exactness(body, 2 * len(symbols) + gaps)
    return Ticks(symbols, prices, times_us)


def fast_mixed_ticks(
    symbols: list[str],
    prices: Sequence[float | str],
    timestamps: Sequence[int | str | None],
    volumes: Sequence[float | str | None],
    ids: list[str | None],
    body: bytes,
    gaps: int,
    now_us: int,
) -> Ticks:
    """The ticks of a body that may have numbers in strings, textual timestamps and missing optional fields.

    gaps: commas between the ticks.

    Raises:
        NeedsStrictParser: decoding may have lost something.
        InvalidTimestamp: a textual timestamp is invalid.
        InvalidNumber: a price or volume in a string is not a number.
    """
    count = len(symbols)
    missing = [timestamps.count(None), volumes.count(None), ids.count(None)]
    read_prices: list[Number] = [each if isinstance(each, float) else read_number(each) for each in prices]
    read_volumes: list[Number | None] = [
        each if each is None or isinstance(each, float) else read_number(each) for each in volumes
    ]
    for price in prices:
        if isinstance(price, float) and not _EXACT_ABOVE < price < _EXACT_BELOW:
            raise NeedsStrictParser
    has_zero = False
    for volume in volumes:
        if not isinstance(volume, float) or _EXACT_ABOVE < volume < _EXACT_BELOW:
            continue
        if volume:
            raise NeedsStrictParser
        has_zero = True
    # A zero may be a number too small for a float.
    if has_zero and (b"e-" in body or b"E-" in body):
        raise NeedsStrictParser
    times_us = [_timestamp_us(timestamp, now_us) for timestamp in timestamps]
    _check_exactness(body, 4 * count - sum(missing) + gaps)
    return Ticks(
        symbols,
        read_prices,
        times_us,
        None if missing[1] == count else read_volumes,
        None if missing[2] == count else ids,
    )


def _timestamp_us(timestamp: int | str | None, now_us: int) -> int:
    if timestamp is None:
        return now_us
    if isinstance(timestamp, str):
        return from_rfc3339(timestamp)
    if not EARLIEST_MS <= timestamp <= LATEST_MS:
        raise NeedsStrictParser
    return timestamp * 1000


def _check_exactness(body: bytes, commas: int) -> None:
    """Raise NeedsStrictParser if the body has more commas, or a number with more digits than a float keeps."""
    # A repeated key, a null or a comma inside a string adds to the commas between members.
    if body.count(b",") > commas:
        raise NeedsStrictParser
    # rfind, because it skips over non-digits in strides.
    if body.translate(_DIGITS_AS_ZEROS).rfind(_TOO_MANY_DIGITS) >= 0:
        raise NeedsStrictParser
