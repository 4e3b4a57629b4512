"""Keys in SQLite and PostgreSQL, and the commands for them."""

from collections.abc import Callable

import pytest

from domain.access.role import Role
from infrastructure.access.sql_keys import SqlKeyRepository
from infrastructure.storage.sql_store import SqlStore
from infrastructure.storage.store import Store
from support.access import api_key

pytestmark = pytest.mark.parametrize("new_store", ["sqlite", "postgres"], indirect=True)


@pytest.fixture
def sql_store(store: Store) -> SqlStore:
    assert isinstance(store, SqlStore)
    return store


async def test_keys_come_back_as_they_were_the_oldest_first(sql_store: SqlStore) -> None:
    keys = SqlKeyRepository(sql_store)
    assert list(await keys.list()) == []
    first = api_key(2, Role.FEEDER)
    second = api_key(1, expires_us=5, revoked_us=6, last_used_us=7)
    for key in (first, second):
        await keys.add(key)
    assert list(await keys.list()) == [second, first]


async def test_every_change_is_seen_by_its_number(sql_store: SqlStore) -> None:
    keys = SqlKeyRepository(sql_store)
    before = await keys.version()
    await keys.add(api_key())
    added = await keys.version()
    assert await keys.revoke(api_key().id, 10)
    revoked = await keys.version()
    assert before < added < revoked
    assert await keys.revoke(api_key().id, 20)
    assert not await keys.revoke("unknown", 20)
    await keys.used({api_key().id: 30})
    [found] = await keys.list()
    assert (found.revoked_us, found.last_used_us) == (10, 30)


async def test_store_in_use_is_opened_beside_the_service(
    sql_store: SqlStore, new_store: Callable[[], SqlStore]
) -> None:
    beside = new_store()
    await beside.open_beside()
    await SqlKeyRepository(beside).add(api_key())
    await beside.close()
    assert [key.id for key in await SqlKeyRepository(sql_store).list()] == [api_key().id]
    # The service goes on writing: its store was not taken over.
    await sql_store.erase(1)
