"""The newest anomalies in memory, in order of event time."""

from bisect import bisect_left, insort
from collections.abc import Sequence
from operator import attrgetter

from application.prices.ports.anomaly_repository import AnomalyFilter, AnomalyOrder, AnomalyPage
from domain.prices.price_anomaly import Direction, PriceAnomaly, Severity

_ORDER = attrgetter("order")


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

    async def page(self, matching: AnomalyFilter, before: AnomalyOrder | None, limit: int) -> AnomalyPage:
        anomalies = self._all if matching.symbol is None else self._by_symbol.get(matching.symbol, [])
        at = len(anomalies) if before is None else bisect_left(anomalies, before, key=_ORDER)
        found: list[PriceAnomaly] = []
        while at > 0:
            at -= 1
            anomaly = anomalies[at]
            if matching.since_us is not None and anomaly.detected_at_us < matching.since_us:
                break
            if matching.matches(anomaly):
                if len(found) == limit:
                    return AnomalyPage(tuple(found), found[-1].order)
                found.append(anomaly)
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
