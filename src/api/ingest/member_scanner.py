"""Reads observations as most feeders send them, in one pass from bytes to columns, for any subject.

Only where the engine is compiled. docs/decisions/0026-scanning-ticks.md has the figures, and why the interpreted engine
keeps msgspec.
"""

from __future__ import annotations

from sys import intern
from typing import TYPE_CHECKING, Any, Final

from domain.vectors import floats, integers

if TYPE_CHECKING:
    from librt.vecs import vec
    from mypy_extensions import i64

# Bytes of keys as little-endian integers: literals below 2**62, which compile to constants.
SYMBOL_KEY: Final = 0x226C6F626D797322  # "symbol"
PRICE_KEY: Final = 0x3A22656369727022  # "price":
TIMESTAMP_KEY: Final = 0x617473656D6974  # timesta

# Any 15 digits survive the round trip through a double.
_DIGITS_MAX: Final = 15
# As in api.timestamps; constants of this module when compiled.
_EARLIEST_MS: Final = 100_000_000_000
_LATEST_MS: Final = 100_000_000_000_000
# Of a symbol: two integers hold it.
_SYMBOL_MAX: Final = 16
_SLOTS: Final = 16_384


class MemberScanner:
    """Gives up on whatever is unusual; then another parser reads the body from its start.

    Reads symbols (up to 16 printable ASCII characters, no escapes), numbers (up to 15 digits, no exponent) and
    timestamps in milliseconds. A number of 15 digits is the quotient of two integers that doubles hold exactly, so one
    division gives the nearest double (Clinger, "How to Read Floating Point Numbers Accurately", 1990).

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

    def fill_from_array(self, body: bytes, columns: Any, now_us: int) -> bool:
        """Append the observations of a JSON array; False to give up. now_us: default of missing timestamps."""
        try:
            at = skip_space(body, 0)
            if body[at] != 91:  # [
                return False
            while True:
                at = self._observation(body, skip_space(body, at + 1), columns, now_us)
                if at < 0:
                    return False
                at = skip_space(body, at)
                if body[at] != 44:  # ,
                    break
            if body[at] != 93:  # ]
                return False
        except IndexError:
            return False
        return skip_space(body, at + 1) == len(body)

    def fill_from_lines(self, body: bytes, columns: Any, now_us: int) -> bool:
        """Append the observations of lines of JSON, the last of which may lack its line feed; False to give up."""
        size: i64 = len(body)
        at: i64 = 0
        try:
            while at < size:
                at = self._observation(body, at, columns, now_us)
                if at < 0:
                    return False
                if at < size:
                    if body[at] != 10:
                        return False
                    at += 1
        except IndexError:
            return False
        return True

    def append(self, body: bytes, columns: Any, now_us: int) -> bool:
        """Append the observation of a body of one; False to give up, and nothing is appended."""
        try:
            return self._observation(body, 0, columns, now_us, whole=True) >= 0
        except IndexError:
            return False

    def _observation(self, body: bytes, at: i64, columns: Any, now_us: i64, whole: bool = False) -> i64:
        """Append the observation that starts at a position. Return the position behind it, or -1 to give up.

        whole: give up if anything but space follows it.

        Raises:
            IndexError: the body ends in the middle. Nothing was appended.
        """
        raise NotImplementedError

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
        """at: behind the first eight bytes of the key."""
        if body[at - 8] != 34 or body[at] != 109 or body[at + 1] != 112 or body[at + 2] != 34:  # "timestamp"
            return -1
        return self._read_moment(body, value_at(body, at + 3))

    def _read_moment(self, body: bytes, at: i64) -> i64:
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


def skip_space(body: bytes, at: i64) -> i64:
    size: i64 = len(body)
    while at < size and (body[at] == 32 or 9 <= body[at] <= 10 or body[at] == 13):
        at += 1
    return at


def value_at(body: bytes, at: i64) -> i64:
    """The position of the value behind a key, or -1."""
    if body[at] != 58:  # :
        return -1
    return at + 2 if body[at + 1] == 32 else at + 1
