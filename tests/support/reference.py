"""A reference model of the statistics: slow, in exact arithmetic."""

from collections import deque
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction


@dataclass
class ReferenceSpike:
    direction: str
    reference: Fraction
    price: Fraction
    time_us: int
    sequence: int


@dataclass
class ReferenceSymbol:
    """Keeps all ticks of one symbol, and computes every answer from the whole list."""

    window_us: int = 1_000_000
    threshold: Fraction = Fraction(2, 100)
    average_size: int = 64
    ticks: list[tuple[int, Fraction]] = field(default_factory=list)
    late: int = 0
    spikes: list[ReferenceSpike] = field(default_factory=list)

    def take(self, price: str | Decimal | Fraction, time_us: int) -> None:
        exact = Fraction(price)
        late = bool(self.ticks) and time_us < max(time for time, _ in self.ticks)
        self.ticks.append((time_us, exact))
        if late:
            self.late += 1
            return
        window = [price for time, price in self.ticks if time_us - self.window_us <= time <= time_us]
        if exact > min(window) * (1 + self.threshold):
            self.spikes.append(ReferenceSpike("up", min(window), exact, time_us, len(self.ticks)))
        if exact < max(window) * (1 - self.threshold):
            self.spikes.append(ReferenceSpike("down", max(window), exact, time_us, len(self.ticks)))

    @property
    def lowest(self) -> Fraction:
        return min(price for _, price in self.ticks)

    @property
    def highest(self) -> Fraction:
        return max(price for _, price in self.ticks)

    @property
    def average(self) -> Fraction:
        last = deque((price for _, price in self.ticks), maxlen=self.average_size)
        return sum(last, Fraction(0)) / len(last)

    @property
    def current(self) -> tuple[Fraction, int]:
        """(price, time) of the newest tick; of several, the last to arrive."""
        newest = max(time for time, _ in self.ticks)
        return next((price, time) for time, price in reversed(self.ticks) if time == newest)
