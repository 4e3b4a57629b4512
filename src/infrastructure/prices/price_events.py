"""The sink of the workers' events: anomalies and moves."""

from collections.abc import Sequence
from typing import Any, Protocol

from domain.prices.price_anomaly import PriceAnomaly
from domain.prices.price_move import PriceMove


class Publisher(Protocol):
    async def publish(self, events: Sequence[Any], /) -> None: ...


class PriceEvents:
    """The `EventSink` of prices. anomalies, moves: where each kind goes."""

    def __init__(self, anomalies: Publisher, moves: Publisher) -> None:
        self._anomalies = anomalies
        self._moves = moves

    async def publish(self, events: Sequence[PriceAnomaly | PriceMove]) -> None:
        await self._anomalies.publish([each for each in events if isinstance(each, PriceAnomaly)])
        await self._moves.publish([each for each in events if isinstance(each, PriceMove)])
