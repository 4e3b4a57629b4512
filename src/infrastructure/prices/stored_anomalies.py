"""All anomalies: the newest from memory, the others from the store."""

from collections.abc import Sequence

from application.prices.ports.anomaly_repository import AnomalyFilter, AnomalyOrder, AnomalyPage
from domain.prices.price_anomaly import PriceAnomaly
from infrastructure.prices.in_memory_anomalies import InMemoryAnomalyRepository
from infrastructure.prices.price_store import PriceStore
from infrastructure.prices.stored_history import answered

_AT_ONCE = 1000


class StoredAnomalies:
    """Invariant: `recent` holds the newest of all anomalies, so any it lacks are older than those it has."""

    def __init__(self, recent: InMemoryAnomalyRepository, store: PriceStore) -> None:
        self._recent = recent
        self._store = store

    async def recover(self) -> None:
        """Fill `recent` with the newest stored anomalies."""
        before: AnomalyOrder | None = None
        while self._recent.room > 0:
            stored = await self._store.anomalies(AnomalyFilter(), before, min(_AT_ONCE, self._recent.room))
            if not stored:
                break
            self._recent.recover([each.anomaly for each in stored])
            before = stored[-1].anomaly.order

    async def publish(self, anomalies: Sequence[PriceAnomaly]) -> None:
        await self._recent.publish(anomalies)

    async def page(
        self, matching: AnomalyFilter, after: AnomalyOrder | None, limit: int, newest_first: bool = True
    ) -> AnomalyPage:
        recent = await self._recent.page(matching, after, limit, newest_first)
        if self._recent.room > 0 or (newest_first and recent.next_after is not None):
            # Memory has never evicted anything, or has another page.
            return recent
        stored = await answered(self._store.anomalies(matching, after, limit + 1, newest_first))
        found = {anomaly.order: anomaly for anomaly in (*recent.items, *(each.anomaly for each in stored))}
        orders = sorted(found, reverse=newest_first)
        more = len(orders) > limit or recent.next_after is not None
        return AnomalyPage(tuple(found[order] for order in orders[:limit]), orders[limit - 1] if more else None)
