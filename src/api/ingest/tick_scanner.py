"""Reads ticks as most feeders send them, in one pass from bytes to columns. Only where the engine is compiled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from api.ingest.member_scanner import PRICE_KEY, SYMBOL_KEY, TIMESTAMP_KEY, MemberScanner, skip_space, value_at
from domain.prices.ticks import Ticks
from domain.vectors import COMPILED

if COMPILED:
    from librt.strings import read_i64_le
if TYPE_CHECKING:
    from mypy_extensions import i64

_VOLUME_KEY: Final = 0x22656D756C6F7622  # "volume"
# Members found so far, as bits.
_SYMBOL: Final = 1
_PRICE: Final = 2
_TIMESTAMP: Final = 4
_VOLUME: Final = 8


class TickScanner(MemberScanner):
    """Reads objects of `symbol`, `price`, and optionally `timestamp` and `volume`, in any order."""

    def array(self, body: bytes, now_us: int) -> Ticks | None:
        """The ticks of a JSON array; None to give up."""
        ticks = Ticks([], [], [])
        return ticks if self.fill_from_array(body, ticks, now_us) else None

    def lines(self, body: bytes, now_us: int) -> Ticks | None:
        """The ticks of lines of JSON; None to give up."""
        ticks = Ticks([], [], [])
        return ticks if self.fill_from_lines(body, ticks, now_us) else None

    def _observation(self, body: bytes, at: i64, columns: Any, now_us: i64, whole: bool = False) -> i64:
        ticks: Ticks = columns
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
            if key == SYMBOL_KEY:
                member = _SYMBOL
                at = self._read_symbol(body, value_at(body, at))
            elif key == PRICE_KEY:
                member = _PRICE
                at = self._read_number(body, at + 1 if body[at] == 32 else at)
                price = self._number
            elif key >> 8 == TIMESTAMP_KEY:
                member = _TIMESTAMP
                at = self._read_timestamp(body, at)
                time_us = self._time_us
            elif key == _VOLUME_KEY:
                member = _VOLUME
                at = self._read_number(body, value_at(body, at))
                volume = self._number
            if at < 0 or member == 0 or found & member:
                return -1
            found |= member
            if body[at] != 44:  # ,
                break
        if body[at] != 125:  # }
            return -1
        at += 1
        if not found & _SYMBOL or price == 0.0 or (whole and skip_space(body, at) != len(body)):
            return -1
        if ticks.volumes is not None or found & _VOLUME:
            ticks.append_volume(volume if found & _VOLUME else None)
        ticks.symbols.append(self._name)
        ticks.prices.append(price)
        ticks.times_us.append(time_us)
        return at
