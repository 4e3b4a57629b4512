"""The port for alerts."""

from dataclasses import dataclass
from typing import Protocol

from domain.rules.alert import Alert, AlertState
from domain.rules.rule import AlertSeverity

# When it was raised, and its id.
AlertOrder = tuple[int, str]


@dataclass(frozen=True, slots=True)
class AlertFilter:
    """A field that is None matches everything. Alerts match if they were raised within [from_us, to_us).

    prefixes: of the keys that match; none for all.
    """

    state: AlertState | None = None
    severity: AlertSeverity | None = None
    subject: str | None = None
    key: str | None = None
    rule_id: str | None = None
    from_us: int | None = None
    to_us: int | None = None
    prefixes: tuple[str, ...] = ()

    def matches(self, alert: Alert) -> bool:
        return (
            (self.state is None or alert.state is self.state)
            and (self.severity is None or alert.severity is self.severity)
            and (self.subject is None or alert.subject == self.subject)
            and (self.key is None or alert.key == self.key)
            and (self.rule_id is None or alert.rule_id == self.rule_id)
            and (self.from_us is None or alert.raised_us >= self.from_us)
            and (self.to_us is None or alert.raised_us < self.to_us)
            and (not self.prefixes or alert.key.startswith(self.prefixes))
        )


@dataclass(frozen=True, slots=True)
class AlertPage:
    """next_after: the position after which the next page starts, None on the last."""

    items: tuple[Alert, ...]
    next_after: AlertOrder | None


class Alerts(Protocol):
    async def page(
        self, matching: AlertFilter, after: AlertOrder | None, limit: int, newest_first: bool = True
    ) -> AlertPage:
        """Return up to `limit` alerts that come after a position (see `Alert.order`), or the first ones."""
        ...

    async def get(self, alert_id: str) -> Alert | None: ...


class AlertDesk(Protocol):
    """Changes alerts."""

    async def change(self, alert: Alert, by: str | None, resolves: bool) -> Alert | None:
        """Acknowledge an open alert, or resolve it. Return it afterwards; None if it was resolved meanwhile.

        Raises:
            StorageFailed: the change is not on disk.
        """
        ...
