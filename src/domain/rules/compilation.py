"""From a condition to its monitor."""

from __future__ import annotations

from domain.rules.combined_monitor import CombinedMonitor, NotMonitor
from domain.rules.condition import AllOf, AnyOf, Condition, Deviation, Level, Move, Negation, Range, Rate, Stale
from domain.rules.deviation_monitor import DeviationMonitor
from domain.rules.level_monitor import LevelMonitor
from domain.rules.monitor import FALSE, TRUE, Monitor
from domain.rules.move_monitor import MoveMonitor
from domain.rules.rate_monitor import RateMonitor
from domain.rules.stale_monitor import StaleMonitor


def monitor_of(condition: Condition) -> Monitor:
    """Return a new monitor, which has seen nothing."""
    match condition:
        case Level():
            return LevelMonitor(condition)
        case Range(low, high):
            return LevelMonitor(Level(high, low))
        case Move():
            return MoveMonitor(condition)
        case Deviation():
            return DeviationMonitor(condition)
        case Rate():
            return RateMonitor(condition)
        case Stale():
            return StaleMonitor(condition)
        case AllOf(conditions):
            return CombinedMonitor([monitor_of(each) for each in conditions], FALSE)
        case AnyOf(conditions):
            return CombinedMonitor([monitor_of(each) for each in conditions], TRUE)
        case Negation(inner):
            return NotMonitor(monitor_of(inner))
