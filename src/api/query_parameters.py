"""Query strings, read with errors that name the parameter."""

import re
from enum import Enum
from typing import Any, TypeVar

from litestar import Request

from api.timestamps import InvalidTimestamp, from_milliseconds, from_rfc3339
from application.errors import FieldError, ValidationFailed

_MILLISECONDS = re.compile(r"-?[0-9]{1,20}\Z")

E = TypeVar("E", bound=Enum)


class QueryParameters:
    """Every reader answers None for a parameter that is absent, and raises ValidationFailed for a bad one.

    Parameters not in `known` are refused by name.
    """

    def __init__(self, request: Request[Any, Any, Any], known: tuple[str, ...]) -> None:
        self.request = request
        self._values = request.query_params
        unknown = [name for name in self._values if name not in known]
        if unknown:
            name = ascii(unknown[0][:64])[1:-1]
            raise _bad(name, "unknown_parameter", f"is not a parameter here; there is {', '.join(known) or 'none'}")
        for name in known:
            if len(self._values.getall(name, [])) > 1:
                raise _bad(name, "repeated", "must be given once")

    def text(self, name: str) -> str | None:
        value: str | None = self._values.get(name)
        return value

    def integer(self, name: str) -> int | None:
        value = self.text(name)
        if value is None:
            return None
        if not (value.isascii() and value.isdigit() and len(value) <= 9):
            raise _bad(name, "not_an_integer", "must be a whole number")
        return int(value)

    def one_of(self, name: str, choices: type[E]) -> E | None:
        value = self.text(name)
        if value is None:
            return None
        try:
            return choices(value)
        except ValueError:
            names = ", ".join(choice.value for choice in choices)
            raise _bad(name, "unknown_value", f"must be one of {names}") from None

    def moment(self, name: str) -> int | None:
        """Microseconds since the epoch, from RFC 3339 or milliseconds."""
        value = self.text(name)
        if value is None:
            return None
        try:
            if _MILLISECONDS.match(value):
                return from_milliseconds(int(value))
            # A plus sign that was not escaped has become a space.
            return from_rfc3339(value.replace(" ", "+"))
        except InvalidTimestamp as error:
            raise _bad(name, "invalid_timestamp", str(error)) from None


def _bad(name: str, code: str, message: str) -> ValidationFailed:
    return ValidationFailed([FieldError(name, code, message)])
