"""The store that the settings ask for."""

from infrastructure.settings import StorageSettings
from infrastructure.storage.memory_store import MemoryStore
from infrastructure.storage.sqlite_store import SqliteStore
from infrastructure.storage.store import Store


def store_of(settings: StorageSettings) -> Store:
    if not settings.enabled:
        return MemoryStore()
    return SqliteStore(settings.data_dir)
