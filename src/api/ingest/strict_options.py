"""The strict parser of option quotes, which reports every invalid field, and takes snake_case names too."""

from collections.abc import Sequence
from typing import Any

from api.ingest.option_fields import QUOTE_FIELDS, snake
from api.ingest.strict_fields import (
    Unreadable,
    object_of,
    optional,
    read_decimal,
    read_moment,
    read_text,
    shown,
    unexpected,
)
from api.ingest.strict_json import JsonObject
from application.errors import FieldError
from domain.numbers import Number
from domain.options.option_quote import CALL, PUT, OptionQuote

_AMOUNTS = (
    "bid",
    "ask",
    "bidSize",
    "askSize",
    "last",
    "volume",
    "openInterest",
    "previousOpenInterest",
    "previousClose",
    "iv",
)


def named(item: Any, what: str, known: Sequence[str]) -> tuple[JsonObject, list[FieldError]]:
    """The members of an object that are not null, by their names in the contract, and the errors of other names.

    Raises Unreadable.
    """
    given = object_of(item)
    names = {name: name for name in known} | {snake(name): name for name in known}
    found = JsonObject()
    repeated = set(given.contradictions)
    for key, value in given.items():
        name = names.get(key, key)
        if name in found and found[name] != value:
            repeated.add(key)
        found[name] = value
    found.contradictions = frozenset(repeated)
    errors = unexpected(found, what, known)
    for name in [name for name, value in found.items() if value is None]:
        del found[name]
    return found, errors


def read_quote(item: Any, now_us: int) -> OptionQuote:
    """Read a quote from a JSON value; `now_us` is the default time. Raises Unreadable."""
    found, errors = named(item, "quote", tuple(QUOTE_FIELDS))
    product, expiry = read_text(found, "product", errors), read_text(found, "expiry", errors)
    return _finished(found, errors, product, expiry, read_text(found, "optionType", errors), now_us, None)


def read_chain_quote(
    item: Any, product: str, expiry: str, option_type: str, now_us: int, spot: Number | None
) -> OptionQuote:
    """Read a quote of a chain, which may repeat what the chain says. Raises Unreadable."""
    found, errors = named(item, "quote", tuple(QUOTE_FIELDS))
    for name, value in (("product", product), ("expiry", expiry), ("optionType", option_type)):
        own = optional(read_text, found, name, errors)
        if own is not None and own.strip().upper() != value.strip().upper():
            message = f"contradicts the chain, whose quotes here are of {shown(value)}"
            errors.append(FieldError(name, "contradiction", message))
    return _finished(found, errors, product, expiry, option_type, now_us, spot)


def _finished(
    item: JsonObject,
    errors: list[FieldError],
    product: str | None,
    expiry: str | None,
    option_type: str | None,
    now_us: int,
    spot: Number | None,
) -> OptionQuote:
    if option_type is not None and option_type not in (CALL, PUT):
        errors.append(FieldError("optionType", "unknown_value", f"must be {CALL} or {PUT}"))
    strike = read_decimal(item, "strike", errors)
    moment_us = read_moment(item, "timestamp", errors)
    amounts = [optional(read_decimal, item, name, errors) for name in _AMOUNTS]
    symbol, quote_id = optional(read_text, item, "symbol", errors), optional(read_text, item, "id", errors)
    if errors or product is None or expiry is None or strike is None:
        raise Unreadable(errors)
    contract = (product, expiry, strike, option_type == CALL)
    return OptionQuote._make((*contract, now_us if moment_us is None else moment_us, *amounts, spot, symbol, quote_id))
