import asyncio
from itertools import pairwise

import pytest

from infrastructure.processing.supervisor import supervise
from support.fakes import FakeClock, settle


async def test_work_that_ends_is_not_started_again() -> None:
    deaths: list[int] = []

    async def work() -> None:
        return

    await supervise(work, FakeClock(), lambda: deaths.append(1))
    assert deaths == []


async def test_pauses_double_up_to_a_second_and_start_over_after_a_steady_run() -> None:
    clock = FakeClock()
    starts: list[float] = []

    async def work() -> None:
        starts.append(clock.monotonic())
        if len(starts) == 10:
            await clock.sleep(20.0)
        raise ValueError("dies")

    supervisor = asyncio.create_task(supervise(work, clock, lambda: None))
    await clock.advance(40.0)
    pauses = [round(later - earlier, 3) for earlier, later in pairwise(starts)]
    assert pauses[:9] == [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.0, 1.0]
    assert pauses[9:11] == [20.01, 0.02]
    supervisor.cancel()
    with pytest.raises(asyncio.CancelledError):
        await supervisor


async def test_cancelled_supervisor_cancels_its_worker() -> None:
    worker: list[asyncio.Task[None] | None] = []

    async def work() -> None:
        worker.append(asyncio.current_task())
        await asyncio.get_running_loop().create_future()

    supervisor = asyncio.create_task(supervise(work, FakeClock(), lambda: None))
    await settle()
    supervisor.cancel()
    await settle()
    assert worker[0] is not None
    assert worker[0].cancelled()


async def test_worker_cancelled_by_somebody_else_is_started_again() -> None:
    clock = FakeClock()
    workers: list[asyncio.Task[None]] = []
    deaths: list[int] = []

    async def work() -> None:
        task = asyncio.current_task()
        assert task is not None
        workers.append(task)
        await asyncio.get_running_loop().create_future()

    supervisor = asyncio.create_task(supervise(work, clock, lambda: deaths.append(1)))
    await settle()
    workers[0].cancel()
    await clock.advance(0.1)
    assert (len(workers), deaths) == (2, [1])
    supervisor.cancel()
