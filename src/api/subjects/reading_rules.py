"""The rules for readings that there are from the start, and what rules make of sensors.

Each of them can be changed or switched off like any other.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from re import sub

from domain.numbers import NUMBER_MAX
from domain.readings.machine import Standing
from domain.readings.sensor_type import SensorType
from domain.rules.condition import Deviation, Negation, Range, Stale, parts_of
from domain.rules.rule import ALL_KEYS, AlertSeverity, Rule
from infrastructure.readings.reading_format import READINGS

_OVER, _MINIMUM = 100, 30

# Both figures are those of docs/decisions/0059-alarms-of-machines.md.
DEVIATION = Rule(
    id="readings-deviation",
    name="Unusual reading",
    subject=READINGS,
    keys=(ALL_KEYS,),
    condition=Deviation(Decimal(3), _OVER, _MINIMUM),
    severity=AlertSeverity.WARNING,
    clear=Negation(Deviation(Decimal(1), _OVER, _MINIMUM)),
    note="More than 3 standard deviations from the mean of the 100 readings before; resolves within 1.",
)
STALE = Rule(
    id="readings-stale",
    name="Silent sensor",
    subject=READINGS,
    keys=(ALL_KEYS,),
    condition=Stale(None, Decimal(10)),
    severity=AlertSeverity.WARNING,
    note="Nothing for 10 times the sensor's own usual interval.",
)


def default_rules(types: Mapping[str, SensorType]) -> Sequence[Rule]:
    """Return the rules. types: what is known of sensors, by type; one with limits has a rule of its own."""
    return (DEVIATION, STALE, *(rule for kind in types.values() if (rule := _range(kind)) is not None))


def standing_by(alerting: Callable[[str, str], Sequence[Rule]]) -> Callable[[str], Standing]:
    """Return what tells how a sensor stands. alerting: tells the rules whose alerts about a key are open."""

    def standing_of(key: str) -> Standing:
        standing = Standing.OK
        for rule in alerting(READINGS, key):
            if not any(isinstance(part, Stale) for part in parts_of(rule.condition)):
                return Standing.ALERT
            standing = Standing.STALE
        return standing

    return standing_of


def _range(kind: SensorType) -> Rule | None:
    low = kind.min if kind.low is None else kind.low
    high = kind.max if kind.high is None else kind.high
    if low is None and high is None:
        return None
    return Rule(
        id=f"readings-range-{sub('[^a-z0-9]', '-', kind.name)}"[:64],
        name=f"{kind.name} out of range",
        subject=READINGS,
        keys=(f"{ALL_KEYS}/{kind.name.upper()}",),
        condition=Range(-NUMBER_MAX if low is None else low, NUMBER_MAX if high is None else high),
        severity=AlertSeverity.CRITICAL,
        note="The limits of readings.sensor_types when this rule was made.",
    )
