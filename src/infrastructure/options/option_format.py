"""The binary format of options: quotes, chains and summaries.

msgpack, with numbers as doubles, or as text where a double is not lossless.
"""

import zlib
from decimal import Decimal
from typing import Any

import msgspec

from domain.numbers import Number, narrow
from domain.options.chain import Chain, ProductChains
from domain.options.option_book import SummaryPoint
from domain.options.option_quote import OptionQuote
from domain.options.option_quotes import OptionQuotes
from domain.options.positions import ChainPositions, Position
from domain.options.spot import Spot, SpotSource
from domain.options.summary import ChainSummary
from domain.options.summary_interval import SummaryInterval
from infrastructure.storage.payloads import check, pack, seal

# The name of the subject in the log.
OPTIONS = "options"

_Stored = float | str
# A quote without its product, in the order of its fields.
_Row = tuple[
    str,
    _Stored,
    bool,
    int,
    _Stored | None,
    _Stored | None,
    _Stored | None,
    _Stored | None,
    _Stored | None,
    _Stored | None,
    _Stored | None,
    _Stored | None,
    _Stored | None,
    _Stored | None,
    _Stored | None,
    str | None,
    str | None,
]
_QUOTES: msgspec.msgpack.Decoder[tuple[list[str], list[int], list[_Row]]] = msgspec.msgpack.Decoder(
    tuple[list[str], list[int], list[_Row]]
)
_Chain = tuple[str, int, int, _Stored | None, int | None, list[_Row]]
_STATE: msgspec.msgpack.Decoder[tuple[int, int, list[_Chain]]] = msgspec.msgpack.Decoder(tuple[int, int, list[_Chain]])
# Fields of a row that may be numbers written as text.
_NUMBERS = (1, *range(4, 15))


class OptionLogFormat:
    """The `LogFormat` of options."""

    def encode(self, keys: list[str], places: list[int], quotes: OptionQuotes) -> bytes:
        return pack((keys, places, [quote[1:] for quote in quotes.quotes]))

    def decode(self, segment: bytes) -> OptionQuotes:
        names, places, rows = _QUOTES.decode(segment)
        return OptionQuotes([_quote(names[place], row) for place, row in zip(places, rows, strict=True)])

    def encode_checkpoint(self, checkpoint: ProductChains) -> bytes:
        chains = [
            (
                chain.expiry,
                chain.as_of_us,
                chain.updates,
                chain.spot,
                chain.spot_us,
                [quote[1:] for quote in chain.contracts.values()],
            )
            for chain in checkpoint.chains.values()
        ]
        return pack((checkpoint.updates, checkpoint.newest_us, chains))

    def decode_checkpoint(self, key: str, payload: bytes) -> ProductChains:
        updates, newest_us, stored = _STATE.decode(payload)
        chains = {chain[0]: _chain(key, chain) for chain in stored}
        return ProductChains(key, updates, newest_us, chains)


def _chain(product: str, stored: _Chain) -> Chain:
    expiry, as_of_us, updates, spot, spot_us, rows = stored
    quotes = [_quote(product, row) for row in rows]
    contracts = {(quote.strike, quote.is_call): quote for quote in quotes}
    return Chain(product, expiry, as_of_us, updates, _number(spot), spot_us, contracts)


def _quote(product: str, row: _Row) -> OptionQuote:
    if str in map(type, row[1:15:1]) and any(isinstance(row[at], str) for at in _NUMBERS):
        values: list[Any] = list(row)
        for at in _NUMBERS:
            values[at] = _number(values[at])
        return OptionQuote(product, *values)
    return OptionQuote(product, *row)  # type: ignore[arg-type]  # no text is left in its numbers


def _number(value: _Stored | None) -> Number | None:
    return narrow(Decimal(value)) if isinstance(value, str) else value


class _Summary(msgspec.Struct, array_like=True, frozen=True):
    as_of_us: int
    spot: _Stored | None
    spot_source: str | None
    spot_us: int
    contracts: int
    pcr_oi: float | None
    pcr_volume: float | None
    max_pain_strike: _Stored | None
    atm_strike: _Stored | None
    atm_straddle_price: float | None
    atm_straddle_percent: float | None
    atm_iv: float | None
    total_call_oi: _Stored
    total_put_oi: _Stored


_SUMMARY = msgspec.msgpack.Decoder(_Summary)
_INTERVALS = {each.width_us // 1_000_000: each for each in SummaryInterval}


def summary_row(point: SummaryPoint) -> tuple[Any, ...]:
    """Return the `OPTION_SUMMARY` row, in column order."""
    each = point.summary
    payload = pack(
        (
            each.as_of_us,
            None if each.spot is None else each.spot.price,
            None if each.spot is None else each.spot.source.value,
            0 if each.spot is None else each.spot.as_of_us,
            each.contracts,
            each.pcr_oi,
            each.pcr_volume,
            each.max_pain_strike,
            each.atm_strike,
            each.atm_straddle_price,
            each.atm_straddle_percent,
            each.atm_iv,
            each.total_call_oi,
            each.total_put_oi,
        )
    )
    keys = (each.product, each.expiry, point.interval.width_us // 1_000_000, point.start_us)
    return (*keys, payload, seal(payload, *keys))


def summary_of_row(row: tuple[Any, ...]) -> SummaryPoint:
    """Decode an `OPTION_SUMMARY` row. Raises Corrupt."""
    product, expiry, interval_s, start_us, payload, crc = row
    check(crc, f"summary of {product} {expiry} at {start_us}", payload, product, expiry, interval_s, start_us)
    read = _SUMMARY.decode(payload)
    spot = _number(read.spot)
    total_call_oi, total_put_oi = _number(read.total_call_oi), _number(read.total_put_oi)
    return SummaryPoint(
        _INTERVALS[interval_s],
        start_us,
        ChainSummary(
            product,
            expiry,
            read.as_of_us,
            None if spot is None else Spot(spot, SpotSource(read.spot_source), read.spot_us),
            read.contracts,
            read.pcr_oi,
            read.pcr_volume,
            _number(read.max_pain_strike),
            _number(read.atm_strike),
            read.atm_straddle_price,
            read.atm_straddle_percent,
            read.atm_iv,
            total_call_oi or 0.0,
            total_put_oi or 0.0,
        ),
    )


_Holding = tuple[_Stored, bool, _Stored | None, _Stored | None]
_POSITIONS: msgspec.msgpack.Decoder[list[_Holding]] = msgspec.msgpack.Decoder(list[_Holding])


def positions_row(found: ChainPositions) -> tuple[Any, ...]:
    """Return the `OPTION_POSITION` row, in column order."""
    payload = zlib.compress(pack([(*key, *position) for key, position in found.contracts.items()]), 1)
    keys = (found.product, found.expiry, found.end_us)
    return (*keys, payload, seal(payload, *keys))


def positions_of_row(row: tuple[Any, ...]) -> ChainPositions:
    """Decode an `OPTION_POSITION` row. Raises Corrupt."""
    product, expiry, end_us, payload, crc = row
    check(crc, f"positions of {product} {expiry} at {end_us}", payload, product, expiry, end_us)
    contracts = {
        (_number(strike) or 0.0, is_call): Position(_number(price), _number(interest))
        for strike, is_call, price, interest in _POSITIONS.decode(zlib.decompress(payload))
    }
    return ChainPositions(product, expiry, end_us, contracts)
