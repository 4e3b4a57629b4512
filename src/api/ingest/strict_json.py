"""Reads JSON losslessly: numbers as written, and repeated keys that contradict each other."""

import json
from typing import Any

from api.http.errors import MalformedBody


class NumberText(str):
    """A number as written."""

    __slots__ = ()


class JsonObject(dict[str, Any]):
    """contradictions: repeated keys with different values."""

    contradictions: frozenset[str] = frozenset()


def read_json(body: bytes) -> Any:
    """Parse JSON: objects as JsonObject, numbers as NumberText, the rest as usual.

    Raises:
        MalformedBody: not UTF-8, not JSON (NaN and Infinity are not), or nested too deeply.
    """
    if not body.strip():
        raise MalformedBody("The body is empty.")
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise MalformedBody(f"The body is not valid UTF-8 (byte {error.start}).") from None
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise MalformedBody(f"The body is not JSON: {error.msg[0].lower()}{error.msg[1:]} at {where}.") from None
    except RecursionError:
        raise MalformedBody("The body is nested too deeply.") from None


def _object(pairs: list[tuple[str, Any]]) -> JsonObject:
    result = JsonObject(pairs)
    if len(result) < len(pairs):
        # The last duplicate wins in `result`; one that differs from it is a contradiction.
        result.contradictions = frozenset(key for key, value in pairs if not _same(value, result[key]))
    return result


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and bool(one == other)


def _refuse_constant(name: str) -> Any:
    raise MalformedBody(f"The body is not JSON: {name} is not a JSON number.")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=NumberText, parse_int=NumberText, parse_constant=_refuse_constant
)
