"""From a rule to the plain values that `RuleReader` reads."""

from decimal import Decimal
from typing import Any

from domain.rules.condition import (
    VALUE,
    AllOf,
    AnyOf,
    Condition,
    Deviation,
    Level,
    Move,
    Negation,
    Range,
    Rate,
    Stale,
)
from domain.rules.rule import Rule


def rule_values(rule: Rule) -> dict[str, Any]:
    """Return the fields of a rule by their names on the wire, except its revision."""
    values = {
        "id": rule.id,
        "name": rule.name,
        "subject": rule.subject,
        "keys": list(rule.keys),
        "condition": condition_values(rule.condition),
        "severity": rule.severity.value,
        "clear": None if rule.clear is None else condition_values(rule.clear),
        "cooldownSeconds": _seconds(rule.cooldown_us),
        "enabled": rule.enabled,
        "notify": list(rule.notify),
        "note": rule.note,
    }
    return {name: value for name, value in values.items() if value is not None}


def condition_values(condition: Condition) -> dict[str, Any]:
    match condition:
        case Move(percent, within_us, direction):
            return {"move": {"percent": percent, "withinMs": within_us // 1000, "direction": direction.value}}
        case Level(above, below, figure):
            name, _, part = figure.partition(" ")
            return {"level" if figure == VALUE else name: _given(of=part or None, above=above, below=below)}
        case Range(low, high):
            return {"range": {"low": low, "high": high}}
        case Rate(above, below, over_seconds):
            return {"rate": _given(perSecond=above, below=below, overSeconds=over_seconds)}
        case Deviation(sigmas, over, minimum):
            return {"deviation": {"sigmas": sigmas, "over": over, "minimum": minimum}}
        case Stale(after_us, times_usual):
            after = None if after_us is None else _seconds(after_us)
            return {"stale": _given(afterSeconds=after, timesUsual=times_usual)}
        case AllOf(conditions):
            return {"all": [condition_values(each) for each in conditions]}
        case AnyOf(conditions):
            return {"any": [condition_values(each) for each in conditions]}
        case Negation(inner):
            return {"not": condition_values(inner)}


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _seconds(duration_us: int) -> int | Decimal:
    return duration_us // 1_000_000 if duration_us % 1_000_000 == 0 else Decimal(duration_us) / 1_000_000
