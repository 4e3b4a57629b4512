"""Accounts, their sessions and the keys that sign access tokens, in the store."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import sqlalchemy as sa

from application.access.errors import AccessUnavailable
from domain.access.account import Account, Session
from domain.access.role import Role
from infrastructure.access.jwt_tokens import SigningKey
from infrastructure.access.sql_keys import count_change
from infrastructure.storage.schema import ACCOUNT, SESSION, SIGNING_KEY
from infrastructure.storage.sql_database import SqlDatabase
from infrastructure.storage.store import StoreFailed

Result = TypeVar("Result")


class SqlAccountRepository:
    """The `AccountRepository`."""

    def __init__(self, database: SqlDatabase) -> None:
        self._database = database

    async def accounts(self) -> Sequence[Account]:
        statement = sa.select(ACCOUNT).order_by(ACCOUNT.c.created_us, ACCOUNT.c.name)
        return await self._reading(lambda connection: [_account(row) for row in connection.execute(statement)])

    async def save(self, account: Account) -> None:
        def work(connection: sa.Connection) -> None:
            connection.execute(sa.delete(ACCOUNT).where(ACCOUNT.c.name == account.name))
            connection.execute(sa.insert(ACCOUNT).values(_row(account)))
            count_change(connection)

        await self._writing(work)

    async def replace(self, before: Account, after: Account) -> bool:
        known = [ACCOUNT.c[name].is_not_distinct_from(value) for name, value in _row(before).items()]

        def work(connection: sa.Connection) -> bool:
            replaced = connection.execute(sa.update(ACCOUNT).where(*known).values(_row(after))).rowcount > 0
            count_change(connection)
            return replaced

        return await self._writing(work)

    async def sessions(self) -> Sequence[Session]:
        return await self._reading(
            lambda connection: [Session(**row) for row in connection.execute(sa.select(SESSION)).mappings()]
        )

    async def save_session(self, session: Session) -> None:
        def work(connection: sa.Connection) -> None:
            connection.execute(sa.delete(SESSION).where(SESSION.c.id == session.id))
            connection.execute(
                sa.insert(SESSION).values(
                    id=session.id,
                    account=session.account,
                    digest=session.digest,
                    created_us=session.created_us,
                    renewed_us=session.renewed_us,
                    expires_us=session.expires_us,
                    previous=session.previous,
                )
            )

        await self._writing(work)

    async def end_sessions(self, session_ids: Sequence[str]) -> None:
        def work(connection: sa.Connection) -> None:
            for session_id in session_ids:
                connection.execute(sa.delete(SESSION).where(SESSION.c.id == session_id))

        if session_ids:
            await self._writing(work)

    async def signing_keys(self) -> Sequence[SigningKey]:
        """Return the keys that sign access tokens, the oldest first."""
        statement = sa.select(SIGNING_KEY).order_by(SIGNING_KEY.c.created_us)
        return await self._reading(lambda connection: [SigningKey(*row) for row in connection.execute(statement)])

    async def rotate(self, new: SigningKey, delete: Sequence[str]) -> None:
        """Add a signing key and delete others by id."""

        def work(connection: sa.Connection) -> None:
            for key_id in delete:
                connection.execute(sa.delete(SIGNING_KEY).where(SIGNING_KEY.c.id == key_id))
            values = {"id": new.id, "algorithm": new.algorithm, "secret": new.secret, "created_us": new.created_us}
            connection.execute(sa.insert(SIGNING_KEY).values(values))

        await self._writing(work)

    async def _reading(self, work: Callable[[sa.Connection], Result]) -> Result:
        try:
            return await self._database.reading(work)
        except StoreFailed as error:
            raise AccessUnavailable(str(error)) from error

    async def _writing(self, work: Callable[[sa.Connection], Result]) -> Result:
        try:
            return await self._database.writing(work)
        except StoreFailed as error:
            raise AccessUnavailable(str(error)) from error


def _row(account: Account) -> dict[str, Any]:
    return {
        "name": account.name,
        "role": account.role.value,
        "password": account.password,
        "created_us": account.created_us,
        "invitation": account.invitation,
        "invited_until_us": account.invited_until_us,
        "disabled_us": account.disabled_us,
    }


def _account(row: Any) -> Account:
    return Account(
        row.name,
        Role(row.role),
        row.password,
        row.created_us,
        row.invitation,
        row.invited_until_us,
        row.disabled_us,
    )
