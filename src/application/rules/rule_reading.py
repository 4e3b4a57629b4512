"""From plain values, as JSON and TOML have them, to a rule."""

import re
from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any

from application.errors import FieldError, ValidationFailed
from application.rules.fields import Fields
from domain.numbers import written
from domain.rules.condition import (
    AllOf,
    AnyOf,
    Condition,
    Deviation,
    Level,
    Move,
    MoveDirection,
    Negation,
    Range,
    Rate,
    Stale,
)
from domain.rules.rule import ALL_KEYS, AlertSeverity, Rule
from domain.symbol import SYMBOL_RULE, InvalidSymbol, normalise_symbol

KEYS_MAX = 100
NAME_LENGTH_MAX = 100
NOTE_LENGTH_MAX = 1000
CHANNELS_MAX = 10
# Of conditions in one another, and in one rule.
DEPTH_MAX, PARTS_MAX = 4, 16
_SECONDS_MAX = 31 * 86_400
_DAY_MS = 86_400_000
_OVER_MAX = 1000
_PART_LENGTH_MAX = 64
_MINIMUM = 30
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}\Z")
ID_RULE = "1 to 64 characters out of a-z 0-9 -, not beginning with -"


class RuleReader:
    """subjects: those that rules can be about, each with the figures that it names. channels: that alerts can go to.

    with_parts: the subjects whose figures can be of a part of a key; their observations have no value of their own.
    """

    def __init__(
        self, subjects: Mapping[str, Collection[str]], channels: Collection[str], with_parts: Collection[str] = ()
    ) -> None:
        self._subjects = subjects
        self._with_parts = with_parts
        self._channels = channels

    def read(self, given: Any, rule_id: str | None = None) -> Rule:
        """Return a rule. rule_id: its id, if that is known; else it is that of the values, or empty.

        Raises:
            ValidationFailed: with all that is wrong, by path.
        """
        errors: list[FieldError] = []
        fields = Fields(given, "", errors)
        # Who sends back what was read may send all of it.
        fields.done(also=_NAMES)
        if fields.has("revision"):
            fields.integer("revision", 1, 10**15 - 1)
        subject = fields.text("subject", 64)
        if subject and subject not in self._subjects:
            fields.wrong("subject", "unknown_value", f"must be one of {', '.join(self._subjects)}")
        rule = Rule(
            id=self._id(fields, rule_id),
            name=fields.text("name", NAME_LENGTH_MAX),
            subject=subject,
            keys=_keys(fields),
            condition=self._condition(fields.object("condition"), subject, 1),
            severity=fields.choice("severity", AlertSeverity, AlertSeverity.WARNING),
            clear=self._condition(fields.object("clear"), subject, 1) if fields.has("clear") else None,
            cooldown_us=_microseconds(fields, "cooldownSeconds", Decimal(60)),
            enabled=fields.flag("enabled", True),
            notify=self._notify(fields),
            note=fields.text("note", NOTE_LENGTH_MAX, "", length_min=0),
        )
        if errors:
            raise ValidationFailed(errors)
        return rule

    def _id(self, fields: Fields, rule_id: str | None) -> str:
        given = fields.text("id", 64) if fields.has("id") else rule_id or ""
        if rule_id is not None and given != rule_id:
            fields.wrong("id", "contradiction", "must be the id in the path")
        if given and (not _ID.match(given) or given in _RESERVED):
            fields.wrong("id", "invalid_id", f"must be {ID_RULE}, and not {' or '.join(_RESERVED)}")
        return given

    def _notify(self, fields: Fields) -> tuple[str, ...]:
        names = tuple(dict.fromkeys(fields.texts("notify", CHANNELS_MAX)))
        for at, name in enumerate(names):
            if name not in self._channels:
                known = ", ".join(self._channels) or "none"
                fields.wrong(f"notify[{at}]", "unknown_value", f"must be a channel of [notifications]: {known}")
        return names

    def _condition(self, fields: Fields, subject: str, depth: int) -> Condition:
        figures = self._subjects.get(subject, ())
        has_parts = subject in self._with_parts
        simple = _WITHOUT_VALUE if has_parts else _SIMPLE
        names = [*simple, "all", "any", "not", *figures]
        given = [name for name in fields.given if name in names]
        if len(fields.given) != 1 or not given:
            if not fields.errors or fields.errors[-1].field != fields.path:
                fields.wrong("", "unknown_condition", f"must have one of {', '.join(names)}, and nothing else")
            return _NONE
        name = given[0]
        if name in ("all", "any", "not") and depth >= DEPTH_MAX:
            fields.wrong("", "too_deep", f"conditions may be {DEPTH_MAX} deep")
            return _NONE
        if name == "not":
            return Negation(self._condition(fields.object("not"), subject, depth + 1))
        if name in ("all", "any"):
            parts = fields.objects(name, PARTS_MAX, lambda each: self._condition(each, subject, depth + 1))
            return AllOf(tuple(parts)) if name == "all" else AnyOf(tuple(parts))
        own = fields.object(name)
        if name in simple:
            condition: Condition = simple[name](own)
        elif has_parts and own.has("of"):
            condition = _level(own, f"{name} {own.text('of', _PART_LENGTH_MAX).upper()}")
        else:
            condition = _level(own, name)
        own.done()
        return condition


def _move(fields: Fields) -> Condition:
    return Move(
        fields.positive("percent", 10_000),
        fields.integer("withinMs", 1, _DAY_MS) * 1000,
        fields.choice("direction", MoveDirection, MoveDirection.ANY),
    )


def _level(fields: Fields, figure: str = "value") -> Condition:
    fields.some_of("above", "below")
    return Level(fields.optional_number("above"), fields.optional_number("below"), figure)


def _range(fields: Fields) -> Condition:
    low, high = fields.number("low"), fields.number("high")
    if written(low) >= written(high):
        fields.wrong("high", "out_of_range", "must be above low")
    return Range(low, high)


def _rate(fields: Fields) -> Condition:
    fields.some_of("perSecond", "below")
    return Rate(
        fields.optional_positive("perSecond", 10**9),
        fields.optional_positive("below", 10**9),
        fields.integer("overSeconds", 1, 3600),
    )


def _deviation(fields: Fields) -> Condition:
    over = fields.integer("over", 2, _OVER_MAX)
    minimum = fields.integer("minimum", 2, _OVER_MAX, min(_MINIMUM, max(over, 2)))
    if minimum > max(over, 2):
        fields.wrong("minimum", "out_of_range", "must be at most over")
    return Deviation(fields.positive("sigmas", 1000), over, minimum)


def _stale(fields: Fields) -> Condition:
    if fields.has("afterSeconds") == fields.has("timesUsual"):
        fields.wrong("", "contradiction", "needs either afterSeconds or timesUsual")
    after_us = _microseconds(fields, "afterSeconds", None) if fields.has("afterSeconds") else None
    return Stale(after_us, fields.optional_positive("timesUsual", 1_000_000))


_SIMPLE: Mapping[str, Any] = {
    "move": _move,
    "level": _level,
    "rate": _rate,
    "deviation": _deviation,
    "stale": _stale,
    "range": _range,
}
# What needs no value.
_WITHOUT_VALUE = {"rate": _rate, "stale": _stale}
_NAMES = (
    "id",
    "name",
    "subject",
    "keys",
    "condition",
    "severity",
    "clear",
    "cooldownSeconds",
    "enabled",
    "notify",
    "note",
    "revision",
)
# Paths of others.
_RESERVED = ("backtest", "backtests")
# Stands for a condition that is wrong.
_NONE = AllOf(())


def _keys(fields: Fields) -> tuple[str, ...]:
    patterns = []
    for at, text in enumerate(fields.texts("keys", KEYS_MAX, 1)):
        name = text.strip()
        behind = ALL_KEYS if name.endswith(ALL_KEYS) else ""
        before = ALL_KEYS if name.startswith(ALL_KEYS) and not behind else ""
        name = name.removesuffix(behind).removeprefix(before)
        try:
            patterns.append(before + (normalise_symbol(name) if name or not behind else "") + behind)
        except InvalidSymbol:
            message = f"must be {SYMBOL_RULE}, or the start or the end of one with a * for the rest, or *"
            fields.wrong(f"keys[{at}]", "invalid_key", message)
    return tuple(dict.fromkeys(patterns))


def _microseconds(fields: Fields, name: str, default: Decimal | None) -> int:
    """A duration in seconds. 0 is allowed where there is a default."""
    if default is not None and not fields.has(name):
        return int(default * 1_000_000)
    seconds = written(fields.number(name))
    least = Decimal("0.001") if default is None else Decimal(0)
    if not least <= seconds <= _SECONDS_MAX:
        fields.wrong(name, "out_of_range", f"must be {least} to {_SECONDS_MAX}")
        return 0
    return int(seconds * 1_000_000)
