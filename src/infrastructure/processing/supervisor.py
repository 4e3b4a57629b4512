"""Restarts a worker when it dies."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import structlog

from application.ports.clock import Clock

_PAUSE_FIRST_SECONDS = 0.01
_PAUSE_LAST_SECONDS = 1.0
# A worker that ran this long restarts after the shortest pause.
_STEADY_SECONDS = 10.0

_log = structlog.stdlib.get_logger(__name__)


async def supervise(
    work: Callable[[], Coroutine[Any, Any, None]], clock: Clock, on_death: Callable[[], None], **about: object
) -> None:
    """Run `work` to its end, restarting it whenever it dies, after pauses that double up to a second.

    A worker cancelled by anything but this supervisor counts as dead. `about` is added to the log line.
    """
    pause = _PAUSE_FIRST_SECONDS
    while True:
        started = clock.monotonic()
        worker = asyncio.create_task(work())
        try:
            await asyncio.wait([worker])
        except asyncio.CancelledError:
            worker.cancel()
            raise
        failure = asyncio.CancelledError() if worker.cancelled() else worker.exception()
        if failure is None:
            return
        on_death()
        _log.error("worker died and is started again", exc_info=failure, **about)
        if clock.monotonic() - started >= _STEADY_SECONDS:
            pause = _PAUSE_FIRST_SECONDS
        await clock.sleep(pause)
        pause = min(2 * pause, _PAUSE_LAST_SECONDS)
