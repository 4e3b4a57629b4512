"""What a rule would have raised."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from domain.rules.alert import Alert, AlertChange

# Alerts of one back-test that are kept.
ALERTS_MAX = 1000
_HOUR_US = 3_600_000_000
_DAY_US = 86_400_000_000


@dataclass(slots=True)
class BacktestResult:
    """alerts: the first of them, at most ALERTS_MAX, as of the end. total: of all.

    observations: that the rule was shown. first_us, last_us: between which there were any, 0 without any.
    by_key: alerts of each key. by_hour: of each hour since the epoch.
    """

    alerts: dict[str, Alert] = field(default_factory=dict)
    total: int = 0
    observations: int = 0
    first_us: int = 0
    last_us: int = 0
    by_key: Counter[str] = field(default_factory=Counter)
    by_hour: Counter[int] = field(default_factory=Counter)

    def add(self, change: Alert) -> None:
        if change.change is AlertChange.RAISED:
            self.total += 1
            self.by_key[change.key] += 1
            self.by_hour[change.raised_us // _HOUR_US] += 1
            if len(self.alerts) < ALERTS_MAX:
                self.alerts[change.id] = change
        elif change.id in self.alerts:
            self.alerts[change.id] = change

    def extend(self, low_us: int, high_us: int, count: int) -> None:
        """Count observations between two times."""
        self.first_us = low_us if not self.observations else min(low_us, self.first_us)
        self.last_us = high_us if not self.observations else max(high_us, self.last_us)
        self.observations += count

    @property
    def per_day(self) -> float:
        """Alerts a day, over at least one day."""
        return self.total / max((self.last_us - self.first_us) / _DAY_US, 1.0)

    @property
    def busiest_hour(self) -> tuple[int, int] | None:
        """When the hour with the most alerts began, the earliest of several, and how many it has."""
        if not self.by_hour:
            return None
        hour, count = min(self.by_hour.items(), key=lambda each: (-each[1], each[0]))
        return hour * _HOUR_US, count
