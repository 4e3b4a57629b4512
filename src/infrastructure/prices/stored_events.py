"""All events of one kind: the newest from memory, the others from the store."""

from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Generic

from application.prices.ports.event_repository import Event, EventFilter, EventOrder, EventPage
from domain.prices.price_anomaly import PriceAnomaly
from infrastructure.prices.price_store import PriceStore
from infrastructure.prices.recent_events import RecentEvents
from infrastructure.storage.answered import answered

_AT_ONCE = 1000

# Returns the first events that match, after a position: filter, position, limit, whether the newest come first.
Query = Callable[[EventFilter, EventOrder | None, int, bool], Coroutine[Any, Any, Sequence[Event]]]


class StoredEvents(Generic[Event]):
    """query: of the store.

    Invariant: `recent` holds the newest of all events, so any it lacks are older than those it has.
    """

    def __init__(self, recent: RecentEvents[Event], query: Query[Event]) -> None:
        self._recent = recent
        self._query = query

    async def recover(self) -> None:
        """Fill `recent` with the newest stored events."""
        before: EventOrder | None = None
        while self._recent.room > 0:
            stored = await self._query(EventFilter(), before, min(_AT_ONCE, self._recent.room), True)
            if not stored:
                break
            self._recent.recover(stored)
            before = stored[-1].order
        for older in await self._query(EventFilter(), before, 1, True):
            self._recent.leave_out(older.order)

    async def publish(self, events: Sequence[Event]) -> None:
        await self._recent.publish(events)

    async def page(
        self, matching: EventFilter, after: EventOrder | None, limit: int, newest_first: bool = True
    ) -> EventPage[Event]:
        recent = await self._recent.page(matching, after, limit, newest_first)
        if self._recent.is_complete or (newest_first and recent.next_after is not None):
            # Memory has everything, or another page.
            return recent
        stored = await answered(self._query(matching, after, limit + 1, newest_first))
        # What memory has is newer.
        found = {event.order: event for event in (*stored, *recent.items)}
        orders = sorted(found, reverse=newest_first)
        more = len(orders) > limit or recent.next_after is not None
        return EventPage(tuple(found[order] for order in orders[:limit]), orders[limit - 1] if more else None)


def anomalies_in(store: PriceStore) -> Query[PriceAnomaly]:
    """The query of stored anomalies, without where their ticks are."""

    async def query(
        matching: EventFilter, after: EventOrder | None, limit: int, newest_first: bool
    ) -> Sequence[PriceAnomaly]:
        return [each.anomaly for each in await store.anomalies(matching, after, limit, newest_first)]

    return query
