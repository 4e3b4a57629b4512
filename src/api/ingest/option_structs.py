"""The fast parser of option quotes: structs that take what needs no explanation, and a check that nothing is lost."""

import re
from collections.abc import Sequence

import msgspec

from api.timestamps import from_milliseconds, from_rfc3339
from domain.numbers import Number, read_number
from domain.options.option_quote import OptionQuote

_UNSET = msgspec.UNSET
_Amount = float | str | None
_DIGITS_AS_ZEROS = bytes(ord("0") if chr(i) in "0123456789." else ord("x") for i in range(256))
# More digits than a float keeps, and exponents, which may leave its range.
_TOO_MANY_DIGITS = b"0" * 16
_EXPONENT = re.compile(rb"[0-9][eE][+-]?[0-9]")


class NeedsStrictParser(Exception):
    """Decoding may have lost something, or there is an error to explain; the strict parser must read the body."""


class QuoteStruct(msgspec.Struct, forbid_unknown_fields=True, rename="camel", gc=False):
    """A quote as sent, with the names of the contract."""

    strike: float | str
    product: str | msgspec.UnsetType = _UNSET
    expiry: str | msgspec.UnsetType = _UNSET
    option_type: str | msgspec.UnsetType = _UNSET
    bid: _Amount | msgspec.UnsetType = _UNSET
    ask: _Amount | msgspec.UnsetType = _UNSET
    bid_size: _Amount | msgspec.UnsetType = _UNSET
    ask_size: _Amount | msgspec.UnsetType = _UNSET
    last: _Amount | msgspec.UnsetType = _UNSET
    volume: _Amount | msgspec.UnsetType = _UNSET
    open_interest: _Amount | msgspec.UnsetType = _UNSET
    previous_open_interest: _Amount | msgspec.UnsetType = _UNSET
    previous_close: _Amount | msgspec.UnsetType = _UNSET
    iv: _Amount | msgspec.UnsetType = _UNSET
    timestamp: int | str | msgspec.UnsetType | None = _UNSET
    symbol: str | msgspec.UnsetType | None = _UNSET
    id: str | msgspec.UnsetType | None = _UNSET


class ChainStruct(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """A chain as sent."""

    product: str
    expiry: str
    spot_price: _Amount | msgspec.UnsetType = _UNSET
    calls: list[QuoteStruct] = []
    puts: list[QuoteStruct] = []
    timestamp: int | str | msgspec.UnsetType | None = _UNSET


def check_exactness(body: bytes, quotes: Sequence[QuoteStruct], other_commas: int) -> None:
    """Raise NeedsStrictParser if a key is repeated, or a number has more digits than a float keeps.

    other_commas: between quotes, and between members of the chain.
    """
    members = sum(17 - msgspec.structs.astuple(quote).count(_UNSET) for quote in quotes)
    if body.count(b",") != members - len(quotes) + other_commas:
        raise NeedsStrictParser
    if body.translate(_DIGITS_AS_ZEROS).find(_TOO_MANY_DIGITS) >= 0 or _EXPONENT.search(body):
        raise NeedsStrictParser


def quote_of(
    given: QuoteStruct, product: str, expiry: str, is_call: bool, now_us: int, spot: Number | None
) -> OptionQuote:
    """The quote of the domain.

    Raises:
        InvalidNumber, InvalidTimestamp: a text is neither.
    """
    amounts = (
        given.bid,
        given.ask,
        given.bid_size,
        given.ask_size,
        given.last,
        given.volume,
        given.open_interest,
        given.previous_open_interest,
        given.previous_close,
        given.iv,
    )
    fields = (
        product,
        expiry,
        given.strike if isinstance(given.strike, float) else read_number(given.strike),
        is_call,
        timestamp_of(given.timestamp, now_us),
        *[each if isinstance(each, float) else amount_of(each) for each in amounts],
        spot,
        None if given.symbol is _UNSET else given.symbol,
        None if given.id is _UNSET else given.id,
    )
    return OptionQuote._make(fields)


def amount_of(value: object) -> Number | None:
    if isinstance(value, float):
        return value
    return read_number(value) if isinstance(value, str) else None


def timestamp_of(value: object, now_us: int) -> int:
    if isinstance(value, int):
        return from_milliseconds(value)
    return from_rfc3339(value) if isinstance(value, str) else now_us
