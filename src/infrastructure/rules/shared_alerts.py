"""The alerts of a cluster: those in its topics are newer than those in the database, which has all."""

from application.rules.ports.alerts import AlertFilter, AlertOrder, AlertPage
from domain.rules.alert import Alert
from infrastructure.rules.memory_alerts import MemoryAlerts
from infrastructure.rules.sql_rules import SqlRules
from infrastructure.storage.answered import answered

# Alerts that are read at once at least: those that are in memory too are left out.
_AT_ONCE = 1000


class SharedAlerts:
    """The `Alerts` of a member. recent: as they are. stored: all, as they were seconds ago."""

    def __init__(self, recent: MemoryAlerts, stored: SqlRules) -> None:
        self._recent = recent
        self._stored = stored

    async def get(self, alert_id: str) -> Alert | None:
        found = await self._recent.get(alert_id)
        return await answered(self._stored.get(alert_id)) if found is None else found

    async def page(
        self, matching: AlertFilter, after: AlertOrder | None, limit: int, newest_first: bool = True
    ) -> AlertPage:
        recent = await self._recent.page(matching, after, limit, newest_first)
        stored: list[Alert] = []
        place, step, is_more = after, max(limit, _AT_ONCE), True
        while is_more and len(stored) < limit:
            read = await answered(self._stored.page(matching, place, step, newest_first))
            stored += [each for each in read if await self._recent.get(each.id) is None]
            is_more = len(read) == step
            place = read[-1].order if read else place
        found = sorted([*recent.items, *stored], key=lambda alert: alert.order, reverse=newest_first)
        shown = found[:limit]
        is_last = len(found) == len(shown) and recent.next_after is None and not is_more
        return AlertPage(tuple(shown), None if is_last else shown[-1].order)
