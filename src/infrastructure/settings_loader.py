"""Reads the configuration: defaults, overridden in turn by a TOML file, the environment and the command line."""

import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import EnvSettingsSource

from infrastructure.settings import Settings

DEFAULT_FILE = Path("appsettings.toml")

_MASK = "********"

Values = Mapping[str, Mapping[str, Any]]


class InvalidSettings(Exception):
    """The configuration is invalid. The message names the key and where its value came from."""


@dataclass(frozen=True)
class LoadedSettings:
    """origins: where each key's value came from, by "section.key"."""

    settings: Settings
    origins: Mapping[str, str]


def load_settings(file: Path | None = None, overrides: Values | None = None) -> LoadedSettings:
    """Return the effective configuration.

    file: the TOML file; None uses appsettings.toml in the current directory if it exists.
    overrides: values from the command line.

    Raises:
        InvalidSettings: the file cannot be read, a key is unknown or a value is not allowed.
    """
    if file is None and DEFAULT_FILE.is_file():
        file = DEFAULT_FILE
    layers: list[tuple[str, Values]] = [("environment", _Environment(Settings)())]
    if file is not None:
        layers.insert(0, (str(file), _read_toml(file)))
    layers.append(("command line", overrides or {}))
    merged: dict[str, dict[str, Any]] = {}
    given: dict[str, str] = {}
    for origin, values in layers:
        for section, keys in values.items():
            if not isinstance(keys, Mapping):
                raise InvalidSettings(f"{section} ({origin}): must be a section with keys")
            merged[section] = _merged(merged.get(section, {}), keys)
            given.update({f"{section}.{key}": _name_of(origin, section, key) for key in _keys_in(keys)})
            given.setdefault(section, origin)
    try:
        settings = Settings(**merged)  # type: ignore[arg-type]  # checked by pydantic itself
    except ValidationError as error:
        raise InvalidSettings(_explain(error, given)) from None
    names = [f"{section}.{key}" for section, values in settings for key in _fields_of(type(values))]
    return LoadedSettings(settings, {name: given.get(name, "default") for name in names})


def value_of(settings: Settings, key: str) -> object:
    """Return the value of a key such as "server.port"."""
    return reduce(getattr, key.split("."), settings)


def masked(value: object) -> object:
    """Return the value as it may be shown: without secrets, and without the password and the query of a URL."""
    if isinstance(value, SecretStr):
        return _MASK
    if isinstance(value, Mapping):
        return {name: masked(each) if _is_secret(name) else _text_of(each) for name, each in value.items()}
    if not isinstance(value, str) or "://" not in value:
        return value
    url = urlsplit(value)
    user, _, host = url.netloc.rpartition("@")
    name, colon, _ = user.partition(":")
    # Without a password, the name is often a token; not that of a database.
    shown = f"{name}:{_MASK}" if colon else name if url.scheme.startswith("postgres") else _MASK
    netloc = f"{shown}@{host}" if user else host
    return url._replace(netloc=netloc, query=url.query and _MASK, fragment=url.fragment and _MASK).geturl()


def _is_secret(name: str) -> bool:
    return any(word in name for word in ("password", "secret", "key", "pem", "token", "config", "username"))


def _text_of(value: object) -> object:
    return value.get_secret_value() if isinstance(value, SecretStr) else value


class _Environment(EnvSettingsSource):
    """Accepts lists as plain "A,B" too, not only as JSON."""

    def decode_complex_value(self, field_name: str, field: FieldInfo, value: Any) -> Any:
        try:
            return super().decode_complex_value(field_name, field, value)
        except ValueError:
            return value


def _merged(known: Mapping[str, Any], later: Mapping[str, Any]) -> dict[str, Any]:
    """Merge the keys of two layers, and those of sections in a section."""
    merged = dict(known)
    for key, value in later.items():
        before = merged.get(key)
        merged[key] = _merged(before, value) if isinstance(before, dict) and isinstance(value, Mapping) else value
    return merged


def _keys_in(keys: Mapping[str, Any]) -> Iterator[str]:
    for key, value in keys.items():
        if isinstance(value, Mapping):
            yield from (f"{key}.{inner}" for inner in _keys_in(value))
        yield key


def _fields_of(section: type[BaseModel]) -> Iterator[str]:
    for name, field in section.model_fields.items():
        inner = _section_of(field)
        if inner is None:
            yield name
        else:
            yield from (f"{name}.{key}" for key in _fields_of(inner))


def _section_of(field: FieldInfo | None) -> type[BaseModel] | None:
    kind = None if field is None else field.annotation
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def _read_toml(file: Path) -> Values:
    try:
        with file.open("rb") as stream:
            return tomllib.load(stream)
    except OSError as error:
        raise InvalidSettings(f"{file}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidSettings(f"{file}: not valid TOML: {error}") from None


def _name_of(origin: str, section: str, key: str) -> str:
    if origin != "environment":
        return origin
    name = f"MARKETDATA_{section}__{key}".replace(".", "__").upper()
    # A whole section may also be given as JSON.
    return name if name in map(str.upper, os.environ) else f"MARKETDATA_{section}".upper()


def _explain(error: ValidationError, given: Mapping[str, str]) -> str:
    lines = []
    for problem in error.errors(include_url=False):
        key = ".".join(map(str, problem["loc"][: len(_sections_in(problem["loc"])) + 1]))
        message = "no such key" if problem["type"] == "extra_forbidden" else problem["msg"]
        value = f" (value: {problem['input']!r})" if _may_be_shown(problem["loc"]) else ""
        lines.append(f"{key} ({given.get(key, 'default')}): {message}{value}")
    return "\n".join(lines)


def _may_be_shown(path: tuple[int | str, ...]) -> bool:
    """Whether a wrong value belongs to one known key, and can hold no secret."""
    sections = _sections_in(path)
    field = sections[-1].model_fields.get(str(path[len(sections)])) if sections and len(path) > len(sections) else None
    return field is not None and field.repr and "Secret" not in str(field.annotation)


def _sections_in(path: tuple[int | str, ...]) -> list[type[BaseModel]]:
    """The sections that a path leads through, from the outermost."""
    sections: list[type[BaseModel]] = []
    fields: Mapping[str, FieldInfo] = Settings.model_fields
    for part in path:
        inner = _section_of(fields.get(str(part)))
        if inner is None:
            break
        sections.append(inner)
        fields = inner.model_fields
    return sections
