"""Where alerts go while the service runs: to subscribers, to metrics, and to memory where alerts are kept there."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Protocol

from domain.rules.alert import Alert, AlertChange
from infrastructure.processing.partition import EventSink


class AlertFeed:
    """memory: None if alerts are in a store only. changes: counted by kind."""

    def __init__(self, memory: "Publisher | None") -> None:
        self.changes: Counter[str] = Counter()
        self._memory = memory
        self._watched = False
        self._new: list[Alert] = []

    def publish(self, alerts: Sequence[Alert]) -> None:
        for alert in alerts:
            self.changes[alert.change.value] += 1
        if self._memory is not None:
            self._memory.publish(alerts)
        if self._watched:
            self._new += [alert for alert in alerts if alert.change is not AlertChange.REPEATED]

    def watch(self, watching: bool) -> None:
        """Start or stop keeping alerts for `take`."""
        self._watched = watching
        self._new = []

    def take(self) -> Sequence[Alert]:
        """Return the changes since the last call, in order."""
        new, self._new = self._new, []
        return new


class AlertSink:
    """The `EventSink` of a subject with rules. others: takes its other events."""

    def __init__(self, others: EventSink, feed: "Publisher") -> None:
        self._others = others
        self._feed = feed

    async def publish(self, events: Sequence[Any]) -> None:
        await self._others.publish(events)
        self._feed.publish([event for event in events if isinstance(event, Alert)])


class Publisher(Protocol):
    def publish(self, alerts: Sequence[Alert], /) -> None: ...
