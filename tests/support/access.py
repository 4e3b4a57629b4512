"""Fakes of the ports of access, and keys."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from domain.access.account import Account, Session
from domain.access.api_key import ApiKey, digest_of, key_text
from domain.access.role import Role
from infrastructure.access.jwt_tokens import SigningKey
from infrastructure.access.sql_keys import SqlKeyRepository
from infrastructure.prices.subject import prices_by
from infrastructure.storage.sqlite_store import SqliteStore
from infrastructure.storage.store import StoreFailed
from support.batches import RULES
from support.canaries import CANARY
from support.fakes import START_US

SECRET = CANARY + "s" * 37
PASSWORD = f"{CANARY} horse battery"


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


class MemoryAccounts:
    """The `AccountRepository` in memory, with the keys that sign access tokens."""

    def __init__(self, *accounts: Account) -> None:
        self.saved = {account.name: account for account in accounts}
        self.held: dict[str, Session] = {}
        self.keys: list[SigningKey] = []

    async def accounts(self) -> Sequence[Account]:
        return list(self.saved.values())

    async def save(self, account: Account) -> None:
        self.saved[account.name] = account

    async def replace(self, before: Account, after: Account) -> bool:
        if self.saved.get(before.name) != before:
            return False
        self.saved[after.name] = after
        return True

    async def sessions(self) -> Sequence[Session]:
        return list(self.held.values())

    async def save_session(self, session: Session) -> None:
        self.held[session.id] = session

    async def end_sessions(self, session_ids: Sequence[str]) -> None:
        for session_id in session_ids:
            self.held.pop(session_id, None)

    async def signing_keys(self) -> Sequence[SigningKey]:
        return list(self.keys)

    async def rotate(self, new: SigningKey, delete: Sequence[str]) -> None:
        self.keys = [*(key for key in self.keys if key.id not in delete), new]


class FakeTokens:
    """Access tokens that anybody can read and make."""

    seconds = 300

    def issue(self, account: str, session_id: str, now_us: int) -> str:
        return f"{account} {session_id} {now_us + self.seconds * 1_000_000}"

    def read(self, text: str, now_us: int) -> tuple[str, str] | None:
        account, session_id, expires_us = text.split()
        return (account, session_id) if now_us < int(expires_us) else None


class FakePasswords:
    """Hashes that anybody can read. checked: how many passwords were. meanwhile: runs while one is hashed."""

    def __init__(self) -> None:
        self.checked = 0
        self.meanwhile: Callable[[], Awaitable[None]] = partial(asyncio.sleep, 0)

    async def hash(self, password: str) -> str:
        await self.meanwhile()
        return f"hash of {password}"

    async def matches(self, password: str, hashed: str | None) -> bool:
        self.checked += 1
        await self.meanwhile()
        return hashed == f"hash of {password}"


class KeptAudit:
    """Keeps what is noted."""

    def __init__(self) -> None:
        self.noted: list[str] = []

    def note(self, event: str, **facts: str) -> None:
        self.noted.append(f"{event} {facts}")


def account(name: str = "ada", role: Role = Role.VIEWER, **more: Any) -> Account:
    """An account whose password is `PASSWORD`."""
    given: dict[str, Any] = {"password": f"hash of {PASSWORD}", "created_us": START_US, **more}
    return Account(name, role, **given)


def session(number: int = 1, **more: Any) -> Session:
    """A session of `account()` whose secret is `SECRET`."""
    given: dict[str, Any] = {"account": "ada", "digest": digest_of(SECRET), "expires_us": START_US + 10**12, **more}
    return Session(f"{number:016x}", created_us=START_US, renewed_us=START_US, **given)


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
