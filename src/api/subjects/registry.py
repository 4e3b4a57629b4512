"""The subjects of the service."""

from collections.abc import Sequence

from api.subjects.benchmarks import BENCHMARKS
from api.subjects.features import Entry
from api.subjects.options import OPTIONS
from api.subjects.prices import PRICES
from api.subjects.readings import READINGS
from api.subjects.trades import TRADES
from infrastructure.rules.registry import RuleRegistry
from infrastructure.settings import Settings
from infrastructure.subject import Subject
from infrastructure.system_clock import SystemClock

# Add a new subject here.
SUBJECTS: tuple[Entry, ...] = (PRICES, TRADES, BENCHMARKS, OPTIONS, READINGS)


def subjects_of(
    settings: Settings, registry: Sequence[Entry] = SUBJECTS, rules: RuleRegistry | None = None
) -> list[Subject]:
    """Define every subject according to the settings. rules: that their observations are shown to."""
    shown = RuleRegistry(SystemClock()) if rules is None else rules
    defined = [entry.define(settings) for entry in registry]
    # In a cluster the owners of partitions show their books to rules.
    return [shown.shared(subject) if settings.cluster.enabled else shown.ruled(subject) for subject in defined]
