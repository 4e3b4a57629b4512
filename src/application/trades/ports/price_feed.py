"""The port through which the prices of trades become prices of their symbols."""

from collections.abc import Sequence
from typing import Protocol

from application.processing.durability import Durability
from domain.access.principal import Principal
from domain.trades.trade import Trade


class PriceFeed(Protocol):
    async def submit(self, trades: Sequence[Trade], durability: Durability, sender: Principal) -> None:
        """Submit trades, all with a price, as prices. What is refused is logged: the trades are accepted already."""
        ...
