"""Get an anomaly and the ticks that explain it."""

from dataclasses import dataclass

from application.errors import AnomalyNotFound
from application.mediator import Message
from application.prices.ports.history import ExplainedAnomaly, History


@dataclass(frozen=True, slots=True)
class GetAnomaly(Message[ExplainedAnomaly]):
    """prefixes: of the symbols that exist for who asks; none for all."""

    anomaly_id: str
    prefixes: tuple[str, ...] = ()


class GetAnomalyHandler:
    """Raises AnomalyNotFound, HistoryUnavailable."""

    def __init__(self, history: History) -> None:
        self._history = history

    async def handle(self, query: GetAnomaly) -> ExplainedAnomaly:
        found = await self._history.anomaly(query.anomaly_id)
        if found is None or (query.prefixes and not found.anomaly.symbol.startswith(query.prefixes)):
            raise AnomalyNotFound(query.anomaly_id)
        return found
