"""The trades of all symbols of one writer."""

from __future__ import annotations

from collections.abc import Iterable
from sys import intern

from domain.book import Applied
from domain.trades.trade_checkpoint import TradeCheckpoint
from domain.trades.trade_state import TradeState
from domain.trades.trade_statistics import TradeStatistics
from domain.trades.trade_totals import TradeTotals
from domain.trades.trades import Trades


class TradeBook:
    """The `Book` of trades. window: how many of the last trades of a symbol its quantities are summarised over."""

    def __init__(self, window: int) -> None:
        self.totals = TradeTotals()
        self._window = window
        self._states: dict[str, TradeState] = {}

    def apply(self, trades: Trades) -> Applied:
        applied = Applied()
        states = self._states
        nothing = [None] * len(trades.symbols)
        prices = trades.prices if trades.prices is not None else nothing
        latencies_us = trades.latencies_us if trades.latencies_us is not None else nothing
        # Without strict, which mypyc would not compile into a plain loop; the columns have one length.
        for symbol, is_buy, quantity, time_us, price, latency_us in zip(  # noqa: B905
            trades.symbols, trades.buys, trades.quantities, trades.times_us, prices, latencies_us
        ):
            try:
                state = states.get(symbol)
                if state is None:
                    state = TradeState(symbol, self._window, self.totals)
                    applied.late += state.apply(is_buy, quantity, time_us, price, latency_us)
                    states[symbol] = state
                else:
                    applied.late += state.apply(is_buy, quantity, time_us, price, latency_us)
            except Exception as failure:
                applied.failures.append((symbol, failure))
        applied.processed = len(trades.symbols) - len(applied.failures)
        return applied

    def __len__(self) -> int:
        return len(self._states)

    def __contains__(self, symbol: object) -> bool:
        return symbol in self._states

    def keys(self) -> Iterable[str]:
        return self._states.keys()

    def snapshot(self, symbol: str) -> TradeStatistics | None:
        state = self._states.get(symbol)
        return None if state is None else state.snapshot()

    def checkpoint(self, symbol: str) -> TradeCheckpoint:
        return self._states[symbol].checkpoint()

    def restore(self, symbol: str, checkpoint: TradeCheckpoint) -> None:
        state = TradeState(symbol, self._window, self.totals)
        state.restore(checkpoint)
        self._states[intern(symbol)] = state

    def forget(self, symbol: str) -> None:
        self._states.pop(symbol, None)

    def update_count(self, symbol: str) -> int:
        return self._states[symbol].update_count

    def newest_us(self, symbol: str) -> int:
        return self._states[symbol].newest_us
