"""What a partition has applied and not added to the history yet."""

from collections.abc import Sequence

from domain.book import Applied
from domain.columns import Columns
from domain.rules.alert import Alert
from infrastructure.storage.records import HistoryPart, LoggedEvent
from infrastructure.storage.subject_log import SubjectLog
from infrastructure.subject import Subject


class PendingHistory:
    """upto: records of the log before this one are in the history already. count: observations that wait."""

    # As the gate of its `SubjectLog`: the worker looks at `count` instead.
    is_crowded = False

    def __init__(self, subject: Subject) -> None:
        self.upto = 0
        self.count = 0
        self._subject = subject
        self._parts: list[HistoryPart] = []
        self._log = SubjectLog(subject, self)

    async def wait_for_room(self) -> None:
        """There always is."""

    def admits(self, count: int) -> bool:
        self.count += count
        return True

    def record(self, columns: Columns, applied: Applied) -> None:
        """Take observations that were just applied, and the result."""
        self._log.record(columns, applied)

    def forget(self, key: str) -> None:
        """Everything about a key that came before is to go."""
        self._close((key,))

    def alerts(self, alerts: Sequence[Alert]) -> None:
        """Take changes of alerts that come of no observation."""
        self._close(())
        self._parts.append(HistoryPart((), [LoggedEvent(alert, 0, 0) for alert in alerts], None, ()))

    def parts(self) -> list[HistoryPart]:
        """Return what waits, in order."""
        self._close(())
        return list(self._parts)

    def added(self, parts: int, upto: int) -> None:
        """So many parts, from the first, are in the history now, up to that record."""
        self.count -= sum(part.count for part in self._parts[:parts])
        del self._parts[:parts]
        self.upto = upto

    def _close(self, forgotten: tuple[str, ...]) -> None:
        aggregates = self._log.aggregates
        blocks, events = self._log.take_blocks()
        if blocks or forgotten:
            self._parts.append(HistoryPart(blocks, events, aggregates, forgotten))
            self._log.take_aggregates()
