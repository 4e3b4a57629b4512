"""The journal of a gateway: the log that the brokers keep."""

from collections.abc import Awaitable, Callable
from typing import Any

from infrastructure.cluster.log_producer import LogProducer
from infrastructure.processing.latency import Latency


class ClusterJournal:
    """The `Journal`, and what `Forgetting` promises, for all subjects of a gateway."""

    is_complete = True
    is_crowded = False
    lost = 0

    def __init__(self, log: LogProducer) -> None:
        self._log = log
        self._forget: dict[str, Callable[[str], Awaitable[None]]] = {}
        self._memories: dict[str, list[Callable[[str], None]]] = {}

    @property
    def failure(self) -> str | None:
        return self._log.failure

    @property
    def unwritten(self) -> int:
        return self._log.unconfirmed

    @property
    def latency(self) -> Latency:
        return self._log.latency

    def unwritten_aggregates(self, subject: str) -> list[Any]:
        """What the history lacks is with the owners of the partitions."""
        return []

    async def committed(self) -> None:
        await self._log.all_confirmed()

    def memories(self, subject: str) -> list[Callable[[str], None]]:
        """Who has to forget a key of a subject."""
        return self._memories.setdefault(subject, [])

    def on_forget(self, subject: str, forget: Callable[[str], None]) -> None:
        self.memories(subject).append(forget)

    def forget_by(self, subject: str, forget: Callable[[str], Awaitable[None]]) -> None:
        """Say how a key of a subject is forgotten everywhere."""
        self._forget[subject] = forget

    async def forget(self, subject: str, key: str) -> None:
        await self._forget[subject](key)

    def is_forgetting(self, subject: str, key: str) -> bool:
        return False
