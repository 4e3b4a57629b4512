"""The tables of alerts, beside those of a subject."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from domain.rules.alert import Alert, AlertChange
from infrastructure.rules.rule_format import alert_of, alert_row, packed_alert
from infrastructure.storage.records import LoggedEvent, Put
from infrastructure.storage.schema import ALERT, DELIVERY
from infrastructure.subject import Aggregates, SubjectTables


class RuledTables:
    """The `SubjectTables` of a subject with rules: its own, if it has any, and its alerts.

    Alerts are written with the observations that caused them, and so is what has to be delivered: neither is ever there
    without the other.
    """

    def __init__(self, subject: str, tables: SubjectTables | None) -> None:
        self._subject = subject
        self._tables = tables

    def new_aggregates(self) -> Aggregates | None:
        return None if self._tables is None else self._tables.new_aggregates()

    def write(
        self,
        connection: sa.Connection,
        put: Put,
        events: Sequence[LoggedEvent],
        aggregates: Aggregates | None,
        first_seq: int,
        last_seq: int,
    ) -> None:
        write_alerts(connection, put, [each.event for each in events if isinstance(each.event, Alert)])
        if self._tables is not None:
            own = [each for each in events if not isinstance(each.event, Alert)]
            self._tables.write(connection, put, own, aggregates, first_seq, last_seq)

    def forget(self) -> None:
        if self._tables is not None:
            self._tables.forget()

    def forget_key(self, connection: sa.Connection, key: str) -> None:
        connection.execute(sa.delete(ALERT).where(ALERT.c.subject == self._subject, ALERT.c.key == key))
        if self._tables is not None:
            self._tables.forget_key(connection, key)

    def shift(self, connection: sa.Connection, put: Put, seq: int, erased: Sequence[int]) -> None:
        if self._tables is not None:
            self._tables.shift(connection, put, seq, erased)

    def readers(self) -> Sequence[tuple[sa.Table, Callable[[tuple[Any, ...]], object]]]:
        own = [] if self._tables is None else list(self._tables.readers())
        return [*own, (ALERT, alert_of)]

    def sizes(self) -> Mapping[str, sa.Select[Any]]:
        own = {} if self._tables is None else dict(self._tables.sizes())
        return own | {"alerts": sa.select(sa.func.count()).select_from(ALERT)}


def write_alerts(connection: sa.Connection, put: Put, alerts: Iterable[Alert]) -> None:
    """Write alerts as of their changes, the last one of each, and what has to be delivered of all changes."""
    newest: dict[str, Alert] = {}
    deliveries: dict[str, tuple[Any, ...]] = {}
    for alert in alerts:
        newest[alert.id] = alert
        if alert.change is not AlertChange.REPEATED:
            deliveries |= {row[0]: row for row in _delivery_rows(alert)}
    put(connection, ALERT, [alert_row(alert) for alert in newest.values()], True)
    put(connection, DELIVERY, list(deliveries.values()), True)


def _delivery_rows(alert: Alert) -> list[tuple[Any, ...]]:
    """One `DELIVERY` row for each channel, in column order. All are due at once."""
    return [
        (f"{alert.id}-{alert.change.value}-{channel}", channel, moment_us(alert), 0, 0, None, "", packed_alert(alert))
        for channel in alert.notify
    ]


def moment_us(alert: Alert) -> int:
    """When an alert last changed."""
    return alert.resolved_us or alert.acknowledged_us or alert.raised_us
