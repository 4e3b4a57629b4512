"""The history port: past trades and their candles."""

from dataclasses import dataclass
from typing import Protocol

from domain.bars import Interval
from domain.trades.trade import Trade
from domain.trades.trade_candle import TradeCandle

# Position of a trade in the log: number of its block, index in the block.
TradePlace = tuple[int, int]


@dataclass(frozen=True, slots=True)
class TradePage:
    """next_after: the position after which the next page starts, None on the last."""

    items: tuple[Trade, ...]
    next_after: TradePlace | None


@dataclass(frozen=True, slots=True)
class TradeCandlePage:
    """items: without empty intervals. rest: the range of the next page, None on the last."""

    items: tuple[TradeCandle, ...]
    rest: tuple[int, int] | None


class TradeHistory(Protocol):
    """Every method raises HistoryUnavailable if the store does not respond."""

    async def trades(
        self, symbol: str, from_us: int, to_us: int, after: TradePlace | None, limit: int, newest_first: bool = False
    ) -> TradePage:
        """Return trades stamped within [from, to), in order of arrival or the other way round."""
        ...

    async def candles(
        self, symbol: str, interval: Interval, from_us: int, to_us: int, limit: int, newest_first: bool = False
    ) -> TradeCandlePage:
        """Return candles that start within [from, to)."""
        ...
