"""The workers of a member, one for each subject."""

import time
from collections.abc import Sequence

from infrastructure.cluster.owned_partition import OwnedPartition
from infrastructure.cluster.worker import Worker


class Workers:
    """All of them as one."""

    def __init__(self, workers: Sequence[Worker]) -> None:
        self._workers = workers

    @property
    def owned(self) -> Sequence[OwnedPartition]:
        """The partitions of this member."""
        return [owned for worker in self._workers for owned in worker.owned]

    @property
    def failure(self) -> str | None:
        """Why one of them does not work; None while all do."""
        return next((worker.failure for worker in self._workers if worker.failure is not None), None)

    @property
    def rebalanced_us(self) -> int:
        """When partitions last came or went; 0 before."""
        return max(worker.rebalanced_us for worker in self._workers)

    @property
    def restarts(self) -> int:
        return sum(worker.restarts for worker in self._workers)

    @property
    def seconds(self) -> float:
        """Time of their threads, without waits."""
        return sum(worker.seconds for worker in self._workers)

    def start(self) -> None:
        for worker in self._workers:
            worker.start()

    def stop(self, seconds: float) -> None:
        """Publish everything with a checkpoint, and leave. Blocks."""
        for worker in self._workers:
            worker.leave()
        deadline = time.monotonic() + seconds
        for worker in self._workers:
            worker.join(max(deadline - time.monotonic(), 0.0))
