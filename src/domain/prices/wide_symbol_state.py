"""The running statistics of a symbol whose prices have more digits than a double holds."""

from __future__ import annotations

from bisect import bisect_right
from decimal import Decimal
from operator import itemgetter
from typing import TYPE_CHECKING

from domain.numbers import Number, narrow, written
from domain.prices.price_anomaly import Direction
from domain.prices.symbol_checkpoint import SymbolCheckpoint
from domain.prices.symbol_state import LATE, MOVE_ENDS, StatisticsRules, SymbolState

if TYPE_CHECKING:
    from mypy_extensions import i64

_TIME = itemgetter(0)


class WideWindow:
    """The contract of `SlidingWindow`, for Decimals; its queues hold (time, price) pairs.

    Invariant: times strictly increase in both lists; prices strictly increase in `_lows` and strictly decrease in
        `_highs`.
    """

    def __init__(
        self, width_us: int, newest_us: int, lows: list[tuple[int, Decimal]], highs: list[tuple[int, Decimal]]
    ):
        self.width_us = width_us
        self.newest_us = newest_us
        self._lows = lows
        self._highs = highs

    @property
    def lowest(self) -> Decimal:
        return self._lows[0][1]

    @property
    def highest(self) -> Decimal:
        return self._highs[0][1]

    def add(self, price: Decimal, time_us: int) -> None:
        """Insert a price at its position in time, after those of the same time."""
        self.newest_us = max(self.newest_us, time_us)
        oldest_us = self.newest_us - self.width_us
        if time_us < oldest_us:
            return
        for entries, sign in ((self._lows, 1), (self._highs, -1)):
            at = bisect_right(entries, time_us, key=_TIME)
            later_is_as_good = at < len(entries) and price.compare(entries[at][1]) * sign >= 0
            same_time_is_better = (
                at > 0 and entries[at - 1][0] == time_us and price.compare(entries[at - 1][1]) * sign > 0
            )
            if not later_is_as_good and not same_time_is_better:
                first_beaten = at
                while first_beaten and price.compare(entries[first_beaten - 1][1]) * sign <= 0:
                    first_beaten -= 1
                entries[first_beaten:at] = [(time_us, price)]
            outdated = 0
            while entries[outdated][0] < oldest_us:
                outdated += 1
            del entries[:outdated]


class WideSymbolState(SymbolState):
    """A `SymbolState` whose prices are Decimals, kept and compared exactly. Slower, and rarely needed.

    Replaces the ordinary state at the first price that does not fit a float.
    """

    __slots__ = ("_wide_current", "_wide_max", "_wide_min", "_wide_window")

    def __init__(self, narrow_state: SymbolState, rules: StatisticsRules) -> None:
        super().__init__(narrow_state.symbol, rules)
        self.update_count = narrow_state.update_count
        self.late_count = narrow_state.late_count
        self.anomaly_count = narrow_state.anomaly_count
        self.restore_average(narrow_state.average_numbers())
        self._moves = narrow_state._moves
        self._moves_until_us = narrow_state._moves_until_us
        self._wide_current = written(narrow_state._current)
        self._wide_min = written(narrow_state._min)
        self._wide_max = written(narrow_state._max)
        lows, highs = narrow_state.candidates()
        self._wide_window = WideWindow(
            rules.window_us,
            narrow_state.newest_us,
            [(time_us, written(price)) for time_us, price in lows],
            [(time_us, written(price)) for time_us, price in highs],
        )

    def apply(self, price: float, time_us: i64) -> int:
        return self.apply_wide(written(price), time_us)

    def apply_wide(self, price: Decimal, time_us: int) -> int:
        """Like `apply`, for a price with any number of digits."""
        late = time_us < self._wide_window.newest_us
        self.add_to_average(float(price))
        self.update_count += 1
        self._wide_min = min(self._wide_min, price)
        self._wide_max = max(self._wide_max, price)
        self._wide_window.add(price, time_us)
        if late:
            self.late_count += 1
            return LATE
        self._wide_current = price
        outcome = self._detect_spikes()
        return outcome | MOVE_ENDS if time_us > self._moves_until_us else outcome

    @property
    def is_wide(self) -> bool:
        return True

    @property
    def current_price(self) -> Number:
        return narrow(self._wide_current)

    @property
    def min_price(self) -> Number:
        return narrow(self._wide_min)

    @property
    def max_price(self) -> Number:
        return narrow(self._wide_max)

    @property
    def last_update_us(self) -> int:
        return self._wide_window.newest_us

    def _window_entries(self) -> list[tuple[int, Number]]:
        window = self._wide_window
        entries: list[tuple[int, Number]] = []
        entries += sorted({*window._lows, *window._highs})
        return entries

    def _restore_prices(self, checkpoint: SymbolCheckpoint) -> None:
        self._wide_current = written(checkpoint.current_price)
        self._wide_min = written(checkpoint.min_price)
        self._wide_max = written(checkpoint.max_price)
        for time_us, price in checkpoint.window:
            self._wide_window.add(written(price), time_us)

    def _reference(self, direction: Direction) -> Number:
        return narrow(self._wide_window.lowest if direction is Direction.UP else self._wide_window.highest)
