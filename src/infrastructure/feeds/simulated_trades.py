"""A simulated flow of trades, at the prices of the moment."""

import random
from collections.abc import Sequence

from application.errors import SymbolNotFound
from application.mediator import Mediator, Message
from application.prices.queries.get_symbol_statistics import GetSymbolStatistics
from application.processing.batches import BatchResult
from application.trades.commands.process_trade_batch import ProcessTradeBatch
from domain.numbers import Number
from domain.trades.trade import Side, Trade
from domain.trades.trades import Trades

# The share of buys wanders between these, so that the flow is lopsided now and then.
_BUYS = (0.2, 0.8)
_BUYS_STEP = 0.02
# Of the logarithm of a quantity: most are about 10, a few some hundreds.
_LOG_MEAN, _LOG_DEVIATION = 2.3, 1.0
_LATENCY_MEAN_US = 300.0
_VENUE = "SIM"


class SimulatedTrades:
    """A `Flow` of trades of all symbols in turn.

    source: of chance. mediator: is asked for the price of each symbol; one without a price is traded without.
    """

    def __init__(self, symbols: Sequence[str], source: random.Random, mediator: Mediator) -> None:
        self._symbols = symbols
        self._source = source
        self._mediator = mediator
        self._buys = 0.5
        self._turn = 0

    async def batch(self, count: int, now_us: int) -> Message[BatchResult]:
        prices = {symbol: await self._price(symbol) for symbol in self._symbols}
        return ProcessTradeBatch(Trades.of(self._next(now_us, prices) for _ in range(count)))

    def _next(self, now_us: int, prices: dict[str, Number | None]) -> Trade:
        source = self._source
        symbol = self._symbols[self._turn]
        self._turn = (self._turn + 1) % len(self._symbols)
        low, high = _BUYS
        self._buys = min(max(self._buys + source.uniform(-_BUYS_STEP, _BUYS_STEP), low), high)
        side = Side.BUY if source.random() < self._buys else Side.SELL
        quantity = round(source.lognormvariate(_LOG_MEAN, _LOG_DEVIATION), 2)
        latency_us = int(source.expovariate(1 / _LATENCY_MEAN_US))
        return Trade(symbol, side, quantity, now_us, prices.get(symbol), _VENUE, None, latency_us)

    async def _price(self, symbol: str) -> Number | None:
        try:
            return (await self._mediator.send(GetSymbolStatistics(symbol))).current_price
        except SymbolNotFound:
            return None
