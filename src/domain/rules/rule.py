"""Rules."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from domain.rules.condition import Condition, watches_clock

ALL_KEYS = "*"


class AlertSeverity(Enum):
    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Rule:
    """keys: names, prefixes ending in `*`, endings after a `*`, or `*` for all. clear: what must be true, besides the
    condition being false, before an alert resolves by itself; None for nothing. cooldown_us: since an alert was raised,
    until the next one may be. notify: names of channels.

    revision: grows with every change. A changed rule starts anew: what it has seen before is forgotten.
    """

    id: str
    name: str
    subject: str
    keys: tuple[str, ...]
    condition: Condition
    severity: AlertSeverity
    clear: Condition | None = None
    cooldown_us: int = 60_000_000
    enabled: bool = True
    notify: tuple[str, ...] = ()
    note: str = ""
    revision: int = 1

    @property
    def watches_clock(self) -> bool:
        """Whether its time is the clock's, and not that of observations."""
        return watches_clock(self.condition) or (self.clear is not None and watches_clock(self.clear))

    def is_about(self, key: str) -> bool:
        return any(covers(pattern, key) for pattern in self.keys)


def covers(pattern: str, key: str) -> bool:
    """Whether a name, a prefix with a `*` behind it, or an ending with one before it, matches a key."""
    if pattern.endswith(ALL_KEYS):
        return key.startswith(pattern[:-1])
    return key.endswith(pattern[1:]) if pattern.startswith(ALL_KEYS) else key == pattern
