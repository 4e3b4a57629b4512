"""Costly answers, shared between those who ask for them at about the same time."""

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

from application.ports.clock import Clock

Key = TypeVar("Key")
Made = TypeVar("Made")


class SharedAnswers(Generic[Key, Made]):
    """Makes an answer at once, but the next one for the same key only after a pause, for all who ask during it.

    Nobody gets an answer from before they asked, so what was done before is always in it. keys must be few.
    """

    def __init__(self, make: Callable[[Key], Made], clock: Clock, pause_seconds: float) -> None:
        self._make = make
        self._clock = clock
        self._pause_seconds = pause_seconds
        self._coming: dict[Key, asyncio.Task[Made]] = {}
        # When the next one may be made.
        self._due: dict[Key, float] = {}

    async def get(self, key: Key) -> Made:
        coming = self._coming.get(key)
        if coming is None:
            coming = self._coming[key] = asyncio.create_task(self._next(key))
        # Others wait for it too.
        return await asyncio.shield(coming)

    async def _next(self, key: Key) -> Made:
        try:
            wait = self._due.get(key, 0.0) - self._clock.monotonic()
            if wait > 0:
                await self._clock.sleep(wait)
        finally:
            # Whoever asks from now on gets the next one.
            del self._coming[key]
        self._due[key] = self._clock.monotonic() + self._pause_seconds
        return self._make(key)
