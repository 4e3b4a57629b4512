"""The newest anomalies in memory, in order of event time."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Sequence
from operator import attrgetter

from application.prices.ports.anomaly_repository import AnomalyFilter, AnomalyOrder, AnomalyPage
from domain.prices.price_anomaly import Direction, PriceAnomaly, Severity

_ORDER = attrgetter("order")
_DETECTED = attrgetter("detected_at_us")


class InMemoryAnomalyRepository:
    """Keeps the `capacity` newest anomalies. Which ones depends on the ticks alone, not on their order of arrival.

    counts: all ever published, by direction and severity.
    Invariant: every list is sorted by `PriceAnomaly.order`; the lists by symbol together hold what `_all` holds.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._all: list[PriceAnomaly] = []
        self._by_symbol: dict[str, list[PriceAnomaly]] = {}
        self.counts = {(direction, severity): 0 for direction in Direction for severity in Severity}

    async def publish(self, anomalies: Sequence[PriceAnomaly]) -> None:
        for anomaly in anomalies:
            self.counts[anomaly.direction, anomaly.severity] += 1
            _insert(self._all, anomaly)
            _insert(self._by_symbol.setdefault(anomaly.symbol, []), anomaly)
        self._evict(len(self._all) - self._capacity)

    @property
    def room(self) -> int:
        """How many more fit before the oldest is evicted."""
        return self._capacity - len(self._all)

    def recover(self, anomalies: Sequence[PriceAnomaly]) -> None:
        """Load anomalies of an earlier run, which are not counted."""
        for anomaly in anomalies[: self.room]:
            _insert(self._all, anomaly)
            _insert(self._by_symbol.setdefault(anomaly.symbol, []), anomaly)

    async def page(
        self, matching: AnomalyFilter, after: AnomalyOrder | None, limit: int, newest_first: bool = True
    ) -> AnomalyPage:
        anomalies = self._all if matching.symbol is None else self._by_symbol.get(matching.symbol, [])
        # The anomalies of the range are those at start..stop.
        start, stop = 0, len(anomalies)
        if matching.from_us is not None:
            start = bisect_left(anomalies, matching.from_us, key=_DETECTED)
        if matching.to_us is not None:
            stop = bisect_left(anomalies, matching.to_us, key=_DETECTED)
        if after is not None and newest_first:
            stop = min(stop, bisect_left(anomalies, after, key=_ORDER))
        elif after is not None:
            start = max(start, bisect_right(anomalies, after, key=_ORDER))
        found: list[PriceAnomaly] = []
        for at in range(stop - 1, start - 1, -1) if newest_first else range(start, stop):
            if matching.matches(anomalies[at]):
                if len(found) == limit:
                    return AnomalyPage(tuple(found), found[-1].order)
                found.append(anomalies[at])
        return AnomalyPage(tuple(found), None)

    def _evict(self, count: int) -> None:
        if count <= 0:
            return
        for anomaly in self._all[:count]:
            own = self._by_symbol[anomaly.symbol]
            # The oldest of all is also the oldest of its symbol.
            del own[0]
            if not own:
                del self._by_symbol[anomaly.symbol]
        del self._all[:count]


def _insert(anomalies: list[PriceAnomaly], anomaly: PriceAnomaly) -> None:
    if not anomalies or anomalies[-1].order < anomaly.order:
        anomalies.append(anomaly)
    else:
        insort(anomalies, anomaly, key=_ORDER)
