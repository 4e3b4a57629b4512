"""The store that the settings ask for."""

from infrastructure.settings import StorageSettings
from infrastructure.storage.postgres_store import PostgresStore
from infrastructure.storage.sqlite_store import SqliteStore
from infrastructure.storage.store import Store


def store_of(settings: StorageSettings) -> Store:
    return PostgresStore(settings.url) if settings.url else SqliteStore(settings.data_dir)


def read_only_store_of(settings: StorageSettings) -> Store:
    """For reading beside a service that runs, or none."""
    if settings.url:
        return PostgresStore(settings.url, read_only=True)
    return SqliteStore(settings.data_dir, read_only=True)
