"""The trades of all symbols of one writer."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from sys import intern
from typing import TYPE_CHECKING, Any

from domain.book import Applied, figures_in
from domain.trades.trade_checkpoint import TradeCheckpoint
from domain.trades.trade_state import TradeState
from domain.trades.trade_statistics import TradeStatistics
from domain.trades.trade_totals import TradeTotals
from domain.trades.trades import Trades

if TYPE_CHECKING:
    from mypy_extensions import i64


class TradeBook:
    """The `Book` of trades. window: how many of the last trades of a symbol its quantities are summarised over.

    totals: of this book and others.
    Its figures: `imbalance`, over the window, and `latency`, of the trade itself, in microseconds.
    """

    def __init__(self, window: int, totals: TradeTotals) -> None:
        self._totals = totals
        self._window = window
        self._states: dict[str, TradeState] = {}
        self._watched: Collection[str] = ()

    def apply(self, trades: Trades) -> Applied:
        applied = Applied()
        states = self._states
        # Any, so that the compiled loop too meets a wrong type inside the try.
        symbols: list[Any] = trades.symbols
        buys: list[Any] = trades.buys
        quantities: list[Any] = trades.quantities
        times_us: list[Any] = trades.times_us
        prices: list[Any] | None = trades.prices
        latencies_us: list[Any] | None = trades.latencies_us
        imbalances = self._new_figures(trades, applied)
        late: i64 = 0
        newest_us: i64 = self._totals.newest_us
        at: i64 = -1
        # Without strict, which mypyc would not compile into a plain loop; the columns have one length.
        for symbol, is_buy, quantity, time_us in zip(symbols, buys, quantities, times_us):  # noqa: B905
            at += 1
            try:
                found = states.get(symbol)
                state = TradeState(symbol, self._window, self._totals) if found is None else found
                moment_us: i64 = time_us
                if state.apply(is_buy, quantity, moment_us, None if prices is None else prices[at]):
                    late += 1
                elif moment_us > newest_us:
                    newest_us = moment_us
                if latencies_us is not None and latencies_us[at] is not None:
                    state.add_latency(latencies_us[at])
                if imbalances is not None and symbol in self._watched:
                    imbalances[at] = state.imbalance
                if found is None:
                    states[symbol] = state
            except Exception as failure:
                applied.failures.append((symbol, failure))
        self._totals.newest_us = newest_us
        applied.late = late
        applied.processed = len(symbols) - len(applied.failures)
        return applied

    def publish_figures(self, keys: Collection[str]) -> bool:
        self._watched = keys
        return True

    def _new_figures(self, trades: Trades, applied: Applied) -> list[float | None] | None:
        """Add the figures of a batch in which there are keys to publish them of. Return those to be filled in."""
        watched = self._watched
        if not watched or not any(symbol in watched for symbol in trades.symbols):
            return None
        count = len(trades.symbols)
        imbalances: list[float | None] = [None] * count
        latencies_us = trades.latencies_us if trades.latencies_us is not None else [None] * count
        latencies = [None if each is None else float(each) for each in latencies_us]
        applied.figures_at = figures_in({"imbalance": imbalances, "latency": latencies})
        return imbalances

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
        state = TradeState(symbol, self._window, self._totals)
        state.restore(checkpoint)
        self._states[intern(symbol)] = state

    def forget(self, symbol: str) -> None:
        self._states.pop(symbol, None)

    def update_count(self, symbol: str) -> int:
        return self._states[symbol].update_count

    def newest_us(self, symbol: str) -> int:
        return self._states[symbol].newest_us
