"""Coroutines that are run at once, as far as they go without waiting, or timed but for their waiting."""

import types
from collections.abc import Callable, Coroutine, Generator
from functools import partial
from typing import Any, TypeVar

Result = TypeVar("Result")


class Suspended(Exception):
    """The coroutine waits for something. rest: what is left of it, for a task to run."""

    def __init__(self, rest: Coroutine[Any, Any, Any]) -> None:
        super().__init__()
        self.rest = rest


def run_inline(coroutine: Coroutine[Any, Any, Result]) -> Result:
    """The coroutine's result, without a task and a turn of the event loop.

    What runs this way must not ask for the current task, nor leave a context variable to be reset after it waited.

    Raises:
        Suspended: it could not be run to its end.
    """
    try:
        waits_for = coroutine.send(None)
    except StopIteration as done:
        result: Result = done.value
        return result
    raise Suspended(_rest(coroutine, waits_for))


async def timed(
    coroutine: Coroutine[Any, Any, Result], clock: Callable[[], float], spend: Callable[[float], None]
) -> Result:
    """The coroutine's result; `spend` is told how long each of its steps took, from one wait to the next."""
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


async def _rest(coroutine: Coroutine[Any, Any, Result], waits_for: Any) -> Result:
    return await _resumed(coroutine, waits_for)


@types.coroutine
def _resumed(coroutine: Coroutine[Any, Any, Result], waits_for: Any) -> Generator[Any, Any, Result]:
    """Wait for what the coroutine waits for already, and go on; await would start it anew."""
    while True:
        try:
            sent = yield waits_for
        except BaseException as error:
            step = partial(coroutine.throw, error)
        else:
            step = partial(coroutine.send, sent)
        try:
            waits_for = step()
        except StopIteration as done:
            result: Result = done.value
            return result
