"""The subjects of the service."""

from collections.abc import Sequence

from api.subjects.features import Entry
from api.subjects.options import OPTIONS
from api.subjects.prices import PRICES
from infrastructure.settings import Settings
from infrastructure.subject import Subject

# Add a new subject here.
SUBJECTS: tuple[Entry, ...] = (PRICES, OPTIONS)


def subjects_of(settings: Settings, registry: Sequence[Entry] = SUBJECTS) -> list[Subject]:
    """Define every subject according to the settings."""
    return [entry.define(settings) for entry in registry]
