"""The alerts of a cluster: those in its topics are newer than those in the database, which has all."""

from application.rules.ports.alerts import AlertFilter, AlertOrder, AlertPage, Alerts
from domain.rules.alert import Alert
from infrastructure.rules.memory_alerts import MemoryAlerts


class SharedAlerts:
    """The `Alerts` of a member. recent: as they are. stored: all, as they were seconds ago."""

    def __init__(self, recent: MemoryAlerts, stored: Alerts) -> None:
        self._recent = recent
        self._stored = stored

    async def get(self, alert_id: str) -> Alert | None:
        found = await self._recent.get(alert_id)
        return await self._stored.get(alert_id) if found is None else found

    async def page(
        self, matching: AlertFilter, after: AlertOrder | None, limit: int, newest_first: bool = True
    ) -> AlertPage:
        recent = await self._recent.page(matching, after, limit, newest_first)
        stored: list[Alert] = []
        place = after
        while True:
            page = await self._stored.page(matching, place, limit, newest_first)
            stored += [each for each in page.items if await self._recent.get(each.id) is None]
            place = page.next_after
            if place is None or len(stored) >= limit:
                break
        found = sorted([*recent.items, *stored], key=lambda alert: alert.order, reverse=newest_first)
        shown = found[:limit]
        is_last = len(found) == len(shown) and recent.next_after is None and place is None
        return AlertPage(tuple(shown), None if is_last else shown[-1].order)
