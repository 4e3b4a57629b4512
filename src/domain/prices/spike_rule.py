"""The spike rule, exact at the threshold."""

from decimal import Decimal

from domain.numbers import EXACT, Number, written

# Exceeds the rounding error of the few float operations before a comparison: floats never decide a close call.
_CLOSE = 1e-14


class SpikeRule:
    """Up when price > lowest * (1 + threshold), down when price < highest * (1 - threshold).

    The results are those of decimal arithmetic on the prices as written; floats decide only clear cases.

    threshold_percent: the largest move that is not a spike, in percent, greater than 0.
    up_hint, down_hint: factors for a fast path in floats. A price not above `lowest * up_hint` is not an upward spike,
        one not below `highest * down_hint` not a downward one; otherwise `is_up` and `is_down` decide.
    """

    __slots__ = ("_down", "_down_exact", "_up", "_up_exact", "down_hint", "threshold_percent", "up_hint")

    def __init__(self, threshold_percent: Decimal) -> None:
        self.threshold_percent = threshold_percent
        threshold = EXACT.multiply(threshold_percent, Decimal("0.01"))
        self._up_exact = EXACT.add(Decimal(1), threshold)
        self._down_exact = EXACT.subtract(Decimal(1), threshold)
        self._up = float(self._up_exact)
        self._down = float(self._down_exact)
        self.up_hint = self._up * (1 - _CLOSE)
        self.down_hint = self._down * (1 + _CLOSE)

    def is_up(self, lowest: Number, price: Number) -> bool:
        line = float(lowest) * self._up
        if abs(float(price) - line) > line * _CLOSE:
            return price > line
        return written(price) > EXACT.multiply(written(lowest), self._up_exact)

    def is_down(self, highest: Number, price: Number) -> bool:
        line = float(highest) * self._down
        if abs(float(price) - line) > line * _CLOSE:
            return price < line
        return written(price) < EXACT.multiply(written(highest), self._down_exact)
