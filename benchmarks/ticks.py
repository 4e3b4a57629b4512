"""The ticks that all sides get: random walks in order of time, and an exact count of their spikes."""

import random
from dataclasses import dataclass
from decimal import Decimal

from domain.prices.spike_rule import SpikeRule

START_MS = 1_700_000_000_000
RULE = SpikeRule(Decimal("2.0"))


@dataclass(frozen=True, slots=True)
class Tick:
    symbol: str
    price: float
    timestamp_ms: int

    @property
    def json(self) -> bytes:
        return f'{{"symbol":"{self.symbol}","price":{self.price!r},"timestamp":{self.timestamp_ms}}}'.encode()


class Walks:
    """Ticks of `symbols` symbols in turn, `in_window` of each per second.

    step: the largest step, as a fraction of the price. By default steps shrink as windows fill, so that spikes stay
    equally rare.
    """

    def __init__(self, symbols: int, in_window: float, seed: int = 1, step: float | None = None) -> None:
        self._source = random.Random(seed)
        self._prices = {f"S{i:07}": 100.0 for i in range(symbols)}
        self._per_ms = symbols * in_window / 1000
        self._step = 0.01 / in_window**0.5 if step is None else step
        self._sent = 0
        self._order = list(self._prices)

    def take(self, count: int) -> list[Tick]:
        return [self._next() for _ in range(count)]

    def _next(self) -> Tick:
        symbol = self._order[self._sent % len(self._order)]
        price = self._prices[symbol] * (1 + self._source.uniform(-self._step, self._step))
        price = self._prices[symbol] = round(min(max(price, 50.0), 200.0), 5)
        moment = START_MS + int(self._sent / self._per_ms)
        self._sent += 1
        return Tick(symbol, price, moment)


def count_spikes(ticks: list[Tick]) -> int:
    """Count spikes with plain lists; of the measured code it uses only the spike rule."""
    windows: dict[str, list[Tick]] = {}
    spikes = 0
    for tick in ticks:
        window = [each for each in windows.get(tick.symbol, []) if each.timestamp_ms >= tick.timestamp_ms - 1000]
        window.append(tick)
        windows[tick.symbol] = window
        prices = [each.price for each in window]
        spikes += RULE.is_up(min(prices), tick.price) + RULE.is_down(max(prices), tick.price)
    return spikes
