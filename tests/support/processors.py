"""A processor that only counts."""

from typing import Any

from application.errors import FieldError, QueueFull
from application.ports.processor import Patience, ProcessingStatistics, Submitted
from domain.prices.price_update import PriceUpdate


class CountingProcessor:
    """Accepts up to `room` ticks, and rejects symbols in `unwelcome`."""

    def __init__(self, room: int = 1_000_000, unwelcome: tuple[str, ...] = ()) -> None:
        self.accepted: list[PriceUpdate] = []
        self.rejected = 0
        self._room = room
        self._unwelcome = unwelcome

    async def submit(
        self, ticks: Any, /, patience: Patience = Patience.LIMITED, until_processed: bool = False, sender: str = ""
    ) -> Submitted:
        refused = []
        for position, update in enumerate(ticks):
            if update.symbol in self._unwelcome:
                refused.append(FieldError("symbol", "symbol_limit", "too many", position))
            elif len(self.accepted) >= self._room:
                raise QueueFull
            else:
                self.accepted.append(update)
        self.reject(len(refused))
        return Submitted(len(ticks) - len(refused), tuple(refused))

    def reject(self, ticks: int) -> None:
        self.rejected += ticks

    def statistics(self) -> ProcessingStatistics:
        count = len(self.accepted)
        return ProcessingStatistics(
            received=count + self.rejected,
            accepted=count,
            rejected=self.rejected,
            duplicates=0,
            processed=0,
            dropped=0,
            queued=count,
            failed=0,
            late=0,
            events=0,
            active_keys=0,
            throughput_per_second=0.0,
            partitions=(),
        )
