"""The port of what was held in chains, minute by minute."""

from typing import Protocol

from domain.options.positions import ChainPositions


class PositionHistory(Protocol):
    async def positions(self, product: str, expiry: str, latest_us: int) -> ChainPositions | None:
        """Return the last positions that end at or before a moment, if there are any.

        Raises:
            HistoryUnavailable: the store does not respond.
        """
        ...
