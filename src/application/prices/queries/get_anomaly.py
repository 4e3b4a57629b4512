"""Get an anomaly and the ticks that explain it."""

from dataclasses import dataclass

from application.errors import AnomalyNotFound
from application.mediator import Message
from application.prices.ports.history import ExplainedAnomaly, History


@dataclass(frozen=True, slots=True)
class GetAnomaly(Message[ExplainedAnomaly]):
    anomaly_id: str


class GetAnomalyHandler:
    """Raises AnomalyNotFound, HistoryUnavailable."""

    def __init__(self, history: History) -> None:
        self._history = history

    async def handle(self, query: GetAnomaly) -> ExplainedAnomaly:
        found = await self._history.anomaly(query.anomaly_id)
        if found is None:
            raise AnomalyNotFound(query.anomaly_id)
        return found
