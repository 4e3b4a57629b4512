"""Reads trades as most feeders send them, in one pass from bytes to columns. Only where the engine is compiled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from api.ingest.member_scanner import PRICE_KEY, SYMBOL_KEY, TIMESTAMP_KEY, MemberScanner, skip_space, value_at
from domain.trades.trades import Trades
from domain.vectors import COMPILED

if COMPILED:
    from librt.strings import read_i64_le
if TYPE_CHECKING:
    from mypy_extensions import i64

_SIDE_KEY: Final = 0x3A226564697322  # "side":
_QUANTITY_KEY: Final = 0x7469746E617571  # quantit
_SENT_KEY: Final = 0x227441746E657322  # "sentAt"
# The lowest seven bytes of eight.
_SEVEN: Final = 0xFFFFFFFFFFFFFF
# Members found so far, as bits.
_SYMBOL: Final = 1
_SIDE: Final = 2
_QUANTITY: Final = 4
_PRICE: Final = 8
_TIMESTAMP: Final = 16
_SENT: Final = 32
_REQUIRED: Final = 6


class TradeScanner(MemberScanner):
    """Reads objects of `side`, `quantity`, and optionally `symbol`, `price`, `timestamp` and `sentAt`, in any order.

    default_symbol: of trades that name none.
    """

    def __init__(self, default_symbol: str) -> None:
        super().__init__()
        self._default_symbol = default_symbol
        # Which member was read last, and the values of all.
        self._member: i64 = 0
        self._is_buy = False
        self._quantity = 0.0
        self._price = 0.0
        self._moment_us: i64 = 0
        self._sent_us: i64 = 0

    def array(self, body: bytes, now_us: int) -> Trades | None:
        """The trades of a JSON array; None to give up."""
        trades = Trades([], [], [], [])
        return trades if self.fill_from_array(body, trades, now_us) else None

    def lines(self, body: bytes, now_us: int) -> Trades | None:
        """The trades of lines of JSON; None to give up."""
        trades = Trades([], [], [], [])
        return trades if self.fill_from_lines(body, trades, now_us) else None

    def _observation(self, body: bytes, at: i64, columns: Any, now_us: i64, whole: bool = False) -> i64:
        trades: Trades = columns
        if body[at] != 123:  # {
            return -1
        self._moment_us = now_us
        found: i64 = 0
        while True:
            at = self._read_member(body, at + 2 if body[at + 1] == 32 else at + 1)
            if at < 0 or found & self._member:
                return -1
            found |= self._member
            if body[at] != 44:  # ,
                break
        if body[at] != 125:  # }
            return -1
        at += 1
        if found & _REQUIRED != _REQUIRED or (whole and skip_space(body, at) != len(body)):
            return -1
        if trades.prices is not None or found & _PRICE:
            trades.append_price(self._price if found & _PRICE else None)
        if trades.latencies_us is not None or found & _SENT:
            trades.append_latency(now_us - self._sent_us if found & _SENT else None)
        trades.symbols.append(self._name if found & _SYMBOL else self._default_symbol)
        trades.buys.append(self._is_buy)
        trades.quantities.append(self._quantity)
        trades.times_us.append(self._moment_us)
        return at

    def _read_member(self, body: bytes, at: i64) -> i64:
        """Read the member whose key starts at a position. Return the position behind it, or -1 to give up."""
        key = read_i64_le(body, at)
        at += 8
        if key == SYMBOL_KEY:
            self._member = _SYMBOL
            return self._read_symbol(body, value_at(body, at))
        if key & _SEVEN == _SIDE_KEY:
            self._member = _SIDE
            return self._read_side(body, at if body[at - 1] == 32 else at - 1)
        if key >> 8 == _QUANTITY_KEY and body[at - 8] == 34 and body[at] == 121 and body[at + 1] == 34:  # "quantity"
            self._member = _QUANTITY
            at = self._read_number(body, value_at(body, at + 2))
            self._quantity = self._number
        elif key >> 8 == TIMESTAMP_KEY:
            self._member = _TIMESTAMP
            at = self._read_timestamp(body, at)
            self._moment_us = self._time_us
        elif key == PRICE_KEY:
            self._member = _PRICE
            at = self._read_number(body, at + 1 if body[at] == 32 else at)
            self._price = self._number
            if self._price == 0.0:
                return -1
        elif key == _SENT_KEY:
            self._member = _SENT
            at = self._read_moment(body, value_at(body, at))
            self._sent_us = self._time_us
        else:
            return -1
        return at

    def _read_side(self, body: bytes, at: i64) -> i64:
        if body[at] != 34:
            return -1
        if body[at + 1] == 98 and body[at + 2] == 117 and body[at + 3] == 121 and body[at + 4] == 34:  # "buy"
            self._is_buy = True
            return at + 5
        if body[at + 1] != 115 or body[at + 2] != 101 or body[at + 3] != 108:  # "sel
            return -1
        if body[at + 4] != 108 or body[at + 5] != 34:  # l"
            return -1
        self._is_buy = False
        return at + 6
