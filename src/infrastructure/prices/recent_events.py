"""The newest events of prices in memory, in order of event time."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from operator import attrgetter
from typing import Generic

from application.prices.ports.event_repository import Event, EventFilter, EventOrder, EventPage
from domain.prices.price_anomaly import Direction, Severity

_ORDER = attrgetter("order")
_TIME = attrgetter("time_us")


class RecentEvents(Generic[Event]):
    """Keeps the `capacity` newest events. Which ones depends on the ticks alone, not on their order of arrival.

    An event published again, with the same order, replaces the former one.

    counts: all ever published, by direction and severity.
    Invariant: every list is sorted by order; the lists by symbol together hold what `_all` holds; every event that was
        left out came before all that are kept.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._all: list[Event] = []
        self._by_symbol: dict[str, list[Event]] = {}
        # The newest event that was left out.
        self._left_out: EventOrder | None = None
        self.counts = {(direction, severity): 0 for direction in Direction for severity in Severity}

    async def publish(self, events: Sequence[Event]) -> None:
        for event in events:
            if self._put(event):
                self.counts[event.direction, event.severity] += 1
        self._evict(len(self._all) - self._capacity)

    @property
    def room(self) -> int:
        """How many more fit before the oldest is evicted."""
        return self._capacity - len(self._all)

    @property
    def is_complete(self) -> bool:
        """Whether no event was ever left out."""
        return self._left_out is None

    def leave_out(self, order: EventOrder) -> None:
        """Keep nothing up to this event."""
        self._left_out = order if self._left_out is None else max(self._left_out, order)

    def recover(self, events: Sequence[Event]) -> None:
        """Load events of an earlier run, which are not counted."""
        for event in events[: self.room]:
            self._put(event)

    def forget(self, symbol: str) -> None:
        """Remove the events of a symbol."""
        if self._by_symbol.pop(symbol, None):
            self._all = [event for event in self._all if event.symbol != symbol]

    async def page(
        self, matching: EventFilter, after: EventOrder | None, limit: int, newest_first: bool = True
    ) -> EventPage[Event]:
        events = self._all if matching.symbol is None else self._by_symbol.get(matching.symbol, [])
        # The events of the range are those at start..stop.
        start, stop = 0, len(events)
        if matching.from_us is not None:
            start = bisect_left(events, matching.from_us, key=_TIME)
        if matching.to_us is not None:
            stop = bisect_left(events, matching.to_us, key=_TIME)
        if after is not None and newest_first:
            stop = min(stop, bisect_left(events, after, key=_ORDER))
        elif after is not None:
            start = max(start, bisect_right(events, after, key=_ORDER))
        found: list[Event] = []
        for at in range(stop - 1, start - 1, -1) if newest_first else range(start, stop):
            if matching.matches(events[at]):
                if len(found) == limit:
                    return EventPage(tuple(found), found[-1].order)
                found.append(events[at])
        return EventPage(tuple(found), None)

    def _put(self, event: Event) -> bool:
        """Insert an event, or replace it. Returns whether it is new."""
        if self._left_out is not None and event.order <= self._left_out:
            # Older than one that was left out, whatever room there is now.
            return True
        _insert(self._by_symbol.setdefault(event.symbol, []), event)
        return _insert(self._all, event)

    def _evict(self, count: int) -> None:
        if count <= 0:
            return
        self.leave_out(self._all[count - 1].order)
        for event in self._all[:count]:
            own = self._by_symbol[event.symbol]
            # The oldest of all is also the oldest of its symbol.
            del own[0]
            if not own:
                del self._by_symbol[event.symbol]
        del self._all[:count]


def _insert(events: list[Event], event: Event) -> bool:
    order = event.order
    if not events or events[-1].order < order:
        events.append(event)
        return True
    at = bisect_left(events, order, key=_ORDER)
    if events[at].order == order:
        events[at] = event
        return False
    events.insert(at, event)
    return True
