"""Fakes of the ports."""

import asyncio
import heapq
from collections.abc import Sequence
from typing import Any

from application.errors import StorageFailed
from domain.book import Applied
from domain.prices.price_anomaly import PriceAnomaly
from domain.prices.price_update import PriceUpdate
from infrastructure.storage.subject_log import SubjectLog
from infrastructure.subject import Subject

START_US = 1_700_000_000_000_000


class FakeClock:
    """Time that moves only on request; sleepers wake as it passes them."""

    def __init__(self, now_us: int = START_US) -> None:
        self._now_us = now_us
        self._moment = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._slept = 0

    def now_us(self) -> int:
        return self._now_us

    def monotonic(self) -> float:
        return self._moment

    async def sleep(self, seconds: float) -> None:
        self._slept += 1
        waking = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._moment + seconds, self._slept, waking))
        await waking

    async def advance(self, seconds: float) -> None:
        """Advance time, sleeper by sleeper, and run everything that is due."""
        await settle()
        end = self._moment + seconds
        while self._sleepers and self._sleepers[0][0] <= end:
            moment, _, waking = heapq.heappop(self._sleepers)
            self.jump(max(moment, self._moment))
            if not waking.done():
                waking.set_result(None)
            await settle()
        self.jump(end)
        await settle()

    def jump(self, moment: float) -> None:
        """Set the monotonic time without waking sleepers."""
        self._now_us += round((moment - self._moment) * 1_000_000)
        self._moment = moment


class CollectingSink:
    """Keeps published anomalies, after failing `failures` times."""

    def __init__(self, failures: int = 0) -> None:
        self.published: list[PriceAnomaly] = []
        self.failures = failures

    async def publish(self, events: Sequence[object]) -> None:
        if self.failures:
            self.failures -= 1
            raise ConnectionError("the sink is away")
        self.published += [event for event in events if isinstance(event, PriceAnomaly)]


class RecordingRecorder:
    """Keeps recorded ticks; workers wait while it `is_crowded`."""

    def __init__(self) -> None:
        self.recorded: list[PriceUpdate] = []
        self.is_crowded = False
        self.room = asyncio.Event()

    async def wait_for_room(self) -> None:
        await self.room.wait()

    def record(self, ticks: Any, applied: Applied) -> None:
        self.recorded += ticks


class FakeJournal:
    """Commits at once, unless there is a `failure`."""

    def __init__(self) -> None:
        self.failure: str | None = None
        self.lost = 0
        self.is_complete = True
        self.commits = 0

    async def committed(self) -> None:
        if self.failure is not None:
            raise StorageFailed(self.failure, taken=True)
        self.commits += 1


async def settle(turns: int = 50) -> None:
    """Run all ready tasks: each sleep(0) gives the event loop one turn and takes no time."""
    for _ in range(turns):
        await asyncio.sleep(0)


class ForgetfulJournal:
    """Resumes from any position and stores nothing."""

    def __init__(self, subject: Subject) -> None:
        self._log = SubjectLog(subject, self)

    is_crowded = False

    async def wait_for_room(self) -> None:
        pass

    def admits(self, count: int) -> bool:
        return True

    def recorder(self, subject: str) -> SubjectLog:
        return self._log

    def resume_from(self, position: object) -> None:
        pass
