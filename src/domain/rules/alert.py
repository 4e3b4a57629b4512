"""Alerts: what rules have raised."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from hashlib import blake2b

from domain.numbers import Number
from domain.rules.rule import AlertSeverity


class AlertState(Enum):
    RAISED = "raised"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


class AlertChange(Enum):
    """What is new of an alert since it was last published. REPEATED: its condition has become true once more."""

    RAISED = "raised"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
    REPEATED = "repeated"


@dataclass(frozen=True, slots=True)
class Alert:
    """value: what was observed. threshold: the line it crossed. raised_us: event time, or the clock's if the rule
    watches that. count: how often the condition has become true while the alert was open. notify: channels it goes to.
    """

    id: str
    rule_id: str
    rule_name: str
    subject: str
    key: str
    severity: AlertSeverity
    value: Number
    threshold: Number
    explanation: str
    raised_us: int
    notify: tuple[str, ...] = ()
    state: AlertState = AlertState.RAISED
    acknowledged_us: int | None = None
    acknowledged_by: str | None = None
    resolved_us: int | None = None
    count: int = 1
    change: AlertChange = AlertChange.RAISED

    @property
    def is_open(self) -> bool:
        return self.state is not AlertState.RESOLVED

    @property
    def order(self) -> tuple[int, str]:
        """Sort key, from old to new. It identifies the alert."""
        return (self.raised_us, self.id)


def alert_id(rule_id: str, revision: int, key: str, sequence: int, raised_us: int) -> str:
    """Return 32 hex digits derived from a rule and an observation, so that a replay produces the same id."""
    name = f"{rule_id} {revision} {key} {sequence} {raised_us}"
    return blake2b(name.encode(), digest_size=16).hexdigest()
