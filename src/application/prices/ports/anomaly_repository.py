"""The ports for publishing and querying anomalies."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from domain.prices.price_anomaly import Direction, PriceAnomaly, Severity

AnomalyOrder = tuple[int, str, int, str]


@dataclass(frozen=True, slots=True)
class AnomalyFilter:
    """A field that is None matches everything. since_us: detected at this time or later."""

    symbol: str | None = None
    direction: Direction | None = None
    severity: Severity | None = None
    since_us: int | None = None

    def matches(self, anomaly: PriceAnomaly) -> bool:
        return (
            (self.symbol is None or anomaly.symbol == self.symbol)
            and (self.direction is None or anomaly.direction is self.direction)
            and (self.since_us is None or anomaly.detected_at_us >= self.since_us)
            and (self.severity is None or anomaly.severity is self.severity)
        )


@dataclass(frozen=True, slots=True)
class AnomalyPage:
    """items: newest first. next_before: where the next page starts, None on the last."""

    items: tuple[PriceAnomaly, ...]
    next_before: AnomalyOrder | None


class AnomalySink(Protocol):
    async def publish(self, anomalies: Sequence[PriceAnomaly]) -> None:
        """Store anomalies. May be called again with the same ones after an error."""
        ...


class AnomalyRepository(Protocol):
    async def page(self, matching: AnomalyFilter, before: AnomalyOrder | None, limit: int) -> AnomalyPage:
        """Return up to `limit` anomalies older than `before` (see `PriceAnomaly.order`), or the newest."""
        ...
