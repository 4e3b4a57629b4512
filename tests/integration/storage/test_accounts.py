"""Accounts, sessions and signing keys in SQLite and PostgreSQL."""

import pytest

from application.access.errors import AccessUnavailable
from domain.access.role import Role
from infrastructure.access.jwt_tokens import SigningKey
from infrastructure.access.sql_accounts import SqlAccountRepository
from infrastructure.access.sql_keys import SqlKeyRepository
from infrastructure.storage.sql_store import SqlStore
from infrastructure.storage.sqlite_store import SqliteStore
from infrastructure.storage.store import Store
from support.access import account, session

pytestmark = pytest.mark.parametrize("new_store", ["sqlite", "postgres"], indirect=True)


@pytest.fixture
def sql_store(store: Store) -> SqlStore:
    assert isinstance(store, SqlStore)
    return store


async def test_accounts_come_back_as_they_were_and_every_change_is_seen(sql_store: SqlStore) -> None:
    people, keys = SqlAccountRepository(sql_store), SqlKeyRepository(sql_store)
    before = await keys.version()
    first = account("ada", Role.ADMIN, created_us=1)
    second = account("bob", password=None, invitation=b"\x00\xff" * 16, invited_until_us=5, disabled_us=6)
    for each in (second, first):
        await people.save(each)
    assert list(await people.accounts()) == [first, second]
    changed = account("ada", Role.VIEWER, password=None, created_us=1)
    await people.save(changed)
    assert list(await people.accounts()) == [changed, second]
    assert await keys.version() == before + 3


async def test_account_is_replaced_unless_it_has_changed(sql_store: SqlStore) -> None:
    people, keys = SqlAccountRepository(sql_store), SqlKeyRepository(sql_store)
    invited = account("bob", password=None, invitation=b"\x00\xff" * 16, invited_until_us=5)
    other = account("ada")
    for each in (other, invited):
        await people.save(each)
    before = await keys.version()
    accepted = account("bob", password="hash")  # noqa: S106  # of nobody
    assert await people.replace(invited, accepted)
    assert not await people.replace(invited, account("bob", password="another"))  # noqa: S106  # of nobody
    assert not await people.replace(account("nobody"), account("nobody"))
    assert sorted(await people.accounts(), key=lambda each: each.name) == [other, accepted]
    assert await keys.version() > before


async def test_sessions_come_back_as_they_were_until_they_end(sql_store: SqlStore) -> None:
    people = SqlAccountRepository(sql_store)
    first, second = session(1, previous=b"\x01\x02"), session(2)
    for each in (first, second):
        await people.save_session(each)
    renewed = session(1, digest=b"new", previous=first.digest)
    await people.save_session(renewed)
    assert sorted(await people.sessions(), key=lambda each: each.id) == [renewed, second]
    await people.end_sessions([first.id, "unknown"])
    assert list(await people.sessions()) == [second]


async def test_signing_keys_are_kept_in_order_and_old_ones_deleted(sql_store: SqlStore) -> None:
    people = SqlAccountRepository(sql_store)
    first, second, third = (SigningKey(f"k{at}", "HS256", bytes([at]) * 32, at) for at in range(3))
    await people.rotate(second, [])
    await people.rotate(first, [])
    assert list(await people.signing_keys()) == [first, second]
    await people.rotate(third, [first.id])
    assert list(await people.signing_keys()) == [second, third]


async def test_store_that_fails_is_a_reason_that_nobody_can_sign_in(sql_store: SqlStore) -> None:
    if not isinstance(sql_store, SqliteStore):
        pytest.skip("one kind of failure is enough")
    people = SqlAccountRepository(sql_store)
    await sql_store.writing(lambda connection: connection.exec_driver_sql("DROP TABLE session"))
    with pytest.raises(AccessUnavailable):
        await people.sessions()
    with pytest.raises(AccessUnavailable):
        await people.save_session(session())
