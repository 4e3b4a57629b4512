"""Runs coroutines inline until they suspend."""

import types
from collections.abc import Coroutine, Generator
from functools import partial
from typing import Any, TypeVar

Result = TypeVar("Result")


class Suspended(Exception):
    """The coroutine suspended. rest: the remainder, for a task to run."""

    def __init__(self, rest: Coroutine[Any, Any, Any]) -> None:
        super().__init__()
        self.rest = rest


def run_inline(coroutine: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine without a task or a turn of the event loop, and return its result.

    The coroutine must not use the current task, nor reset a context variable after it has suspended.

    Raises:
        Suspended: the coroutine has to wait.
    """
    try:
        waits_for = coroutine.send(None)
    except StopIteration as done:
        result: Result = done.value
        return result
    raise Suspended(_remainder(coroutine, waits_for))


async def _remainder(coroutine: Coroutine[Any, Any, Result], waits_for: Any) -> Result:
    return await _resumed(coroutine, waits_for)


@types.coroutine
def _resumed(coroutine: Coroutine[Any, Any, Result], waits_for: Any) -> Generator[Any, Any, Result]:
    """Resume a suspended coroutine once what it waits for is done; `await` would resume it too early."""
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
