import asyncio

import pytest

from api.http.inline import Suspended, run_inline


async def answer(waits_for: asyncio.Future[int] | None) -> int:
    return 1 if waits_for is None else await waits_for


async def failing() -> int:
    raise LookupError


def test_coroutine_that_needs_not_wait_is_run_to_its_end() -> None:
    assert run_inline(answer(None)) == 1
    with pytest.raises(LookupError):
        run_inline(failing())


async def test_one_that_waits_goes_on_in_a_task_from_where_it_is() -> None:
    coming: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    with pytest.raises(Suspended) as caught:
        run_inline(answer(coming))
    rest = asyncio.create_task(caught.value.rest)
    await asyncio.sleep(0)  # a turn, so that the task begins to wait
    assert not rest.done()
    coming.set_result(7)
    assert await rest == 7


@pytest.mark.parametrize("cancelled", [True, False])
async def test_what_it_waits_for_may_fail_or_be_given_up(cancelled: bool) -> None:
    async def patient(coming: asyncio.Future[int]) -> str:
        try:
            await coming
        except asyncio.CancelledError:
            await asyncio.sleep(0)  # it may wait once more on its way out
            return "cancelled"
        except LookupError:
            return "failed"
        return "answered"

    coming: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    with pytest.raises(Suspended) as caught:
        run_inline(patient(coming))
    rest = asyncio.create_task(caught.value.rest)
    await asyncio.sleep(0)  # a turn, so that the task begins to wait
    if cancelled:
        rest.cancel()
    else:
        coming.set_exception(LookupError())
    assert await rest == ("cancelled" if cancelled else "failed")
