"""Keys in the store."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from domain.access.api_key import ApiKey
from domain.access.role import Role
from infrastructure.storage.schema import ACCESS_VERSION, API_KEY
from infrastructure.storage.sql_database import SqlDatabase

# No symbol has one.
_SEPARATOR = ","


class SqlKeyRepository:
    """The `KeyRepository`. Several processes may use it at once: the service, and the command line beside it."""

    def __init__(self, database: SqlDatabase) -> None:
        self._database = database

    async def add(self, key: ApiKey) -> None:
        def work(connection: sa.Connection) -> None:
            connection.execute(sa.insert(API_KEY).values(_row(key)))
            count_change(connection)

        await self._database.writing(work)

    async def list(self) -> Sequence[ApiKey]:
        statement = sa.select(API_KEY).order_by(API_KEY.c.created_us, API_KEY.c.id)
        return await self._database.reading(lambda connection: [_key(row) for row in connection.execute(statement)])

    async def revoke(self, key_id: str, now_us: int) -> bool:
        revoked_us = sa.func.coalesce(API_KEY.c.revoked_us, now_us)

        def work(connection: sa.Connection) -> bool:
            own = sa.update(API_KEY).where(API_KEY.c.id == key_id)
            found = connection.execute(own.values(revoked_us=revoked_us)).rowcount > 0
            count_change(connection)
            return found

        return await self._database.writing(work)

    async def used(self, last_used_us: Mapping[str, int]) -> None:
        def work(connection: sa.Connection) -> None:
            for key_id, moment_us in last_used_us.items():
                connection.execute(sa.update(API_KEY).where(API_KEY.c.id == key_id).values(last_used_us=moment_us))

        if last_used_us:
            await self._database.writing(work)

    async def version(self) -> int:
        return await self._database.scalar(sa.select(ACCESS_VERSION.c.number)) or 0


def count_change(connection: sa.Connection) -> None:
    """Count a change of who may do what."""
    connection.execute(sa.update(ACCESS_VERSION).values(number=ACCESS_VERSION.c.number + 1))


def _row(key: ApiKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "role": key.role.value,
        "digest": key.digest,
        "prefixes": _SEPARATOR.join(key.prefixes),
        "created_us": key.created_us,
        "expires_us": key.expires_us,
        "revoked_us": key.revoked_us,
        "last_used_us": key.last_used_us,
    }


def _key(row: Any) -> ApiKey:
    return ApiKey(
        row.id,
        row.name,
        Role(row.role),
        bytes(row.digest),
        tuple(row.prefixes.split(_SEPARATOR)) if row.prefixes else (),
        row.created_us,
        row.expires_us,
        row.revoked_us,
        row.last_used_us,
    )
