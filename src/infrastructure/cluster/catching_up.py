"""Holds back questions to a member that has not read what the others have published."""

from collections.abc import Awaitable
from typing import Any

from application.mediator import Proceed
from infrastructure.cluster.follower import Follower

# Parts of the names of modules.
_READING = (".queries.", ".rules.commands.", ".commands.forget_")


class CaughtUp:
    """The behaviour that lets messages pass once the read model has caught up: queries, and commands that read first.

    Others always pass.
    """

    def __init__(self, follower: Follower) -> None:
        self._follower = follower

    def __call__(self, message: Any, proceed: Proceed) -> Awaitable[Any]:
        if any(part in type(message).__module__ for part in _READING):
            self._follower.check()
        return proceed(message)
