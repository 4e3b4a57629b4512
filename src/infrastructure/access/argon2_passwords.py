"""Passwords hashed with argon2id."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from application.access.errors import AccessUnavailable

Result = TypeVar("Result")

# Each takes some 50 ms of a core, and 64 MiB.
_AT_ONCE = 1
_WAITING_MAX = 16


class Argon2Passwords:
    """The `Passwords`, in a thread. RFC 9106's second recommendation: 64 MiB, three passes, four lanes.

    waiting_max: how many may wait for the thread; more are refused.
    """

    def __init__(self, hasher: PasswordHasher | None = None, waiting_max: int = _WAITING_MAX) -> None:
        self._hasher = hasher or PasswordHasher()
        self._waiting_max = waiting_max
        self._thread = ThreadPoolExecutor(_AT_ONCE, "passwords")
        self._waiting = 0
        self._nobodys: str | None = None

    async def hash(self, password: str) -> str:
        return await self._run(self._hasher.hash, password)

    async def matches(self, password: str, hashed: str | None) -> bool:
        return await self._run(self._matches, password, hashed)

    def _matches(self, password: str, hashed: str | None) -> bool:
        if self._nobodys is None:
            self._nobodys = self._hasher.hash("")
        try:
            return self._hasher.verify(hashed or self._nobodys, password) and bool(hashed)
        except (Argon2Error, InvalidHashError):
            return False

    async def _run(self, work: Callable[..., Result], *arguments: Any) -> Result:
        if self._waiting >= self._waiting_max:
            raise AccessUnavailable("too many people are signing in")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work, *arguments)
        finally:
            self._waiting -= 1
