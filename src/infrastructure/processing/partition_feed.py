"""The live feed of one instance: its own workers' changes, read from their books."""

from collections.abc import Collection, Sequence
from typing import Any

from application.ports.live_feed import Changes
from infrastructure.processing.change_tracker import ChangeTracker
from infrastructure.processing.snapshots import Snapshots


class PartitionFeed:
    """Subscribers of this process see what this process accepts."""

    def __init__(self, tracker: ChangeTracker, snapshots: Snapshots) -> None:
        self._tracker = tracker
        self._snapshots = snapshots

    def watch(self, watching: bool) -> None:
        self._tracker.watch(watching)

    def observe(self, keys: Collection[str]) -> None:
        self._tracker.observe(keys)

    def take(self) -> Changes:
        return self._tracker.take()

    def snapshot(self, key: str) -> Any:
        return self._snapshots.snapshot(key)

    def keys(self) -> Sequence[str]:
        return self._snapshots.keys()
