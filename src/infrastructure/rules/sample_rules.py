"""The rules that a simulation starts with, so that there is something to see."""

from decimal import Decimal

from domain.rules.condition import Level, Move, Range
from domain.rules.rule import AlertSeverity, Rule

SAMPLE_RULES = (
    Rule(
        id="sample-move",
        name="A sudden move",
        subject="prices",
        keys=("*",),
        condition=Move(Decimal(3), 1_000_000),
        severity=AlertSeverity.CRITICAL,
        note="More than 3 % within a second, of any symbol.",
    ),
    Rule(
        id="sample-bitcoin",
        name="Bitcoin above 65,000",
        subject="prices",
        keys=("BTC*",),
        condition=Level(65_000.0, None),
        severity=AlertSeverity.WARNING,
        clear=Level(None, 64_800.0),
        note="Resolves below 64,800.",
    ),
    Rule(
        id="sample-euro",
        name="Euro outside its range",
        subject="prices",
        keys=("EURUSD",),
        condition=Range(1.07, 1.09),
        severity=AlertSeverity.INFO,
    ),
)
