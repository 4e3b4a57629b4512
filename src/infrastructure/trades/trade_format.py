"""The binary format of trades and their states.

msgpack, with numbers as doubles, or as text where a double is not lossless.
"""

from decimal import Decimal

import msgspec

from domain.exact_sum import Exact
from domain.numbers import Number
from domain.trades.trade_checkpoint import SumNumbers, TradeCheckpoint
from domain.trades.trades import Trades
from infrastructure.storage.payloads import pack

# The name of the subject in the log.
TRADES = "trades"

_Stored = float | str
# Integers of any size and Decimals, as text where they do not fit.
_StoredExact = int | str
_StoredSum = tuple[str, str | None]

_Columns = tuple[
    list[str],
    list[int],
    list[bool],
    list[_Stored],
    list[int],
    list[_Stored | None] | None,
    list[str | None] | None,
    list[str | None] | None,
    list[int | None] | None,
]
_COLUMNS: msgspec.msgpack.Decoder[_Columns] = msgspec.msgpack.Decoder(_Columns)


class _State(msgspec.Struct, array_like=True, gc=False):
    buy_count: int
    sell_count: int
    late_count: int
    last_us: int
    last_quantity: _Stored
    last_price: _Stored | None
    last_price_us: int
    bought: _StoredSum
    sold: _StoredSum
    priced: _StoredSum
    turnover: _StoredSum
    window: list[_StoredExact]
    latency: tuple[list[tuple[int, int]], int, int, int, int]
    rate: tuple[list[int], int]


_STATE = msgspec.msgpack.Decoder(_State)


class TradeLogFormat:
    """The `LogFormat` of trades."""

    def encode(self, keys: list[str], places: list[int], trades: Trades) -> bytes:
        return pack(
            (
                keys,
                places,
                trades.buys,
                trades.quantities,
                trades.times_us,
                trades.prices,
                trades.venues,
                trades.ids,
                trades.latencies_us,
            )
        )

    def decode(self, segment: bytes) -> Trades:
        names, places, buys, quantities, times_us, prices, venues, ids, latencies_us = _COLUMNS.decode(segment)
        return Trades(
            [names[place] for place in places],
            buys,
            [_number(quantity) for quantity in quantities],
            times_us,
            None if prices is None else [None if price is None else _number(price) for price in prices],
            venues,
            ids,
            latencies_us,
        )

    def encode_checkpoint(self, checkpoint: TradeCheckpoint) -> bytes:
        each = checkpoint
        return pack(
            (
                each.buy_count,
                each.sell_count,
                each.late_count,
                each.last_us,
                each.last_quantity,
                each.last_price,
                each.last_price_us,
                *map(_stored_sum, (each.bought, each.sold, each.priced, each.turnover)),
                each.window,
                each.latency,
                each.rate,
            )
        )

    def decode_checkpoint(self, key: str, payload: bytes) -> TradeCheckpoint:
        read = _STATE.decode(payload)
        return TradeCheckpoint(
            key,
            read.buy_count,
            read.sell_count,
            read.late_count,
            read.last_us,
            _number(read.last_quantity),
            None if read.last_price is None else _number(read.last_price),
            read.last_price_us,
            _sum(read.bought),
            _sum(read.sold),
            _sum(read.priced),
            _sum(read.turnover),
            [_exact(entry) for entry in read.window],
            read.latency,
            read.rate,
        )


def _number(value: _Stored) -> Number:
    return Decimal(value) if isinstance(value, str) else value


def _exact(value: _StoredExact) -> Exact:
    return Decimal(value) if isinstance(value, str) else value


def _stored_sum(numbers: SumNumbers) -> _StoredSum:
    units, odd = numbers
    return str(units), None if odd is None else str(odd)


def _sum(stored: _StoredSum) -> SumNumbers:
    units, odd = stored
    return int(units), None if odd is None else Decimal(odd)
