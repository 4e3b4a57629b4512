"""The subjects of the service."""

from collections.abc import Sequence

from api.subjects.features import Entry
from api.subjects.prices import PRICES
from infrastructure.settings import Settings
from infrastructure.subject import Subject

# A new subject is a line here.
SUBJECTS: tuple[Entry, ...] = (PRICES,)


def subjects_of(settings: Settings, registry: Sequence[Entry] = SUBJECTS) -> list[Subject]:
    """The columns, books and tables of every subject, as the settings have them."""
    return [entry.define(settings) for entry in registry]
