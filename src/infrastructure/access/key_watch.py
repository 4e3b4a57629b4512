"""Keeps the directory of keys as the store has it, whoever changes them there."""

import asyncio
from contextlib import suppress
from typing import Protocol

import structlog

from application.access.directory import Directory
from application.access.ports.key_repository import KeyRepository
from application.ports.clock import Clock
from infrastructure.storage.store import StoreFailed

# After this long at most, a key revoked by another process is refused.
_LOOK_SECONDS = 1.0
# How often the last use of keys is stored.
_USED_SECONDS = 60.0

_log = structlog.stdlib.get_logger(__name__)


class Watch(Protocol):
    async def start(self) -> None:
        """Load all keys. The store must be open. Raises StoreFailed."""
        ...

    async def stop(self) -> None: ...


class KeyWatch:
    """Looks once a second whether keys have changed, and at the moment when one expires.

    While the store fails, the keys that are known stay valid: a service that goes on without its disk must not lock
    out its feeders.
    """

    def __init__(self, repository: KeyRepository, directory: Directory, clock: Clock) -> None:
        self._repository = repository
        self._directory = directory
        self._clock = clock
        self._version = -1
        self._stored_uses = 0.0
        self._fails = False
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        await self._look()
        self._stored_uses = self._clock.monotonic()
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        if self._task is None:
            return
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
        with suppress(StoreFailed):
            await self._repository.used(self._directory.take_used())

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
            except StoreFailed as error:
                if not self._fails:
                    _log.warning("keys cannot be read; the known ones stay valid", reason=str(error))
                self._fails = True
            else:
                self._fails = False

    async def _look(self) -> None:
        version = await self._repository.version()
        if version != self._version:
            self._directory.load(await self._repository.list())
            self._version = version

    async def _store_uses(self) -> None:
        now = self._clock.monotonic()
        if now - self._stored_uses < _USED_SECONDS:
            return
        self._stored_uses = now
        await self._repository.used(self._directory.take_used())
        # Requests that are recognised by their head count as a use again.
        self._directory.review()


class NoWatch:
    """Without sign-in there is nothing to watch."""

    async def start(self) -> None:
        pass

    async def stop(self) -> None:
        pass
