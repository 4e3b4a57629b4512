"""The fast parser of option quotes: structs that take what needs no explanation, and a check that nothing is lost."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import repeat
from typing import Any

import msgspec

from api.timestamps import from_milliseconds, from_rfc3339
from domain.numbers import Number, read_number
from domain.options.option_quote import OptionQuote

_UNSET = msgspec.UNSET
_Amount = float | str | None
# Digits as zeros, and the letter of an exponent.
_NUMBERS = bytes(ord("0") if chr(i) in "0123456789." else ord("e") if chr(i) in "eE" else ord("x") for i in range(256))
# More digits than a float keeps, and exponents, which may leave its range.
_TOO_MANY_DIGITS = b"0" * 16
_EXPONENT = b"0e"


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


_FIELDS = len(QuoteStruct.__struct_fields__)
# From `bid` to `iv`.
_AMOUNTS = 10
_PLAIN = {float, type(None)}
_quote: Callable[[tuple[Any, ...]], OptionQuote] = partial(tuple.__new__, OptionQuote)


class ChainStruct(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """A chain as sent."""

    product: str
    expiry: str
    spot_price: _Amount | msgspec.UnsetType = _UNSET
    calls: list[QuoteStruct] = []
    puts: list[QuoteStruct] = []
    timestamp: int | str | msgspec.UnsetType | None = _UNSET


class QuoteColumns:
    """The fields of quotes, in order of arrival. Absent ones are UNSET; a column of these alone is empty."""

    def __init__(self, quotes: Sequence[QuoteStruct]) -> None:
        columns = list(zip(*map(msgspec.structs.astuple, quotes), strict=True)) or [()] * _FIELDS
        missing = [column.count(_UNSET) for column in columns]
        self.members = _FIELDS * len(quotes) - sum(missing)
        columns = [() if count == len(quotes) else column for column, count in zip(columns, missing, strict=True)]
        self.strikes, self.products, self.expiries, self.option_types, *rest = columns
        # What a chain says of all its quotes.
        self.of_chain = (self.products, self.expiries, self.option_types)
        self.amounts = rest[:_AMOUNTS]
        self.timestamps, self.symbols, self.ids = rest[_AMOUNTS:]

    def __len__(self) -> int:
        return len(self.strikes)

    def check_exactness(self, body: bytes, other_commas: int) -> None:
        """Raise NeedsStrictParser if a key is repeated, or a number has more digits than a float keeps.

        other_commas: between quotes, and between members of the chain.
        """
        if body.count(b",") != self.members - len(self) + other_commas:
            raise NeedsStrictParser
        numbers = body.translate(_NUMBERS)
        if _TOO_MANY_DIGITS in numbers or _EXPONENT in numbers:
            raise NeedsStrictParser

    def quotes(
        self,
        products: Iterable[str],
        expiries: Iterable[str],
        are_calls: Iterable[bool],
        now_us: int,
        spot: Number | None,
    ) -> list[OptionQuote]:
        """The quotes of the domain.

        Raises:
            InvalidNumber, InvalidTimestamp: a text is neither.
        """
        rows = zip(
            products,
            expiries,
            _amounts(self.strikes),
            are_calls,
            _timestamps(self.timestamps, now_us),
            *map(_amounts, self.amounts),
            repeat(spot),
            _texts(self.symbols),
            _texts(self.ids),
            strict=False,
        )
        return list(map(_quote, rows))


def _amounts(column: tuple[object, ...]) -> Iterable[Number | None]:
    if not column:
        return repeat(None)
    return column if set(map(type, column)) <= _PLAIN else map(amount_of, column)  # type: ignore[return-value]


def _texts(column: tuple[object, ...]) -> Iterable[str | None]:
    if not column:
        return repeat(None)
    return [None if each is _UNSET else each for each in column]  # type: ignore[misc]


def _timestamps(column: tuple[object, ...], now_us: int) -> Iterable[int]:
    return [timestamp_of(each, now_us) for each in column] if column else repeat(now_us)


def amount_of(value: object) -> Number | None:
    if isinstance(value, float):
        return value
    return read_number(value) if isinstance(value, str) else None


def timestamp_of(value: object, now_us: int) -> int:
    if isinstance(value, int):
        return from_milliseconds(value)
    return from_rfc3339(value) if isinstance(value, str) else now_us
