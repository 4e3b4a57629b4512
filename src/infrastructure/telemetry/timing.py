"""Times coroutines without their waits."""

import types
from collections.abc import Callable, Coroutine, Generator
from functools import partial
from typing import Any, TypeVar

Result = TypeVar("Result")


async def timed(
    coroutine: Coroutine[Any, Any, Result], clock: Callable[[], float], spend: Callable[[float], None]
) -> Result:
    """Await a coroutine; `spend` is called with the duration of each step between two waits."""
    return await _timed(coroutine, clock, spend)


@types.coroutine
def _timed(
    coroutine: Coroutine[Any, Any, Result], clock: Callable[[], float], spend: Callable[[float], None]
) -> Generator[Any, Any, Result]:
    step = partial(coroutine.send, None)
    while True:
        start = clock()
        try:
            waits_for = step()
        except StopIteration as done:
            result: Result = done.value
            return result
        finally:
            spend(clock() - start)
        try:
            sent = yield waits_for
        except BaseException as error:
            step = partial(coroutine.throw, error)
        else:
            step = partial(coroutine.send, sent)
