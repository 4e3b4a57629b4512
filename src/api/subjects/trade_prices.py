"""Lets the prices of trades be prices of their symbols."""

from collections.abc import Sequence

import structlog

from application.errors import MarketDataError
from application.mediator import Mediator
from application.prices.commands.process_price_batch import ProcessPriceBatch
from application.processing.durability import Durability
from domain.access.principal import Principal
from domain.prices.price_update import PriceUpdate
from domain.prices.ticks import Ticks
from domain.trades.trade import Trade

_log = structlog.stdlib.get_logger(__name__)


class TradePrices:
    """The `PriceFeed` of the service. mediator: set once there is one."""

    mediator: Mediator

    async def submit(self, trades: Sequence[Trade], durability: Durability, sender: Principal) -> None:
        ticks = Ticks.of(
            PriceUpdate(
                trade.symbol,
                0.0 if trade.price is None else trade.price,
                trade.timestamp_us,
                trade.quantity,
                # Ids of trades and of ticks are remembered together with their subject, so the same one will do.
                trade.id,
            )
            for trade in trades
        )
        try:
            await self.mediator.send(ProcessPriceBatch(ticks, durability=durability, sender=sender))
        except MarketDataError as error:
            _log.warning("prices of trades refused", prices=len(trades), reason=str(error))
