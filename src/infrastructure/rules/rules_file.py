"""Rules in a TOML file: a table `[[rules]]` for each, with the fields of the API."""

import tomllib
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from application.errors import ValidationFailed
from application.rules.rule_reading import RuleReader
from domain.rules.rule import Rule


class InvalidRules(Exception):
    """The file cannot be read. The message says where."""


def read_rules(file: Path, reader: RuleReader) -> Sequence[Rule]:
    """Raises InvalidRules."""
    try:
        with file.open("rb") as stream:
            given = tomllib.load(stream, parse_float=Decimal)
    except OSError as error:
        raise InvalidRules(f"{file}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidRules(f"{file}: not valid TOML: {error}") from None
    tables = given.get("rules", [])
    if set(given) - {"rules"} or not isinstance(tables, list):
        raise InvalidRules(f"{file}: must have nothing but tables [[rules]]")
    rules = [_rule(file, number, table, reader) for number, table in enumerate(tables, 1)]
    ids = [rule.id for rule in rules]
    if len(set(ids)) < len(ids):
        raise InvalidRules(f"{file}: two rules have one id")
    return rules


def _rule(file: Path, number: int, table: object, reader: RuleReader) -> Rule:
    try:
        rule = reader.read(table)
    except ValidationFailed as error:
        raise InvalidRules(f"{file}: rule {number}: {error}") from None
    if not rule.id:
        raise InvalidRules(f"{file}: rule {number}: id: is required")
    return rule
