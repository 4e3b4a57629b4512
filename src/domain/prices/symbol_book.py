"""The states of all symbols of one writer, and the loop that applies a batch of ticks to them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from sys import intern
from typing import TYPE_CHECKING, Any, Final

from domain.book import Applied
from domain.numbers import Number
from domain.prices.symbol_checkpoint import SymbolCheckpoint
from domain.prices.symbol_state import LATE, MOVE_ENDS, StatisticsRules, SymbolState
from domain.prices.symbol_statistics import SymbolStatistics
from domain.prices.ticks import Ticks
from domain.prices.wide_symbol_state import WideSymbolState

if TYPE_CHECKING:
    from mypy_extensions import i64

# With more states than this, few are in the nearest caches of the processor when their tick comes.
_LOOK_AHEAD_ABOVE: Final = 2000


class SymbolBook:
    """The `Book` of prices: the state of every symbol seen by one writer. Its events are anomalies, its updates
    moves.
    """

    def __init__(self, rules: StatisticsRules) -> None:
        self._rules = rules
        self._states: dict[str, SymbolState] = {}

    def apply(self, ticks: Ticks) -> Applied:
        applied = Applied()
        moved: dict[str, None] = {}
        states = self._states
        # Any, so that the compiled loop too meets a wrong type inside the try.
        symbols: list[Any] = ticks.symbols
        prices: list[Any] = ticks.prices
        times_us: list[Any] = ticks.times_us
        known = self._look_up(symbols) if len(states) > _LOOK_AHEAD_ABOVE else None
        at: i64 = -1
        # Without strict, which mypyc would not compile into a plain loop; the columns have one length.
        for symbol, price, time_us in zip(symbols, prices, times_us):  # noqa: B905
            at += 1
            try:
                state = states.get(symbol) if known is None else known[at]
                if state is not None and isinstance(price, float):
                    outcome = state.apply(price, time_us)
                else:
                    outcome = self._apply_unusual(symbol, price, time_us)
                    if state is not None and states[symbol] is not state:
                        known = None
            except Exception as failure:
                applied.failures.append((symbol, failure))
                continue
            if outcome:
                applied.late += outcome & LATE
                if outcome != LATE:
                    moved[symbol] = None
                    changed = states[symbol]
                    if outcome & MOVE_ENDS:
                        applied.updates += changed.end_moves()
                    spikes = changed.anomalies(outcome)
                    if spikes:
                        applied.events += spikes
                        applied.places += [at] * len(spikes)
                        changed.add_to_moves(spikes)
        for symbol in moved:
            applied.updates += states[symbol].take_moves()
        applied.processed = len(ticks.symbols) - len(applied.failures)
        return applied

    def publish_figures(self, symbols: Collection[str]) -> bool:
        """There are none."""
        return False

    def __len__(self) -> int:
        return len(self._states)

    def __contains__(self, symbol: object) -> bool:
        return symbol in self._states

    def keys(self) -> Iterable[str]:
        return self._states.keys()

    def snapshot(self, symbol: str) -> SymbolStatistics | None:
        state = self._states.get(symbol)
        return None if state is None else state.snapshot()

    def checkpoint(self, symbol: str) -> SymbolCheckpoint:
        return self._states[symbol].checkpoint()

    def forget(self, symbol: str) -> None:
        self._states.pop(symbol, None)

    def update_count(self, symbol: str) -> int:
        return self._states[symbol].update_count

    def newest_us(self, symbol: str) -> int:
        return self._states[symbol].last_update_us

    def restore(self, symbol: str, checkpoint: SymbolCheckpoint) -> None:
        state: SymbolState = SymbolState(symbol, self._rules)
        if checkpoint.wide:
            state = WideSymbolState(state, self._rules)
        state.restore(checkpoint)
        # As the symbols of ticks are; then looking it up compares no characters.
        self._states[intern(symbol)] = state

    def _look_up(self, symbols: list[Any]) -> list[SymbolState | None] | None:
        """Return the states of symbols, or None if one of them cannot be a symbol.

        In a loop of its own no look-up waits for another, nor for a tick: the processor fetches several at once.
        """
        states = self._states
        try:
            return [states.get(symbol) for symbol in symbols]
        except TypeError:
            return None

    def _apply_unusual(self, symbol: str, price: Number, time_us: int) -> int:
        """Apply the first tick of a symbol, or one whose price does not fit a float."""
        state = self._states.get(symbol) or SymbolState(symbol, self._rules)
        if isinstance(price, float):
            outcome = state.apply(price, time_us)
        else:
            if not isinstance(state, WideSymbolState):
                state = WideSymbolState(state, self._rules)
            outcome = state.apply_wide(price, time_us)
        self._states[symbol] = state
        return outcome
