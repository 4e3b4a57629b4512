"""The ports for publishing and querying anomalies."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from domain.prices.price_anomaly import Direction, PriceAnomaly, Severity

AnomalyOrder = tuple[int, str, int, str]


@dataclass(frozen=True, slots=True)
class AnomalyFilter:
    """A field that is None matches everything. Anomalies match if detected within [from_us, to_us)."""

    symbol: str | None = None
    direction: Direction | None = None
    severity: Severity | None = None
    from_us: int | None = None
    to_us: int | None = None

    def matches(self, anomaly: PriceAnomaly) -> bool:
        return (
            (self.symbol is None or anomaly.symbol == self.symbol)
            and (self.direction is None or anomaly.direction is self.direction)
            and (self.from_us is None or anomaly.detected_at_us >= self.from_us)
            and (self.to_us is None or anomaly.detected_at_us < self.to_us)
            and (self.severity is None or anomaly.severity is self.severity)
        )


@dataclass(frozen=True, slots=True)
class AnomalyPage:
    """next_after: the position after which the next page starts, None on the last."""

    items: tuple[PriceAnomaly, ...]
    next_after: AnomalyOrder | None


class AnomalySink(Protocol):
    async def publish(self, anomalies: Sequence[PriceAnomaly]) -> None:
        """Store anomalies. May be called again with the same ones after an error."""
        ...


class AnomalyRepository(Protocol):
    async def page(
        self, matching: AnomalyFilter, after: AnomalyOrder | None, limit: int, newest_first: bool = True
    ) -> AnomalyPage:
        """Return up to `limit` anomalies that come after a position (see `PriceAnomaly.order`), or the first ones."""
        ...
