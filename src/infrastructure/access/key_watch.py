"""Keeps the directory of keys and accounts as the store has it, whoever changes them there."""

import asyncio
import secrets
from collections.abc import Sequence
from contextlib import suppress
from typing import Protocol

import structlog

from application.access.directory import Directory
from application.access.errors import AccessUnavailable
from application.access.ports.accounts import AccountRepository
from application.access.ports.key_repository import KeyRepository
from application.ports.clock import Clock
from domain.access.account import Account
from domain.access.api_key import ApiKey
from infrastructure.access.audit_log import AuditLog
from infrastructure.access.jwt_tokens import ALGORITHM, JwtTokens, SigningKey
from infrastructure.processing.supervisor import supervise
from infrastructure.storage.store import StoreFailed

# After this long at most, a key revoked by another process is refused.
_LOOK_SECONDS = 1.0
# How often the last use of keys is stored.
_USED_SECONDS = 60.0
_SIGNS_US = 30 * 86_400_000_000

# What is logged of a key or an account: kind, name, role, state.
Told = tuple[str, str, str, str]

_audit = AuditLog()
_log = structlog.stdlib.get_logger(__name__)


class Accounts(AccountRepository, Protocol):
    async def signing_keys(self) -> Sequence[SigningKey]: ...

    async def rotate(self, new: SigningKey, delete: Sequence[str]) -> None: ...


class Watch(Protocol):
    async def start(self) -> None:
        """Load keys, accounts and sessions. The store must be open. Raises StoreFailed, AccessUnavailable."""
        ...

    async def stop(self) -> None: ...


class KeyWatch:
    """Looks once a second whether keys have changed, and at the moment when one expires.

    While the store fails, the keys that are known stay valid: a service that goes on without its disk must not lock
    out its feeders. restarts: how often watching has failed in a way that nobody thought of, and gone on.
    """

    def __init__(
        self, repository: KeyRepository, people: Accounts, tokens: JwtTokens, directory: Directory, clock: Clock
    ) -> None:
        self._repository = repository
        self._people = people
        self._tokens = tokens
        self._directory = directory
        self._clock = clock
        self.restarts = 0
        self._version = -1
        self._stored_uses = 0.0
        self._fails = False
        self._known: set[Told] = set()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        await self._look()
        for session in await self._people.sessions():
            self._directory.hold(session)
        await self._renew_tokens_key()
        self._stored_uses = self._clock.monotonic()
        watching = supervise(self._run, self._clock, self._count_restart, part="keys")
        self._task = asyncio.create_task(watching)

    async def stop(self) -> None:
        if self._task is None:
            return
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
        with suppress(StoreFailed):
            await self._repository.used(self._directory.take_used())

    def _count_restart(self) -> None:
        self.restarts += 1

    async def _run(self) -> None:
        while True:
            now_us, expiry_us = self._clock.now_us(), self._directory.next_expiry_us()
            pause = _LOOK_SECONDS if expiry_us is None else min(_LOOK_SECONDS, (expiry_us - now_us) / 1_000_000)
            await self._clock.sleep(pause)
            if expiry_us is not None and self._clock.now_us() >= expiry_us:
                self._directory.review()
            try:
                await self._look()
                await self._store_uses()
            except (StoreFailed, AccessUnavailable) as error:
                if not self._fails:
                    _log.warning("keys cannot be read; the known ones stay valid", reason=str(error))
                self._fails = True
            else:
                self._fails = False

    async def _look(self) -> None:
        version = await self._repository.version()
        if version != self._version:
            keys, accounts = await self._repository.list(), await self._people.accounts()
            if self._version >= 0:
                self._tell(keys, accounts)
            self._known = {*_of_keys(keys), *_of_accounts(accounts)}
            self._directory.load(keys, accounts)
            self._version = version

    def _tell(self, keys: Sequence[ApiKey], accounts: Sequence[Account]) -> None:
        """Log what has changed, whichever process changed it."""
        for kind, name, role, state in sorted({*_of_keys(keys), *_of_accounts(accounts)} - self._known):
            _audit.note(f"{kind} {state}", **{kind: name}, role=role)

    async def _store_uses(self) -> None:
        now = self._clock.monotonic()
        if now - self._stored_uses < _USED_SECONDS:
            return
        self._stored_uses = now
        await self._repository.used(self._directory.take_used())
        if expired := self._directory.expired_sessions():
            self._directory.drop(expired)
            await self._people.end_sessions(expired)
        await self._renew_tokens_key()
        # Requests that are recognised by their head count as a use again.
        self._directory.review()

    async def _renew_tokens_key(self) -> None:
        """Sign with a key that is not older than a month, and forget those that have nothing valid any more."""
        keys = await self._people.signing_keys()
        now_us = self._clock.now_us()
        if not keys or keys[-1].created_us + _SIGNS_US <= now_us:
            new = SigningKey(secrets.token_hex(8), ALGORITHM, secrets.token_bytes(32), now_us)
            await self._people.rotate(new, [key.id for key in keys[:-1]])
            keys = [*keys[-1:], new]
        self._tokens.load(keys)


def _of_keys(keys: Sequence[ApiKey]) -> set[Told]:
    return {("key", key.id, key.role.value, "created" if key.revoked_us is None else "revoked") for key in keys}


def _of_accounts(accounts: Sequence[Account]) -> set[Told]:
    def state(account: Account) -> str:
        return "disabled" if account.disabled_us else "invited" if account.invitation else "active"

    return {("account", account.name, account.role.value, state(account)) for account in accounts}


class NoWatch:
    """Without sign-in there is nothing to watch."""

    async def start(self) -> None:
        pass

    async def stop(self) -> None:
        pass
