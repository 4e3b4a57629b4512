"""The newest summaries of every chain, in memory."""

from bisect import bisect_left
from collections.abc import Sequence
from operator import attrgetter
from typing import Any

from domain.options.option_book import SummaryPoint
from domain.options.summary_interval import SummaryInterval

_START = attrgetter("start_us")


class RecentSummaries:
    """The `SummaryHistory` of a service without a store, and an `EventSink`.

    capacity: of all chains together; the chain that has been quiet for longest is dropped first, then the oldest.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._count = 0
        # By product, expiry and interval; the one that changed last is at the end.
        self._points: dict[tuple[str, str, SummaryInterval], list[SummaryPoint]] = {}

    async def publish(self, events: Sequence[Any]) -> None:
        for event in events:
            if isinstance(event, SummaryPoint):
                self._put(event)

    async def summaries(
        self,
        product: str,
        expiry: str,
        interval: SummaryInterval,
        from_us: int,
        to_us: int,
        limit: int,
        newest_first: bool = False,
    ) -> Sequence[SummaryPoint]:
        points = self._points.get((product, expiry, interval), [])
        found = points[bisect_left(points, from_us, key=_START) : bisect_left(points, to_us, key=_START)]
        return found[::-1][:limit] if newest_first else found[:limit]

    def oldest_us(self, product: str, expiry: str, interval: SummaryInterval) -> int | None:
        """The start of the first interval of a chain that is here."""
        points = self._points.get((product, expiry, interval))
        return points[0].start_us if points else None

    def forget(self, product: str) -> None:
        """Remove the summaries of a product."""
        for key in [key for key in self._points if key[0] == product]:
            self._count -= len(self._points.pop(key))

    def _put(self, point: SummaryPoint) -> None:
        key = (point.summary.product, point.summary.expiry, point.interval)
        points = self._points.pop(key, [])
        self._points[key] = points
        at = bisect_left(points, point.start_us, key=_START)
        if at < len(points) and points[at].start_us == point.start_us:
            points[at] = point
            return
        points.insert(at, point)
        self._count += 1
        while self._count > self._capacity:
            quiet, oldest = next(iter(self._points.items()))
            del oldest[0]
            self._count -= 1
            if not oldest:
                del self._points[quiet]
