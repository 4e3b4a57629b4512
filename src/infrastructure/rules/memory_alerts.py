"""The alerts of a service without a store, and the newest ones of a cluster."""

from bisect import insort
from collections.abc import Sequence

from application.rules.ports.alerts import AlertFilter, AlertOrder, AlertPage
from domain.rules.alert import Alert


class MemoryAlerts:
    """Keeps the `capacity` newest alerts."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._alerts: dict[str, Alert] = {}
        self._ordered: list[AlertOrder] = []

    def publish(self, alerts: Sequence[Alert]) -> None:
        for alert in alerts:
            if alert.id not in self._alerts:
                insort(self._ordered, alert.order)
            self._alerts[alert.id] = alert
        over = max(len(self._ordered) - self._capacity, 0)
        for _, alert_id in self._ordered[:over]:
            del self._alerts[alert_id]
        del self._ordered[:over]

    def forget(self, subject: str, key: str) -> None:
        """Remove the alerts of a key."""
        gone = {each.id for each in self._alerts.values() if each.subject == subject and each.key == key}
        self._ordered = [order for order in self._ordered if order[1] not in gone]
        for alert_id in gone:
            del self._alerts[alert_id]

    async def get(self, alert_id: str) -> Alert | None:
        return self._alerts.get(alert_id)

    async def page(
        self, matching: AlertFilter, after: AlertOrder | None, limit: int, newest_first: bool = True
    ) -> AlertPage:
        found: list[Alert] = []
        for order in reversed(self._ordered) if newest_first else self._ordered:
            if after is not None and (order >= after if newest_first else order <= after):
                continue
            alert = self._alerts[order[1]]
            if matching.matches(alert):
                if len(found) == limit:
                    return AlertPage(tuple(found), found[-1].order)
                found.append(alert)
        return AlertPage(tuple(found), None)
