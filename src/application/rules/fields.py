"""Reads the fields of nested plain values, and collects what is wrong with them by path.

Numbers are whatever JSON or TOML makes of them: integers, Decimals, floats, or their text as it was written.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from enum import Enum
from typing import Any, TypeVar

from application.errors import FieldError
from domain.numbers import InvalidNumber, Number, read_number, written

Choice = TypeVar("Choice", bound=Enum)

_INTEGER = re.compile(r"-?[0-9]{1,15}\Z")


class Fields:
    """The fields of one object. errors: shared by all objects of a message; nothing read counts if there are any."""

    def __init__(self, given: Any, path: str, errors: list[FieldError]) -> None:
        self.path = path
        self.errors = errors
        self.given: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
        self._read: set[str] = set()
        self._is_object = isinstance(given, Mapping)
        if not self._is_object:
            self.wrong("", "not_an_object", "must be an object")

    def wrong(self, name: str, code: str, message: str) -> None:
        at = f"{self.path}.{name}" if self.path and name else self.path or name
        self.errors.append(FieldError(at, code, message))

    def has(self, name: str) -> bool:
        return self.given.get(name) is not None

    def object(self, name: str) -> "Fields":
        return Fields(self._take(name), f"{self.path}.{name}" if self.path else name, self.errors)

    def text(self, name: str, length_max: int, default: str | None = None, length_min: int = 1) -> str:
        value = self._take(name, default)
        if type(value) is not str:
            self._missing(name, value, "must be text")
            return ""
        text = value.strip()
        if not length_min <= len(text) <= length_max or not text.isprintable():
            self.wrong(name, "invalid_text", f"must be {length_min} to {length_max} printable characters")
        return text

    def texts(self, name: str, count_max: int, count_min: int = 0) -> list[str]:
        value = self._take(name, () if count_min == 0 else None)
        if not isinstance(value, list | tuple) or not all(type(each) is str for each in value):
            self._missing(name, value, "must be a list of texts")
            return []
        if not count_min <= len(value) <= count_max:
            self.wrong(name, "wrong_count", f"must be {count_min} to {count_max}")
        return list(value)

    def objects(self, name: str, count_max: int, read: "Callable[[Fields], Any]") -> list[Any]:
        value = self._take(name)
        if not isinstance(value, list | tuple) or not 1 <= len(value) <= count_max:
            self._missing(name, value, f"must be a list of 1 to {count_max}")
            return []
        return [read(Fields(each, f"{self.path}.{name}[{at}]", self.errors)) for at, each in enumerate(value)]

    def flag(self, name: str, default: bool) -> bool:
        value = self._take(name, default)
        if isinstance(value, bool):
            return value
        self.wrong(name, "not_a_boolean", "must be true or false")
        return default

    def choice(self, name: str, choices: type[Choice], default: Choice | None = None) -> Choice:
        value = self._take(name, None if default is None else default.value)
        names = [each.value for each in choices]
        if value in names:
            return choices(value)
        self._missing(name, value, f"must be one of {', '.join(names)}", "unknown_value")
        return next(iter(choices))

    def number(self, name: str) -> Number:
        """A number of any size and sign, as written."""
        value = self._take(name)
        try:
            return read_number(_number_text(value))
        except InvalidNumber as error:
            self._missing(name, value, str(error), "invalid_number")
            return 0.0

    def optional_number(self, name: str) -> Number | None:
        return self.number(name) if self.has(name) else None

    def positive(self, name: str, most: int, default: Decimal | None = None) -> Decimal:
        """A number above 0, up to `most`."""
        if default is not None and not self.has(name):
            return default
        number = written(self.number(name))
        if not 0 < number <= most:
            self._out_of_range(name, f"above 0 and at most {most}")
        return number

    def optional_positive(self, name: str, most: int) -> Decimal | None:
        return self.positive(name, most) if self.has(name) else None

    def integer(self, name: str, least: int, most: int, default: int | None = None) -> int:
        value = self._take(name, default)
        text = "" if isinstance(value, bool) else str(value)
        if not _INTEGER.match(text):
            self._missing(name, value, "must be a whole number", "not_an_integer")
            return least
        if not least <= int(text) <= most:
            self._out_of_range(name, f"{least} to {most}")
        return int(text)

    def some_of(self, *names: str) -> None:
        """Require at least one of some fields."""
        if self._is_object and not any(self.has(name) for name in names):
            self.wrong("", "missing", f"needs {' or '.join(names)}")

    def done(self, also: Sequence[str] = ()) -> None:
        """Refuse the fields that were not read. also: those that may be there."""
        for name in self.given:
            if name not in self._read and name not in also:
                self.wrong(ascii(str(name)[:64])[1:-1], "unknown_field", "is not a field of it")

    def _take(self, name: str, default: Any = None) -> Any:
        self._read.add(name)
        value = self.given.get(name)
        return default if value is None else value

    def _out_of_range(self, name: str, what: str) -> None:
        if not any(error.field.endswith(name) and error.code == "missing" for error in self.errors[-1:]):
            self.wrong(name, "out_of_range", f"must be {what}")

    def _missing(self, name: str, value: Any, message: str, code: str = "wrong_type") -> None:
        if value is None and not self._is_object:
            # That the object is none was said already.
            return
        self.wrong(name, "missing" if value is None else code, "is required" if value is None else message)


def _number_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return repr(value)
    # A boolean is an integer, and nothing else is a number.
    return str(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else ""
