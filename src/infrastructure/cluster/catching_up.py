"""Holds back questions to a member that has not read what the others have published."""

from collections.abc import Awaitable
from typing import Any

from application.mediator import Proceed
from infrastructure.cluster.follower import Follower


class CaughtUp:
    """The behaviour that lets queries pass once the read model has caught up, and commands always."""

    def __init__(self, follower: Follower) -> None:
        self._follower = follower

    def __call__(self, message: Any, proceed: Proceed) -> Awaitable[Any]:
        if ".queries." in type(message).__module__:
            self._follower.check()
        return proceed(message)
