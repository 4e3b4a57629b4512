"""Changes of rules and alerts, each made at one moment between two blocks of the log."""

from collections.abc import Callable, Sequence

import sqlalchemy as sa

from domain.rules.alert import Alert
from domain.rules.rule import Rule
from domain.rules.rule_monitor import acknowledged, resolved
from infrastructure.rules.alert_tables import write_alerts
from infrastructure.rules.registry import RuleRegistry
from infrastructure.rules.rule_format import rule_row
from infrastructure.rules.stored_rule import StoredRule
from infrastructure.storage.records import Put
from infrastructure.storage.schema import RULE

Announce = Callable[[Sequence[Alert]], None]


class RuleChange:
    """A rule is made, changed (which resolves its open alerts) or removed. rule: as it is then, None for removed."""

    def __init__(
        self, registry: RuleRegistry, announce: Announce, rule_id: str, rule: Rule | None, in_file: bool
    ) -> None:
        self._registry = registry
        self._announce = announce
        self._id = rule_id
        self._rule = rule
        self._in_file = in_file
        self._alerts: list[Alert] = []

    def apply(self, last_seq: int) -> None:
        stored = None if self._rule is None else StoredRule(self._rule, last_seq, self._in_file)
        self._alerts = self._registry.change(self._id, stored)
        self._announce(self._alerts)

    def write(self, connection: sa.Connection, put: Put, last_seq: int) -> None:
        connection.execute(sa.delete(RULE).where(RULE.c.id == self._id))
        if self._rule is not None:
            put(connection, RULE, [rule_row(StoredRule(self._rule, last_seq, self._in_file))], False)
        write_alerts(connection, put, self._alerts)


class AlertChanged:
    """Somebody acknowledges an alert, or resolves it. changed: the alert afterwards; None if it was resolved before."""

    def __init__(
        self, registry: RuleRegistry, announce: Announce, alert: Alert, now_us: int, by: str | None, resolves: bool
    ) -> None:
        self.changed: Alert | None = None
        self._registry = registry
        self._announce = announce
        self._alert = alert
        self._now_us = now_us
        self._by = by
        self._resolves = resolves

    def apply(self, last_seq: int) -> None:
        alert = self._alert
        monitor = self._registry.monitor(alert)
        if monitor is not None:
            if monitor.alert is None or monitor.alert.id != alert.id:
                return
            alert = monitor.alert
        if self._resolves:
            self.changed = resolved(alert, self._now_us)
            if monitor is not None:
                monitor.release()
        else:
            self.changed = acknowledged(alert, self._now_us, self._by)
            if monitor is not None:
                monitor.alert = self.changed
        self._announce([self.changed])

    def write(self, connection: sa.Connection, put: Put, last_seq: int) -> None:
        write_alerts(connection, put, [] if self.changed is None else [self.changed])


class AlertsByClock:
    """The clock has changed alerts."""

    def __init__(self, alerts: Sequence[Alert]) -> None:
        self._alerts = alerts

    def apply(self, last_seq: int) -> None:
        """They are changed in memory."""

    def write(self, connection: sa.Connection, put: Put, last_seq: int) -> None:
        write_alerts(connection, put, self._alerts)
