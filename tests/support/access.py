"""Fakes of the ports of access, and keys."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from domain.access.api_key import ApiKey, digest_of, key_text
from domain.access.role import Role
from infrastructure.access.sql_keys import SqlKeyRepository
from infrastructure.prices.subject import prices_by
from infrastructure.storage.sqlite_store import SqliteStore
from infrastructure.storage.store import StoreFailed
from support.batches import RULES
from support.fakes import START_US

SECRET = "s" * 43


def api_key(number: int = 1, role: Role = Role.VIEWER, **more: Any) -> ApiKey:
    """A key whose secret is `SECRET`."""
    given: dict[str, Any] = {"prefixes": (), "created_us": START_US, **more}
    return ApiKey(f"{number:016x}", f"key {number}", role, digest_of(SECRET), **given)


def bearer(key: ApiKey, secret: str = SECRET) -> dict[str, str]:
    """The header of a request with a key."""
    return {"Authorization": f"Bearer {text_of(key, secret)}"}


def text_of(key: ApiKey, secret: str = SECRET) -> str:
    return key_text(key.id, secret)


class MemoryKeys:
    """The `KeyRepository` in memory; fails while there is a `failure`."""

    def __init__(self, *keys: ApiKey) -> None:
        self.keys = {key.id: key for key in keys}
        self.number = 0
        self.lists = 0
        self.failure: str | None = None

    async def add(self, key: ApiKey) -> None:
        self.keys[key.id] = key
        self.number += 1

    async def list(self) -> Sequence[ApiKey]:
        self.lists += 1
        return list(self.keys.values())

    async def revoke(self, key_id: str, now_us: int) -> bool:
        key = self.keys.get(key_id)
        if key is None:
            return False
        self.keys[key_id] = replace(key, revoked_us=key.revoked_us or now_us)
        self.number += 1
        return True

    async def used(self, last_used_us: Mapping[str, int]) -> None:
        for key_id, moment_us in last_used_us.items():
            self.keys[key_id] = replace(self.keys[key_id], last_used_us=moment_us)

    async def version(self) -> int:
        if self.failure is not None:
            raise StoreFailed(self.failure)
        return self.number


def put_keys(directory: Path, *keys: ApiKey) -> None:
    """Put keys into the SQLite store in `directory`, whether a service is using it or not."""

    async def put() -> None:
        store = SqliteStore(directory, [prices_by(RULES)])
        try:
            await store.open_beside()
            for key in keys:
                await SqlKeyRepository(store).add(key)
        finally:
            await store.close()

    asyncio.run(put())


def revoke_key(directory: Path, key: ApiKey) -> None:
    """Revoke a key in the store in `directory`, as another process would."""

    async def revoke() -> None:
        store = SqliteStore(directory, [prices_by(RULES)])
        try:
            await store.open_beside()
            await SqlKeyRepository(store).revoke(key.id, key.created_us + 1)
        finally:
            await store.close()

    asyncio.run(revoke())


class CountedSecrets:
    """Secrets that tests can tell."""

    def __init__(self) -> None:
        self._number = 0

    def identifier(self) -> str:
        self._number += 1
        return f"{self._number:016x}"

    def secret(self) -> str:
        return f"{self._number:043}"
