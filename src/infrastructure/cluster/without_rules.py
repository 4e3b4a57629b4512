"""Refuses questions and commands about rules: the owners of partitions show them nothing."""

from collections.abc import Awaitable, Collection
from typing import Any

from application.errors import NotOffered
from application.mediator import Proceed


class WithoutRules:
    """The behaviour of a member. messages: the types of those about rules."""

    def __init__(self, messages: Collection[type]) -> None:
        self._messages = frozenset(messages)

    def __call__(self, message: Any, proceed: Proceed) -> Awaitable[Any]:
        if type(message) in self._messages:
            raise NotOffered("rules and alerts", "it is a member of a cluster, by cluster.brokers")
        return proceed(message)
