"""The running statistics of one symbol."""

from dataclasses import dataclass
from math import inf

from domain.numbers import Number
from domain.prices.moving_average import MovingAverage
from domain.prices.price_anomaly import Direction, PriceAnomaly, make_anomaly
from domain.prices.sliding_window import SlidingWindow
from domain.prices.spike_rule import SpikeRule
from domain.prices.symbol_checkpoint import SymbolCheckpoint
from domain.prices.symbol_statistics import SymbolStatistics

# What `apply` answers, as bits; 0 for the ordinary tick.
LATE = 1
SPIKE_UP = 2
SPIKE_DOWN = 4


@dataclass(frozen=True, slots=True)
class StatisticsRules:
    """What the statistics of every symbol are computed by.

    moving_average_size: prices in the moving average, at least 1.
    window_us: width of the sliding window, microseconds.
    """

    moving_average_size: int
    window_us: int
    spike: SpikeRule


class SymbolState:
    """Takes the ticks of one symbol in order of arrival. O(1) amortised a tick, O(log n) and a shift for a late one.

    Prices are floats here; a symbol whose prices need more digits has a `WideSymbolState`.
    Not safe for two writers: the worker of the symbol's partition is the only one.
    """

    __slots__ = (
        "_average",
        "_current",
        "_down_hint",
        "_max",
        "_min",
        "_rules",
        "_up_hint",
        "_window",
        "anomaly_count",
        "late_count",
        "symbol",
        "update_count",
    )

    def __init__(self, symbol: str, rules: StatisticsRules) -> None:
        self.symbol = symbol
        self.update_count = 0
        self.late_count = 0
        self.anomaly_count = 0
        self._rules = rules
        self._up_hint = rules.spike.up_hint
        self._down_hint = rules.spike.down_hint
        self._average = MovingAverage(rules.moving_average_size)
        self._window = SlidingWindow(rules.window_us)
        self._current = 0.0
        self._min = inf
        self._max = 0.0

    def apply(self, price: float, time_us: int) -> int:
        """Count one tick in; what it was, in bits: LATE, SPIKE_UP, SPIKE_DOWN."""
        window = self._window
        late = time_us < window.newest_us
        self._average.push(price)
        self.update_count += 1
        self._min = min(self._min, price)
        self._max = max(self._max, price)
        if late:
            self.late_count += 1
            window.insert_late(price, time_us)
            return LATE
        self._current = price
        window.push(price, time_us)
        if price > window.lowest * self._up_hint or price < window.highest * self._down_hint:
            return self._judge()
        return 0

    def anomalies(self, outcome: int) -> list[PriceAnomaly]:
        """The spikes of the tick just applied, of which `apply` answered `outcome`."""
        spikes = []
        if outcome & SPIKE_UP:
            spikes.append(self._anomaly(Direction.UP))
        if outcome & SPIKE_DOWN:
            spikes.append(self._anomaly(Direction.DOWN))
        return spikes

    def snapshot(self) -> SymbolStatistics:
        """A clone of the statistics. Of a state that has seen at least one tick."""
        # Rounding must not carry the mean outside the prices that it is the mean of.
        average = min(max(self._average.value, float(self.min_price)), float(self.max_price))
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
        """All of the state. Of a state that has seen at least one tick."""
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
            self._average.numbers(),
            self._window_entries(),
        )

    def restore(self, checkpoint: SymbolCheckpoint) -> None:
        """Become the state that the checkpoint is of.

        A moving average of another size starts afresh from the mean, and a wider window knows only what the narrower
        one did.
        """
        self.update_count = checkpoint.update_count
        self.late_count = checkpoint.late_count
        self.anomaly_count = checkpoint.anomaly_count
        if checkpoint.average_size == self._rules.moving_average_size:
            self._average.restore(checkpoint.average)
        else:
            former = MovingAverage(checkpoint.average_size)
            former.restore(checkpoint.average)
            self._average.push(former.value)
        self._restore_prices(checkpoint)

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
        return self._window.newest_us

    def _window_entries(self) -> list[tuple[int, Number]]:
        lows, highs = self._window.entries()
        entries: list[tuple[int, Number]] = []
        entries += sorted({*lows, *highs})
        return entries

    def _restore_prices(self, checkpoint: SymbolCheckpoint) -> None:
        self._current = float(checkpoint.current_price)
        self._min = float(checkpoint.min_price)
        self._max = float(checkpoint.max_price)
        for time_us, price in checkpoint.window:
            self._window.push(float(price), time_us)

    def _reference(self, direction: Direction) -> Number:
        """The price that a spike in this direction is measured from."""
        return self._window.lowest if direction is Direction.UP else self._window.highest

    def _judge(self) -> int:
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
