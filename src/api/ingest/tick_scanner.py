"""Reads ticks as most feeders send them, in one pass from bytes to columns. Only where the engine is compiled.

docs/decisions/0026-scanning-ticks.md has the figures, and why the interpreted engine keeps msgspec.
"""

from __future__ import annotations

from sys import intern
from typing import TYPE_CHECKING, Final

from domain.prices.ticks import Ticks
from domain.vectors import COMPILED, floats, integers

if COMPILED:
    from librt.strings import read_i64_le
if TYPE_CHECKING:
    from librt.vecs import vec
    from mypy_extensions import i64

# Bytes of each key as a little-endian integer: literals below 2**62, which compile to constants.
_SYMBOL_KEY: Final = 0x226C6F626D797322  # "symbol"
_PRICE_KEY: Final = 0x3A22656369727022  # "price":
_TIMESTAMP_KEY: Final = 0x617473656D6974  # timesta
_VOLUME_KEY: Final = 0x22656D756C6F7622  # "volume"
# Members found so far, as bits.
_SYMBOL: Final = 1
_PRICE: Final = 2
_TIMESTAMP: Final = 4
_VOLUME: Final = 8

# Any 15 digits survive the round trip through a double.
_DIGITS_MAX: Final = 15
# As in api.timestamps; constants of this module when compiled.
_EARLIEST_MS: Final = 100_000_000_000
_LATEST_MS: Final = 100_000_000_000_000
# Of a symbol: two integers hold it.
_SYMBOL_MAX: Final = 16
_SLOTS: Final = 16_384


class TickScanner:
    """Gives up on whatever is unusual; then another parser reads the body from its start.

    Reads objects of `symbol` (up to 16 printable ASCII characters, no escapes), `price` (up to 15 digits, no exponent),
    and optionally `timestamp` (milliseconds) and `volume` (like the price), in any order. A number of 15 digits is the
    quotient of two integers that doubles hold exactly, so one division gives the nearest double (Clinger, "How to Read
    Floating Point Numbers Accurately", 1990).

    Symbols are interned, as those of states and queues are, so that later look-ups need no hashing and no comparison.
    """

    def __init__(self) -> None:
        # A direct-mapped cache of symbols by their bytes: a collision replaces the older one.
        self._names: list[str] = [""] * _SLOTS
        self._heads: vec[i64] = integers(_SLOTS)
        self._tails: vec[i64] = integers(_SLOTS)
        self._powers: vec[float] = floats(_DIGITS_MAX + 1)
        for exponent in range(_DIGITS_MAX + 1):
            self._powers[exponent] = 10.0**exponent
        # What was read last.
        self._name = ""
        self._number = 0.0
        self._time_us: i64 = 0

    def array(self, body: bytes, now_us: int) -> Ticks | None:
        """The ticks of a JSON array; None to give up. now_us: default of missing timestamps."""
        ticks = Ticks([], [], [])
        try:
            at = _skip_space(body, 0)
            if body[at] != 91:  # [
                return None
            while True:
                at = self._tick(body, _skip_space(body, at + 1), ticks, now_us)
                if at < 0:
                    return None
                at = _skip_space(body, at)
                if body[at] != 44:  # ,
                    break
            if body[at] != 93:  # ]
                return None
        except IndexError:
            return None
        return ticks if _skip_space(body, at + 1) == len(body) else None

    def lines(self, body: bytes, now_us: int) -> Ticks | None:
        """The ticks of lines of JSON, the last of which may lack its line feed; None to give up."""
        ticks = Ticks([], [], [])
        size: i64 = len(body)
        at: i64 = 0
        try:
            while at < size:
                at = self._tick(body, at, ticks, now_us)
                if at < 0:
                    return None
                if at < size:
                    if body[at] != 10:
                        return None
                    at += 1
        except IndexError:
            return None
        return ticks

    def one(self, body: bytes, ticks: Ticks, now_us: int) -> bool:
        """Append the tick of a body of one; False to give up."""
        try:
            return self._tick(body, 0, ticks, now_us, whole=True) >= 0
        except IndexError:
            return False

    def _tick(self, body: bytes, at: i64, ticks: Ticks, now_us: i64, whole: bool = False) -> i64:
        """Append the tick that starts at a position. Return the position behind it, or -1 to give up.

        whole: give up if anything but space follows it.

        Raises:
            IndexError: the body ends in the middle. Nothing was appended.
        """
        if body[at] != 123:  # {
            return -1
        price = 0.0
        volume = 0.0
        time_us = now_us
        found: i64 = 0
        while True:
            at += 2 if body[at + 1] == 32 else 1
            key = read_i64_le(body, at)
            at += 8
            member: i64 = 0
            if key == _SYMBOL_KEY:
                member = _SYMBOL
                at = self._read_symbol(body, _value(body, at))
            elif key == _PRICE_KEY:
                member = _PRICE
                at = self._read_number(body, at + 1 if body[at] == 32 else at)
                price = self._number
            elif key >> 8 == _TIMESTAMP_KEY:
                member = _TIMESTAMP
                at = self._read_timestamp(body, at)
                time_us = self._time_us
            elif key == _VOLUME_KEY:
                member = _VOLUME
                at = self._read_number(body, _value(body, at))
                volume = self._number
            if at < 0 or member == 0 or found & member:
                return -1
            found |= member
            if body[at] != 44:  # ,
                break
        if body[at] != 125:  # }
            return -1
        at += 1
        if not found & _SYMBOL or price == 0.0 or (whole and _skip_space(body, at) != len(body)):
            return -1
        if ticks.volumes is not None or found & _VOLUME:
            ticks.append_volume(volume if found & _VOLUME else None)
        ticks.symbols.append(self._name)
        ticks.prices.append(price)
        ticks.times_us.append(time_us)
        return at

    # Each of these leaves what it has read in a field, and returns the position behind it, or -1 to give up.

    def _read_number(self, body: bytes, at: i64) -> i64:
        if at < 0:
            return -1
        digits: i64 = 0
        start = at
        fraction: i64 = 0
        char: i64 = body[at]
        while 48 <= char <= 57 or (char == 46 and fraction == 0):
            at += 1
            if char == 46:  # .
                fraction = at
            else:
                digits = digits * 10 + (char - 48)
            if at - start > _DIGITS_MAX + 1:
                return -1
            char = body[at]
        # Digits before the point, and behind it.
        whole = at - start if fraction == 0 else fraction - 1 - start
        behind: i64 = 0 if fraction == 0 else at - fraction
        if whole == 0 or at == fraction or whole + behind > _DIGITS_MAX or (whole > 1 and body[start] == 48):
            return -1
        self._number = float(digits) / self._powers[behind]
        return at

    def _read_timestamp(self, body: bytes, at: i64) -> i64:
        if body[at - 8] != 34 or body[at] != 109 or body[at + 1] != 112 or body[at + 2] != 34:  # "timestamp"
            return -1
        at = _value(body, at + 3)
        if at < 0 or body[at] == 48:
            return -1
        moment_ms: i64 = 0
        start = at
        char: i64 = body[at]
        while 48 <= char <= 57:
            moment_ms = moment_ms * 10 + (char - 48)
            at += 1
            char = body[at]
            if at - start > _DIGITS_MAX:
                return -1
        if not _EARLIEST_MS <= moment_ms <= _LATEST_MS:
            return -1
        self._time_us = moment_ms * 1000
        return at

    def _read_symbol(self, body: bytes, at: i64) -> i64:
        if at < 0 or body[at] != 34:
            return -1
        at += 1
        start = at
        # The characters, packed into two integers.
        head: i64 = 0
        tail: i64 = 0
        shift: i64 = 0
        char: i64 = body[at]
        while char != 34:
            if char < 33 or char > 126 or char == 92 or at - start >= _SYMBOL_MAX:
                return -1
            if shift < 64:
                head |= char << shift
            else:
                tail |= char << (shift - 64)
            shift += 8
            at += 1
            char = body[at]
        # Multiplying carries bits upwards only, so the later characters are folded into the low ones.
        mixed = head ^ (head >> 31) ^ (tail * 31) ^ (tail >> 33)
        slot = (mixed * 0x2545F4914F6CDD1D >> 48) & (_SLOTS - 1)
        if self._heads[slot] != head or self._tails[slot] != tail:
            self._names[slot] = intern(body[start:at].decode("ascii"))
            self._heads[slot] = head
            self._tails[slot] = tail
        self._name = self._names[slot]
        return at + 1


def _skip_space(body: bytes, at: i64) -> i64:
    size: i64 = len(body)
    while at < size and (body[at] == 32 or 9 <= body[at] <= 10 or body[at] == 13):
        at += 1
    return at


def _value(body: bytes, at: i64) -> i64:
    """The position of the value behind a key, or -1."""
    if body[at] != 58:  # :
        return -1
    return at + 2 if body[at + 1] == 32 else at + 1
