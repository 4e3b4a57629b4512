"""The states of many symbols, and the loop that takes a batch of ticks to them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from domain.price import Price
from domain.price_anomaly import PriceAnomaly
from domain.symbol_memento import SymbolMemento
from domain.symbol_state import LATE, StatisticsRules, SymbolState
from domain.symbol_statistics import SymbolStatistics
from domain.ticks import Ticks
from domain.wide_symbol_state import WideSymbolState


@dataclass(slots=True)
class Applied:
    """What became of a batch.

    processed: ticks counted in. late: how many of them were late. anomalies: the spikes; places: where in the batch the
    tick of each stands. failures: symbols of the ticks that failed, and why.
    """

    processed: int = 0
    late: int = 0
    anomalies: list[PriceAnomaly] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    failures: list[tuple[str, Exception]] = field(default_factory=list)


class SymbolBook:
    """The state of every symbol that one writer has seen.

    Not safe for two writers. Readers get clones.
    """

    def __init__(self, rules: StatisticsRules) -> None:
        self._rules = rules
        self._states: dict[str, SymbolState] = {}

    def apply(self, ticks: Ticks) -> Applied:
        """Take ticks in order of arrival. One that cannot be applied is set aside and ends nothing."""
        applied = Applied()
        states = self._states
        # Any, so that the compiled loop too finds a wrong type inside the try; by index, because it makes no call then.
        symbols: list[Any] = ticks.symbols
        prices: list[Any] = ticks.prices
        times_us: list[Any] = ticks.times_us
        for at in range(len(symbols)):
            symbol = symbols[at]
            try:
                price = prices[at]
                state = states.get(symbol)
                if state is not None and isinstance(price, float):
                    outcome = state.apply(price, times_us[at])
                else:
                    outcome = self._apply_unusual(symbol, price, times_us[at])
            except Exception as failure:
                applied.failures.append((symbol, failure))
                continue
            if outcome:
                applied.late += outcome & LATE
                if outcome != LATE:
                    spikes = states[symbol].anomalies(outcome)
                    applied.anomalies += spikes
                    applied.places += [at] * len(spikes)
        applied.processed = len(ticks.symbols) - len(applied.failures)
        return applied

    def __len__(self) -> int:
        return len(self._states)

    def __contains__(self, symbol: str) -> bool:
        return symbol in self._states

    def symbols(self) -> Iterable[str]:
        """The symbols in the order they were first seen."""
        return self._states.keys()

    def snapshot(self, symbol: str) -> SymbolStatistics | None:
        """A clone of the symbol's statistics; None for one never seen."""
        state = self._states.get(symbol)
        return None if state is None else state.snapshot()

    def memento(self, symbol: str) -> SymbolMemento:
        """All of the state of a symbol that was seen."""
        return self._states[symbol].memento()

    def update_count(self, symbol: str) -> int:
        """Ticks of a symbol that was seen."""
        return self._states[symbol].update_count

    def newest_us(self, symbol: str) -> int:
        """The time of the newest tick of a symbol that was seen."""
        return self._states[symbol].last_update_us

    def take_over(self, memento: SymbolMemento) -> None:
        """Put the state of a symbol back, in place of any that there is."""
        state = SymbolState(memento.symbol, self._rules)
        if memento.wide:
            state = WideSymbolState(state, self._rules)
        state.take_over(memento)
        self._states[memento.symbol] = state

    def _apply_unusual(self, symbol: str, price: Price, time_us: int) -> int:
        """Take the first tick of a symbol, or one whose price a float cannot stand for."""
        state = self._states.get(symbol) or SymbolState(symbol, self._rules)
        if isinstance(price, float):
            outcome = state.apply(price, time_us)
        else:
            if not isinstance(state, WideSymbolState):
                state = WideSymbolState(state, self._rules)
            outcome = state.apply_wide(price, time_us)
        self._states[symbol] = state
        return outcome
