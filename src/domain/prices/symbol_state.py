"""The running statistics of one symbol."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

from domain.moving_average import MovingAverage
from domain.numbers import Number
from domain.prices.price_anomaly import Direction, PriceAnomaly, make_anomaly
from domain.prices.price_move import NEVER_US, OpenMoves, PriceMove
from domain.prices.spike_rule import SpikeRule
from domain.prices.symbol_checkpoint import SymbolCheckpoint
from domain.prices.symbol_statistics import SymbolStatistics
from domain.sliding_window import SlidingWindow

if TYPE_CHECKING:
    from mypy_extensions import i64

# Result flags of `apply`; 0 for an ordinary tick.
LATE = 1
SPIKE_UP = 2
SPIKE_DOWN = 4
MOVE_ENDS = 8


@dataclass(frozen=True, slots=True)
class StatisticsRules:
    """The parameters of the statistics, the same for every symbol.

    moving_average_size: prices in the moving average, at least 1.
    window_us: width of the sliding window, microseconds.
    """

    moving_average_size: int
    window_us: int
    spike: SpikeRule


class SymbolState(SlidingWindow):
    """Applies the ticks of one symbol in order of arrival.

    O(1) amortised per tick; O(log n) plus a list shift for a late one.

    Prices are floats; a symbol whose prices need more digits has a `WideSymbolState`.
    Not safe for two writers: the worker of the symbol's partition is the only one.
    """

    __slots__ = (
        "_current",
        "_down_hint",
        "_max",
        "_min",
        "_moves",
        "_moves_until_us",
        "_rules",
        "_up_hint",
        "anomaly_count",
        "late_count",
        "symbol",
        "update_count",
    )

    def __init__(self, symbol: str, rules: StatisticsRules) -> None:
        super().__init__(rules.window_us, rules.moving_average_size)
        self.update_count: i64 = 0
        self._current = 0.0
        self._min = inf
        self._max = 0.0
        self._up_hint = rules.spike.up_hint
        self._down_hint = rules.spike.down_hint
        # A tick later than this ends a move.
        self._moves_until_us: i64 = NEVER_US
        self.late_count: i64 = 0
        self.anomaly_count: i64 = 0
        self.symbol = symbol
        self._rules = rules
        self._moves: OpenMoves | None = None

    def apply(self, price: float, time_us: i64) -> int:
        """Apply one tick and return its flags: LATE, SPIKE_UP, SPIKE_DOWN, MOVE_ENDS."""
        late = time_us < self.newest_us
        self.add_to_average(price)
        self.update_count += 1
        if price < self._min:
            self._min = price
        if price > self._max:
            self._max = price
        if late:
            self.late_count += 1
            self.insert_late(price, time_us)
            return LATE
        self._current = price
        self.add_to_window(price, time_us)
        if time_us > self._moves_until_us:
            return self._detect_spikes() | MOVE_ENDS
        if price > self.lowest * self._up_hint or price < self.highest * self._down_hint:
            return self._detect_spikes()
        return 0

    def anomalies(self, outcome: int) -> list[PriceAnomaly]:
        """Return the spikes of the tick just applied, for which `apply` returned `outcome`."""
        spikes = []
        if outcome & SPIKE_UP:
            spikes.append(self._anomaly(Direction.UP))
        if outcome & SPIKE_DOWN:
            spikes.append(self._anomaly(Direction.DOWN))
        return spikes

    def end_moves(self) -> list[PriceMove]:
        """End the moves that the tick just applied is too late for, and return what is new of them."""
        assert self._moves is not None, "apply returned MOVE_ENDS"
        ended = self._moves.end(self.last_update_us)
        self._moves_until_us = self._moves.until_us
        return ended

    def add_to_moves(self, anomalies: list[PriceAnomaly]) -> None:
        """Continue or open the moves of the spikes of the tick just applied."""
        if self._moves is None:
            self._moves = OpenMoves(self._rules.window_us)
        for anomaly in anomalies:
            self._moves.add(anomaly)
        self._moves_until_us = self._moves.until_us

    def take_moves(self) -> list[PriceMove]:
        """Return the moves that go on and have changed since the last call."""
        return [] if self._moves is None else self._moves.take()

    def snapshot(self) -> SymbolStatistics:
        """Return a clone of the statistics. Requires at least one tick."""
        # Rounding must not push the mean outside the range of its prices.
        average = min(max(self.average, float(self.min_price)), float(self.max_price))
        return SymbolStatistics(
            symbol=self.symbol,
            current_price=self.current_price,
            moving_average=average,
            min_price=self.min_price,
            max_price=self.max_price,
            update_count=self.update_count,
            late_count=self.late_count,
            anomaly_count=self.anomaly_count,
            last_update_us=self.last_update_us,
        )

    def checkpoint(self) -> SymbolCheckpoint:
        """Return the full state. Requires at least one tick."""
        return SymbolCheckpoint(
            self.symbol,
            self.update_count,
            self.late_count,
            self.anomaly_count,
            self.current_price,
            self.min_price,
            self.max_price,
            self.is_wide,
            self._rules.moving_average_size,
            self.average_numbers(),
            self._window_entries(),
            [] if self._moves is None else self._moves.checkpoint(),
        )

    def restore(self, checkpoint: SymbolCheckpoint) -> None:
        """Restore the state from a checkpoint.

        A moving average of a different size restarts from the mean. A wider window knows only what the narrower one
        kept.
        """
        self.update_count = checkpoint.update_count
        self.late_count = checkpoint.late_count
        self.anomaly_count = checkpoint.anomaly_count
        if checkpoint.average_size == self._rules.moving_average_size:
            self.restore_average(checkpoint.average)
        else:
            former = MovingAverage(checkpoint.average_size)
            former.restore_average(checkpoint.average)
            self.add_to_average(former.average)
        self._restore_prices(checkpoint)
        if checkpoint.moves:
            self._moves = OpenMoves(self._rules.window_us)
            self._moves.restore(checkpoint.moves)
            self._moves_until_us = self._moves.until_us

    @property
    def is_wide(self) -> bool:
        """Whether prices are kept as Decimals."""
        return False

    @property
    def current_price(self) -> Number:
        return self._current

    @property
    def min_price(self) -> Number:
        return self._min

    @property
    def max_price(self) -> Number:
        return self._max

    @property
    def last_update_us(self) -> int:
        return self.newest_us

    def _window_entries(self) -> list[tuple[int, Number]]:
        lows, highs = self.candidates()
        entries: list[tuple[int, Number]] = []
        entries += sorted({*lows, *highs})
        return entries

    def _restore_prices(self, checkpoint: SymbolCheckpoint) -> None:
        self._current = float(checkpoint.current_price)
        self._min = float(checkpoint.min_price)
        self._max = float(checkpoint.max_price)
        for time_us, price in checkpoint.window:
            self.add_to_window(float(price), time_us)

    def _reference(self, direction: Direction) -> Number:
        """Return the reference price of a spike in this direction."""
        return self.lowest if direction is Direction.UP else self.highest

    def _detect_spikes(self) -> int:
        outcome = 0
        rule = self._rules.spike
        if rule.is_up(self._reference(Direction.UP), self.current_price):
            outcome |= SPIKE_UP
            self.anomaly_count += 1
        if rule.is_down(self._reference(Direction.DOWN), self.current_price):
            outcome |= SPIKE_DOWN
            self.anomaly_count += 1
        return outcome

    def _anomaly(self, direction: Direction) -> PriceAnomaly:
        return make_anomaly(
            symbol=self.symbol,
            sequence=self.update_count,
            direction=direction,
            reference_price=self._reference(direction),
            new_price=self.current_price,
            detected_at_us=self.last_update_us,
        )
