"""The store selected by the settings."""

from collections.abc import Sequence

from infrastructure.settings import StorageSettings
from infrastructure.storage.postgres_store import PostgresStore
from infrastructure.storage.sql_store import SqlStore
from infrastructure.storage.sqlite_store import SqliteStore
from infrastructure.subject import Subject


def store_of(settings: StorageSettings, subjects: Sequence[Subject], read_only: bool = False) -> SqlStore:
    """read_only: for readers, whether a service is running or not."""
    if settings.url:
        return PostgresStore(settings.url, subjects, read_only)
    return SqliteStore(settings.data_dir, subjects, read_only)
