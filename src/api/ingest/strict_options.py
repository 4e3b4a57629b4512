"""The strict parser of option quotes, which reports every invalid field, and takes snake_case names too."""

from itertools import islice
from typing import Any

from api.ingest.option_fields import QUOTE_FIELDS, snake
from api.ingest.strict_json import JsonObject, NumberText
from api.timestamps import InvalidTimestamp, from_milliseconds, from_rfc3339
from application.errors import FieldError
from domain.numbers import InvalidNumber, Number, read_number
from domain.options.option_quote import CALL, PUT, OptionQuote

_SHOWN_LENGTH_MAX = 64
_UNKNOWN_NAMED_MAX = 10
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


class UnreadableQuote(Exception):
    """A quote that cannot be read, with the reasons."""

    def __init__(self, errors: list[FieldError]) -> None:
        super().__init__(errors)
        self.errors = tuple(errors)


class Fields:
    """The members of an object by their names in the contract, and the errors found in them so far."""

    def __init__(self, item: Any, known: tuple[str, ...], what: str) -> None:
        """Raises UnreadableQuote: the item is no object."""
        if isinstance(item, UnreadableQuote):
            raise item
        if not isinstance(item, JsonObject):
            raise UnreadableQuote([FieldError("", "wrong_type", "must be a JSON object")])
        names = {name: name for name in known} | {snake(name): name for name in known}
        unknown = islice((key for key in item if key not in names), _UNKNOWN_NAMED_MAX)
        message = f"is not a field of {what}; those are {', '.join(known)}"
        self.errors = [FieldError(_shown(key), "unknown_field", message) for key in unknown]
        repeated = set(item.contradictions)
        self._values: dict[str, Any] = {}
        for key, value in item.items():
            name = names.get(key)
            if name is None:
                continue
            if name in self._values and self._values[name] != value:
                repeated.add(key)
            self._values[name] = value
        self.errors += [
            FieldError(_shown(key), "contradiction", "appears more than once with different values")
            for key in sorted(repeated)
        ]

    def __contains__(self, name: str) -> bool:
        return self._values.get(name) is not None

    def get(self, name: str) -> Any:
        return self._values.get(name)

    def text(self, name: str) -> str | None:
        """A required text."""
        value = self._values.get(name)
        if isinstance(value, str) and not isinstance(value, NumberText):
            return value
        self.errors.append(_missing(name) if value is None else FieldError(name, "wrong_type", "must be a string"))
        return None

    def number(self, name: str) -> Number | None:
        """A required number."""
        value = self._values.get(name)
        if not isinstance(value, str):
            message = "must be a number, or a decimal number in a string"
            self.errors.append(_missing(name) if value is None else FieldError(name, "wrong_type", message))
            return None
        try:
            return read_number(value)
        except InvalidNumber as error:
            self.errors.append(FieldError(name, "invalid_number", str(error)))
        return None

    def optional_number(self, name: str) -> Number | None:
        return self.number(name) if name in self else None

    def optional_text(self, name: str) -> str | None:
        return self.text(name) if name in self else None

    def timestamp(self, default_us: int) -> int:
        value = self._values.get("timestamp")
        if value is None:
            return default_us
        try:
            if isinstance(value, NumberText) and value.lstrip("-").isdigit() and len(value) <= 20:
                return from_milliseconds(int(value))
            if isinstance(value, str) and not isinstance(value, NumberText):
                return from_rfc3339(value)
            message = "must be RFC 3339 text with an offset, or an integer of milliseconds since the Unix epoch"
            self.errors.append(FieldError("timestamp", "wrong_type", message))
        except InvalidTimestamp as error:
            self.errors.append(FieldError("timestamp", "invalid_timestamp", str(error)))
        return default_us


def read_quote(item: Any, now_us: int) -> OptionQuote:
    """Read a quote from a JSON value; `now_us` is the default time. Raises UnreadableQuote."""
    fields = Fields(item, tuple(QUOTE_FIELDS), "a quote")
    product, expiry, option_type = fields.text("product"), fields.text("expiry"), fields.text("optionType")
    return _finished(fields, product, expiry, option_type, now_us, None)


def read_chain_quote(
    item: Any, product: str, expiry: str, option_type: str, now_us: int, spot: Number | None
) -> OptionQuote:
    """Read a quote of a chain, which may repeat what the chain says. Raises UnreadableQuote."""
    fields = Fields(item, tuple(QUOTE_FIELDS), "a quote")
    for name, value in (("product", product), ("expiry", expiry), ("optionType", option_type)):
        if name in fields:
            own = fields.text(name)
            if own is not None and own.strip().upper() != value.strip().upper():
                message = f"contradicts the chain, whose quotes here are of {_shown(value)}"
                fields.errors.append(FieldError(name, "contradiction", message))
    return _finished(fields, product, expiry, option_type, now_us, spot)


def _finished(
    fields: Fields, product: str | None, expiry: str | None, option_type: str | None, now_us: int, spot: Number | None
) -> OptionQuote:
    if option_type is not None and option_type not in (CALL, PUT):
        fields.errors.append(FieldError("optionType", "unknown_value", f"must be {CALL} or {PUT}"))
    strike = fields.number("strike")
    timestamp_us = fields.timestamp(now_us)
    amounts = [fields.optional_number(name) for name in _AMOUNTS]
    symbol, quote_id = fields.optional_text("symbol"), fields.optional_text("id")
    if fields.errors or product is None or expiry is None or strike is None:
        raise UnreadableQuote(fields.errors)
    contract = (product, expiry, strike, option_type == CALL)
    return OptionQuote._make((*contract, timestamp_us, *amounts, spot, symbol, quote_id))


def _missing(field: str) -> FieldError:
    return FieldError(field, "missing", "is required")


def _shown(key: str) -> str:
    """An untrusted text, made safe to show."""
    return ascii(key[:_SHOWN_LENGTH_MAX])[1:-1]
