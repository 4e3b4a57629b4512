"""Query strings as structs, whose fields define both parsing and documentation.

A field is a string, an integer, a boolean, a `Moment` or an `Enum`, or None if absent; `msgspec.Meta` describes it.
"""

import re
from collections.abc import Callable, Mapping
from enum import Enum
from functools import lru_cache
from typing import Annotated, Any, NewType, TypeVar, get_args, get_type_hints

import msgspec
from litestar.datastructures import MultiDict

from api.timestamps import EARLIEST_MS, LATEST_MS, InvalidTimestamp, from_milliseconds, from_rfc3339
from application.errors import FieldError, ValidationFailed
from application.paging import Order

# Microseconds since the epoch; in the query RFC 3339 or milliseconds.
Moment = NewType("Moment", int)

MOMENT = "RFC 3339, or milliseconds since the Unix epoch"

Q = TypeVar("Q", bound="Query")
Values = MultiDict[Any] | Mapping[str, str]

_MILLISECONDS_SCHEMA = {"type": "integer", "minimum": EARLIEST_MS, "maximum": LATEST_MS}
_MILLISECONDS = re.compile(r"-?[0-9]{1,20}\Z")


class Query(msgspec.Struct, frozen=True, rename="camel"):
    """The query parameters of a route. Unknown parameters are rejected by name."""


class NoQuery(Query, frozen=True):
    """A route without query parameters, which rejects any."""


# Common to all paginated routes.
Limit = Annotated[
    int | None,
    msgspec.Meta(
        description="Items on a page.",
        examples=[100],
        extra_json_schema={"minimum": 1, "maximum": 10_000, "default": 100},
    ),
]


class Numbers(Enum):
    """How prices and other decimals are written."""

    NUMBER = "number"
    STRING = "string"


NumberFormat = Annotated[
    Numbers,
    msgspec.Meta(
        description="`string`: prices and other decimals as strings in plain notation, with every digit.",
        examples=["number"],
        extra_json_schema={"default": "number"},
    ),
]
From = Annotated[
    Moment | None, msgspec.Meta(description=f"From this moment on: {MOMENT}.", examples=["2026-01-31T12:00:00Z"])
]
To = Annotated[
    Moment | None, msgspec.Meta(description=f"Before this moment: {MOMENT}.", examples=["2026-01-31T13:00:00Z"])
]
Ascending = Annotated[
    Order, msgspec.Meta(description="`asc` by default.", examples=["asc"], extra_json_schema={"default": "asc"})
]
Descending = Annotated[
    Order,
    msgspec.Meta(
        description="`desc`, newest first, by default.", examples=["desc"], extra_json_schema={"default": "desc"}
    ),
]


class OneQuery(Query, frozen=True):
    """A route that answers with one resource."""

    numbers: NumberFormat = Numbers.NUMBER


Cursor = Annotated[
    str | None,
    msgspec.Meta(
        description="The `nextCursor` of the page before.",
        extra_json_schema={"minLength": 1, "pattern": "^[A-Za-z0-9_-]+$"},
    ),
]


def read_query(kind: type[Q], values: "MultiDict[Any]") -> Q:
    """Parse a query string into a struct.

    Raises:
        ValidationFailed: a parameter is unknown, repeated, missing or invalid; the error names it.
    """
    readers = _readers(kind)
    unknown = [name for name in values if name not in readers]
    if unknown:
        name = ascii(unknown[0][:64])[1:-1]
        supported = ", ".join(readers) or "none"
        raise _bad(name, "unknown_parameter", f"is not a query parameter of this route; it has {supported}")
    for name in readers:
        if len(values.getall(name, [])) > 1:
            raise _bad(name, "repeated", "must be given once")
    for field, name, annotation in _fields(kind):
        if field.required and name not in values:
            raise _bad(name, "missing", f"is required{_choices(annotation)}")
    return kind(**{field: read(name, values[name]) for name, (field, read) in readers.items() if name in values})


def parameters_of(kind: type[Query]) -> list[dict[str, Any]]:
    """The fields of a struct as OpenAPI parameters."""
    return [
        _described(name, annotation) | ({"required": True} if field.required else {})
        for field, name, annotation in _fields(kind)
    ]


@lru_cache(maxsize=256)
def _readers(kind: type[Query]) -> dict[str, tuple[str, Callable[[str, str], Any]]]:
    return {
        name: (field.name, _READERS.get(_type(annotation)) or _choice(annotation))
        for field, name, annotation in _fields(kind)
    }


def _fields(kind: type[Query]) -> list[tuple[Any, str, Any]]:
    """(field, name on the wire, annotation)"""
    hints = get_type_hints(kind, include_extras=True)
    return [(each, each.encode_name, hints[each.name]) for each in msgspec.structs.fields(kind)]


def _meta(annotation: Any) -> tuple[Any, msgspec.Meta]:
    inner, meta = get_args(annotation)
    return inner, meta


def _type(annotation: Any) -> Any:
    inner, _ = _meta(annotation)
    return next((each for each in get_args(inner) if each is not type(None)), inner)


def _described(name: str, annotation: Any) -> dict[str, Any]:
    _, meta = _meta(annotation)
    kind = _type(annotation)
    schema = _SCHEMAS.get(kind) or {"enum": [choice.value for choice in kind]}
    parameter = {
        "name": name,
        "in": "query",
        "description": meta.description,
        "schema": schema | (meta.extra_json_schema or {}),
    }
    return parameter | ({"example": meta.examples[0]} if meta.examples else {})


def _text(_name: str, value: str) -> str:
    return value


def _integer(name: str, value: str) -> int:
    if not (value.isascii() and value.isdigit() and len(value) <= 9):
        raise _bad(name, "not_an_integer", "must be a whole number")
    return int(value)


def _boolean(name: str, value: str) -> bool:
    if value not in ("true", "false"):
        raise _bad(name, "unknown_value", "must be true or false")
    return value == "true"


def _timestamp_us(name: str, value: str) -> Moment:
    try:
        if _MILLISECONDS.match(value):
            return Moment(from_milliseconds(int(value)))
        # An unescaped plus sign is decoded to a space.
        return Moment(from_rfc3339(value.replace(" ", "+")))
    except InvalidTimestamp as error:
        raise _bad(name, "invalid_timestamp", str(error)) from None


def _choices(annotation: Any) -> str:
    kind = _type(annotation)
    return f"; it is one of {', '.join(each.value for each in kind)}" if issubclass(kind, Enum) else ""


def _choice(annotation: Any) -> Callable[[str, str], Any]:
    choices: type[Enum] = _type(annotation)

    def read(name: str, value: str) -> Enum:
        try:
            return choices(value)
        except ValueError:
            names = ", ".join(choice.value for choice in choices)
            raise _bad(name, "unknown_value", f"must be one of {names}") from None

    return read


_READERS: dict[Any, Callable[[str, str], Any]] = {str: _text, int: _integer, bool: _boolean, Moment: _timestamp_us}
_SCHEMAS: dict[Any, dict[str, Any]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    bool: {"type": "boolean"},
    Moment: {"anyOf": [{"type": "string", "format": "date-time"}, _MILLISECONDS_SCHEMA]},
}


def _bad(name: str, code: str, message: str) -> ValidationFailed:
    return ValidationFailed([FieldError(name, code, message)])
