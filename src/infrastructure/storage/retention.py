"""Prunes old or excess data, a little at a time."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

import structlog

from application.ports.clock import Clock
from infrastructure.settings import RetentionSettings
from infrastructure.storage.payloads import Corrupt
from infrastructure.storage.store import Store, StoreFailed

_EVERY_SECONDS = 30.0
# Between steps, others can use the store.
_PAUSE_SECONDS = 0.02
_BLOCKS_A_STEP = 64
_DAY_US = 86_400_000_000
_MB = 1_048_576

_log = structlog.stdlib.get_logger(__name__)


class Pruner(Protocol):
    """Keeps the tables of a subject within the settings."""

    async def prune(self) -> None: ...


async def step_by_step(clock: Clock, step: Callable[[], Awaitable[int]], limit: int) -> None:
    """Repeat a step until it deletes fewer rows than its limit."""
    while await step() == limit:
        await clock.sleep(_PAUSE_SECONDS)


class Retention:
    """Keeps the store within the settings.

    The age of the log is the time since it was written. What a restart needs is kept.

    pruners: for the tables of subjects beside the log. keep_us: how long the log is kept at least, whatever the
        settings, for the ids in it.
    """

    def __init__(
        self, store: Store, pruners: Sequence[Pruner], clock: Clock, settings: RetentionSettings, keep_us: int
    ) -> None:
        self._store = store
        self._pruners = pruners
        self._clock = clock
        self._settings = settings
        self._keep_us = keep_us

    async def run(self) -> None:
        """Prune until cancelled."""
        while True:
            await self._clock.sleep(_EVERY_SECONDS)
            try:
                await self.prune()
            except (StoreFailed, Corrupt) as error:
                _log.warning("nothing was pruned", reason=str(error))

    async def prune(self) -> None:
        """Bring the store within the settings, and erase what was forgotten."""
        try:
            while await self._store.erase(_BLOCKS_A_STEP):
                await self._clock.sleep(_PAUSE_SECONDS)
        except Corrupt as error:
            # A damaged block must not keep the rest from being pruned.
            _log.warning("a forgotten key is not erased", reason=str(error))
        await self._prune_log()
        for pruner in self._pruners:
            await pruner.prune()
        await self._store.prune_answers(self._clock.now_us() - self._keep_us)

    async def _prune_log(self) -> None:
        settings, store = self._settings, self._store
        now_us = self._clock.now_us()
        upto = await store.log_over(settings.ticks_max_mb * _MB)
        if settings.ticks_days:
            upto = max(upto, await store.log_written_before(now_us - int(settings.ticks_days * _DAY_US)))
        position = await store.position()
        needed = (position.recover_from, position.candles_seq, await store.log_written_before(now_us - self._keep_us))
        await step_by_step(self._clock, lambda: store.prune_log(min(upto, *needed), _BLOCKS_A_STEP), _BLOCKS_A_STEP)
