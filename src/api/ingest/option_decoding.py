"""Decodes bodies of option quotes: one, many, or a chain.

A fast parser takes what is complete and well-formed. The strict parser reads the rest, and explains errors.
"""

from collections.abc import Iterable
from itertools import repeat
from typing import Any

import msgspec

from api.http.errors import MalformedBody
from api.ingest.items import check_size, items_of, values_of_lines
from api.ingest.option_fields import CHAIN_FIELDS
from api.ingest.option_structs import (
    ChainStruct,
    NeedsStrictParser,
    QuoteColumns,
    QuoteStruct,
    amount_of,
    timestamp_of,
)
from api.ingest.strict_fields import Unreadable, optional, read_decimal, read_moment, read_text
from api.ingest.strict_json import read_json
from api.ingest.strict_options import named, read_chain_quote, read_quote
from api.timestamps import InvalidTimestamp
from application.errors import FieldError
from application.options.commands.process_option_quotes import ProcessOptionQuotes
from application.processing.batches import ERRORS_REPORTED_MAX
from domain.numbers import InvalidNumber, Number
from domain.options.option_quote import CALL, PUT, OptionQuote
from domain.options.option_quotes import OptionQuotes

_MANY = msgspec.json.Decoder(list[QuoteStruct])
_ONE = msgspec.json.Decoder(QuoteStruct)
_CHAIN = msgspec.json.Decoder(ChainStruct)
# msgspec does not wrap the errors of invalid UTF-8 and deep nesting.
_GIVES_UP = (
    msgspec.DecodeError,
    UnicodeDecodeError,
    RecursionError,
    InvalidTimestamp,
    InvalidNumber,
    NeedsStrictParser,
)


def decode_quote(body: bytes, now_us: int) -> ProcessOptionQuotes:
    """Decode one quote. Raises MalformedBody."""
    return _sorted([read_json(body)], now_us)


def decode_quotes(body: bytes, now_us: int, quotes_max: int) -> ProcessOptionQuotes:
    """Decode a JSON array of quotes.

    Raises:
        MalformedBody: the body is not a JSON array.
        BatchTooLarge: it has more than `quotes_max` items.
    """
    try:
        given = _MANY.decode(body)
        check_size(len(given), quotes_max)
        return _alone(given, body, len(given) - 1, now_us)
    except _GIVES_UP:
        return _sorted(items_of(body, "quotes", quotes_max), now_us)


def decode_quote_lines(body: bytes, now_us: int, quotes_max: int) -> ProcessOptionQuotes:
    """Decode NDJSON, one quote a line; a line that is not JSON is a bad quote.

    Raises:
        MalformedBody: there are no lines.
        BatchTooLarge: there are more than `quotes_max`.
    """
    lines = [line for line in body.split(b"\n", 2 * quotes_max + 1) if line.strip()]
    check_size(len(lines), quotes_max)
    try:
        return _alone([_ONE.decode(line) for line in lines], body, 0, now_us)
    except _GIVES_UP:
        return _sorted(values_of_lines(body, quotes_max), now_us)


def decode_chain(body: bytes, now_us: int, quotes_max: int) -> ProcessOptionQuotes:
    """Decode a chain. The index of an error counts the calls first and then the puts.

    Raises:
        MalformedBody: the body is not a JSON object.
        BatchTooLarge: it has more than `quotes_max` contracts.
    """
    try:
        return _fast_chain(_CHAIN.decode(body), body, now_us, quotes_max)
    except _GIVES_UP:
        return _strict_chain(read_json(body), now_us, quotes_max)


def _fast_chain(chain: ChainStruct, body: bytes, now_us: int, quotes_max: int) -> ProcessOptionQuotes:
    columns = QuoteColumns([*chain.calls, *chain.puts])
    check_size(len(columns), quotes_max)
    members = 2 + (body.count(b'"calls"') + body.count(b'"puts"'))
    members += sum(each is not msgspec.UNSET for each in (chain.spot_price, chain.timestamp))
    between = max(len(chain.calls) - 1, 0) + max(len(chain.puts) - 1, 0)
    columns.check_exactness(body, members - 1 + between)
    # What repeats the chain is compared by the strict parser.
    if any(columns.of_chain):
        raise NeedsStrictParser
    are_calls = [True] * len(chain.calls) + [False] * len(chain.puts)
    moment_us, spot = timestamp_of(chain.timestamp, now_us), amount_of(chain.spot_price)
    quotes = columns.quotes(repeat(chain.product), repeat(chain.expiry), are_calls, moment_us, spot)
    if len({(quote.strike, quote.is_call) for quote in quotes}) == len(quotes):
        return ProcessOptionQuotes(OptionQuotes(quotes))
    return _without_repeated(quotes, list(range(len(quotes))), [], 0)


def _strict_chain(body: Any, now_us: int, quotes_max: int) -> ProcessOptionQuotes:
    try:
        found, errors = named(body, "chain", CHAIN_FIELDS)
    except Unreadable:
        raise MalformedBody("The body is not a JSON object with a chain.") from None
    product, expiry = read_text(found, "product", errors), read_text(found, "expiry", errors)
    spot = optional(read_decimal, found, "spotPrice", errors)
    moment_us = read_moment(found, "timestamp", errors)
    sides: list[tuple[str, list[Any]]] = []
    for name, option_type in (("calls", CALL), ("puts", PUT)):
        items = found.get(name)
        if items is not None and not isinstance(items, list):
            errors.append(FieldError(name, "wrong_type", "must be an array of quotes"))
        sides.append((option_type, items if isinstance(items, list) else []))
    count = sum(len(items) for _, items in sides)
    check_size(count, quotes_max)
    if errors or product is None or expiry is None:
        # What is wrong with the chain is wrong with each of its quotes.
        return ProcessOptionQuotes(OptionQuotes([]), [], count, tuple(errors))
    return _read_sides(sides, product, expiry, now_us if moment_us is None else moment_us, spot)


def _read_sides(
    sides: list[tuple[str, list[Any]]], product: str, expiry: str, now_us: int, spot: Number | None
) -> ProcessOptionQuotes:
    quotes, indexes, errors, rejected, index = [], [], list[FieldError](), 0, -1
    for option_type, items in sides:
        for item in items:
            index += 1
            try:
                quotes.append(read_chain_quote(item, product, expiry, option_type, now_us, spot))
                indexes.append(index)
            except Unreadable as bad:
                rejected += 1
                errors += [error.at(index) for error in bad.errors]
    return _without_repeated(quotes, indexes, errors, rejected)


def _without_repeated(
    quotes: list[OptionQuote], indexes: list[int], errors: list[FieldError], rejected: int
) -> ProcessOptionQuotes:
    """A chain has one quote of a contract: of several, the first is taken."""
    seen: set[tuple[Number, bool]] = set()
    kept = []
    for index, quote in zip(indexes, quotes, strict=True):
        key = (quote.strike, quote.is_call)
        if key in seen:
            message = f"is that of another of the {'calls' if quote.is_call else 'puts'}"
            errors.append(FieldError("strike", "duplicate_strike", message, index))
        else:
            seen.add(key)
            kept.append((index, quote))
    return ProcessOptionQuotes(
        OptionQuotes([quote for _, quote in kept]),
        [index for index, _ in kept],
        rejected + len(quotes) - len(kept),
        tuple(errors[:ERRORS_REPORTED_MAX]),
    )


def _alone(given: list[QuoteStruct], body: bytes, other_commas: int, now_us: int) -> ProcessOptionQuotes:
    """Quotes that name their contracts themselves."""
    columns = QuoteColumns(given)
    columns.check_exactness(body, other_commas)
    are_texts = {*map(type, columns.products), *map(type, columns.expiries)} == {str}
    if not (are_texts and all(columns.of_chain) and {*columns.option_types} <= {CALL, PUT}):
        raise NeedsStrictParser
    are_calls = [option_type == CALL for option_type in columns.option_types]
    return ProcessOptionQuotes(
        OptionQuotes(columns.quotes(columns.products, columns.expiries, are_calls, now_us, None))
    )


def _sorted(items: Iterable[Any], now_us: int) -> ProcessOptionQuotes:
    quotes, indexes, errors, rejected = [], [], list[FieldError](), 0
    for index, item in enumerate(items):
        try:
            quotes.append(read_quote(item, now_us))
            indexes.append(index)
        except Unreadable as bad:
            rejected += 1
            if len(errors) < ERRORS_REPORTED_MAX:
                errors += [error.at(index) for error in bad.errors]
    return ProcessOptionQuotes(OptionQuotes(quotes), indexes, rejected, tuple(errors))
