"""The history port: past trades."""

from dataclasses import dataclass
from typing import Protocol

from domain.trades.trade import Trade

# Position of a trade in the log: number of its block, index in the block.
TradePlace = tuple[int, int]


@dataclass(frozen=True, slots=True)
class TradePage:
    """next_after: the position after which the next page starts, None on the last."""

    items: tuple[Trade, ...]
    next_after: TradePlace | None


class TradeHistory(Protocol):
    """Every method raises HistoryUnavailable if the store does not respond."""

    async def trades(
        self, symbol: str, from_us: int, to_us: int, after: TradePlace | None, limit: int, newest_first: bool = False
    ) -> TradePage:
        """Return trades stamped within [from, to), in order of arrival or the other way round."""
        ...
