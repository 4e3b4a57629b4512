from collections.abc import AsyncIterator, Callable
from itertools import count
from pathlib import Path

import pytest

from infrastructure.prices.subject import prices_by
from infrastructure.storage.postgres_store import PostgresStore
from infrastructure.storage.sqlite_store import SqliteStore
from infrastructure.storage.store import Store
from support.batches import RULES
from support.memory_store import MemoryStore
from support.postgres import Postgres

_NUMBERS = count()


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def new_store(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Store]:
    """Makes stores of one kind, all on the same data."""
    kind: str = request.param
    if kind == "memory":
        store = MemoryStore()
        return lambda: store
    if kind == "sqlite":
        return lambda: SqliteStore(tmp_path / "data", [prices_by(RULES)])
    server: Postgres = request.getfixturevalue("postgres")
    url = server.database(f"test{next(_NUMBERS)}")
    return lambda: PostgresStore(url, [prices_by(RULES)])


@pytest.fixture
async def store(new_store: Callable[[], Store]) -> AsyncIterator[Store]:
    opened = new_store()
    await opened.open()
    yield opened
    await opened.close()
