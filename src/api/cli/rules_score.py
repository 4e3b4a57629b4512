"""`marketdata rules score`."""

import csv
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import click

from api.cli.access import print_table
from api.subjects.reading_rules import DEVIATION
from api.timestamps import InvalidTimestamp, from_rfc3339
from application.errors import ValidationFailed
from application.rules.rule_reading import RuleReader
from domain.numbers import InvalidNumber, read_number
from domain.readings.reading import Reading
from domain.readings.reading_book import ReadingBook
from domain.readings.readings import Readings
from domain.rules.alarm_score import AlarmScore, Window
from domain.rules.alert import Alert, AlertChange
from domain.rules.rule import Rule
from domain.rules.rule_index import RuleIndex
from domain.rules.ruled_book import RuledBook
from infrastructure.readings.reading_format import READINGS
from infrastructure.readings.subject import values_of

_KEY = "MACHINE/SENSOR"
_AT_ONCE = 1000


class _Window(click.ParamType[Window]):
    """FROM/TO, as microseconds since the epoch."""

    name = "FROM/TO"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Window:
        if isinstance(value, tuple):
            return value
        start, _, end = str(value).partition("/")
        try:
            return _moment_us(start), _moment_us(end)
        except InvalidTimestamp as error:
            self.fail(f"{value!r} {error}", param, ctx)


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--window", "windows", type=_Window(), multiple=True, required=True, help="In which alerts are right.")
@click.option("--rules", "rules_file", type=click.Path(path_type=Path, dir_okay=False, exists=True), help="TOML.")
def score(file: Path, windows: tuple[Window, ...], rules_file: Path | None) -> None:
    """Say how many alerts of rules are inside labelled windows, and how many are not.

    FILE is a CSV file of the columns timestamp and value: the readings of one sensor. Without --rules, the default rule
    for deviations is compared with the same one without hysteresis. Times without an offset are UTC.

    \b
    marketdata rules score temperature.csv --window 2013-12-15T17:50:00/2013-12-17T17:00:00
    """
    readings = _readings(file)
    alone = replace(DEVIATION, name="deviation alone", clear=None)
    rules = [alone, replace(DEVIATION, name="with hysteresis")] if rules_file is None else _rules(rules_file)
    rows: list[tuple[str, ...]] = [("rule", "readings", "alerts", "inside", "share", "outside", "windows found")]
    for rule in rules:
        found = AlarmScore.of(_raised_us(rule, readings), windows)
        rows.append(
            (
                rule.name,
                str(len(readings)),
                str(found.alerts),
                str(found.inside),
                f"{found.share:.1%}",
                str(found.outside),
                f"{found.found} of {found.windows}",
            )
        )
    print_table(rows)


def _raised_us(rule: Rule, readings: Sequence[Reading]) -> list[int]:
    """When a rule raises alerts: by the code that runs live, in the readings' own time."""
    index = RuleIndex()
    index.add(replace(rule, keys=(_KEY,)))
    book = RuledBook(ReadingBook(1), index, values_of, None)
    raised = []
    for at in range(0, len(readings), _AT_ONCE):
        updates = book.apply(Readings.of(readings[at : at + _AT_ONCE])).updates
        raised += [each for each in updates if isinstance(each, Alert) and each.change is AlertChange.RAISED]
    return [alert.raised_us for alert in raised]


def _readings(file: Path) -> list[Reading]:
    found = []
    with file.open(newline="", encoding="utf-8") as text:
        rows = csv.DictReader(text)
        for number, row in enumerate(rows, 2):
            try:
                found.append(Reading(_KEY, read_number(row["value"].strip()), _moment_us(row["timestamp"])))
            except (KeyError, AttributeError, InvalidNumber, InvalidTimestamp) as error:
                raise click.ClickException(f"{file}, line {number}: no timestamp and value: {error}") from None
    return found


def _rules(file: Path) -> list[Rule]:
    try:
        with file.open("rb") as stream:
            tables = tomllib.load(stream, parse_float=Decimal).get("rules", [])
        return [RuleReader({READINGS: ()}, ()).read(table) for table in tables]
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise click.ClickException(f"{file}: not valid TOML: {error}") from None
    except ValidationFailed as error:
        raise click.ClickException(f"{file}: {error}") from None


def _moment_us(text: str) -> int:
    """A time in RFC 3339; one without an offset is UTC."""
    text = text.strip().replace(" ", "T")
    has_offset = text.endswith(("Z", "z")) or "+" in text or text.count("-") > 2
    return from_rfc3339(text if has_offset else f"{text}Z")
