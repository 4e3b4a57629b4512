"""The monitor of deviations from the mean of the values before."""

from __future__ import annotations

from fractions import Fraction
from math import sqrt
from typing import Any

from domain.numbers import Number, plain, written
from domain.rules.condition import Deviation
from domain.rules.monitor import FALSE, TRUE, UNKNOWN, Monitor, Observation, Reason

_ROUNDING = 2.0**-52


class DeviationMonitor(Monitor):
    """True if (n v - S)^2 > sigmas^2 (n Q - S^2), where S is the sum of the n values before v, and Q of their squares.

    O(1) amortised: floats decide where a bound of their error allows it, exact fractions where it does not. The sums
    are of differences to a pivot, so that values far from zero cost no digits, and are made anew once in `over` values.
    """

    __slots__ = (
        "_evicted",
        "_minimum",
        "_next",
        "_over",
        "_peak",
        "_pivot",
        "_reach",
        "_ring",
        "_run",
        "_sigmas",
        "_squares",
        "_sum",
        "_updates",
        "_value",
        "_variances",
    )

    def __init__(self, deviation: Deviation) -> None:
        super().__init__()
        self._over = deviation.over
        self._minimum = deviation.minimum
        self._sigmas = deviation.sigmas
        self._variances = float(deviation.sigmas) ** 2
        self._ring: list[Number] = []
        self._next = 0
        # The last values that are the same, at most `over`.
        self._run = 0
        self._value: Number = 0.0
        # What the last value has replaced in the ring.
        self._evicted: Number | None = None
        self._pivot = 0.0
        self._sum = 0.0
        self._squares = 0.0
        # Since the sums were made anew: the largest difference and the largest value, and the values added and removed.
        self._peak = 0.0
        self._reach = 0.0
        self._updates = 0

    def observe(self, seen: Observation) -> None:
        if not seen.late:
            self.truth = self._judged(seen.value)
        self._push(seen.value)

    def _judged(self, value: Number) -> int:
        count = len(self._ring)
        if count < self._minimum or self._run >= count:
            return UNKNOWN
        for _ in range(2):
            close, beyond = self._compared(float(value), count)
            if not close:
                return TRUE if beyond else FALSE
            self._sum_anew()
        return TRUE if self._is_beyond_exactly(value) else FALSE

    def _compared(self, value: float, count: int) -> tuple[bool, bool]:
        """Return whether it is too close to decide in floats, and if not, whether the value is beyond."""
        total, squares, peak = self._sum, self._squares, self._peak
        difference = value - self._pivot
        away = count * difference - total
        spread = self._variances * (count * squares - total * total)
        # What a single difference, and each of the sums, may be wrong by.
        one = 2 * _ROUNDING * (self._reach + abs(value) + peak + abs(difference))
        of_total = count * one + _ROUNDING * self._updates * count * peak
        of_squares = 2 * peak * count * one + _ROUNDING * self._updates * count * peak * peak
        of_away = count * one + of_total + _ROUNDING * abs(away)
        doubt = 2 * abs(away) * of_away + of_away * of_away + _ROUNDING * away * away
        doubt += self._variances * (
            count * of_squares
            + 2 * abs(total) * of_total
            + of_total * of_total
            + 4 * _ROUNDING * (count * squares + total * total)
        )
        # False too where one of them is not a number.
        decided = abs(away * away - spread) > 4 * doubt
        return not decided, away * away > spread

    def _is_beyond_exactly(self, value: Number) -> bool:
        values = [Fraction(written(each)) for each in self._ring]
        count, total = len(values), sum(values)
        away = count * Fraction(written(value)) - total
        squares = sum(each * each for each in values)
        sigmas = Fraction(self._sigmas)
        return away * away > sigmas * sigmas * (count * squares - total * total)

    def _push(self, value: Number) -> None:
        self._run = min(self._run + 1, self._over) if self._run and _is_same(value, self._value) else 1
        self._value = value
        ring = self._ring
        if not ring:
            self._pivot = float(value)
        if len(ring) < self._over:
            ring.append(value)
            self._evicted = None
        else:
            former = ring[self._next]
            self._evicted = former
            ring[self._next] = value
            self._next = (self._next + 1) % self._over
            gone = float(former) - self._pivot
            self._sum -= gone
            self._squares -= gone * gone
        difference = float(value) - self._pivot
        self._sum += difference
        self._squares += difference * difference
        self._peak = max(self._peak, abs(difference))
        self._reach = max(self._reach, abs(float(value)))
        self._updates += 2
        if self._updates > 2 * self._over:
            self._sum_anew()

    def _sum_anew(self) -> None:
        self._pivot = float(self._value)
        self._sum = self._squares = self._peak = self._reach = 0.0
        for each in self._ring:
            value = float(each)
            difference = value - self._pivot
            self._sum += difference
            self._squares += difference * difference
            self._peak = max(self._peak, abs(difference))
            self._reach = max(self._reach, abs(value))
        self._updates = len(self._ring)

    def reason(self) -> Reason:
        """Computed from the values alone, so that it does not depend on when the sums were made anew."""
        before = list(self._ring)
        if self._evicted is None:
            before.pop()
        else:
            before[self._next - 1] = self._evicted
        values = [Fraction(written(each)) for each in before]
        count = len(values)
        mean = sum(values, Fraction(0)) / count
        sigma = sqrt(float(sum((each - mean) ** 2 for each in values) / count))
        side = 1.0 if Fraction(written(self._value)) >= mean else -1.0
        line = float(f"{float(mean) + side * float(self._sigmas) * sigma:.15g}")
        more = "more" if self.truth == TRUE else "not more"
        text = (
            f"value {plain(self._value)} is {more} than {plain(self._sigmas)} standard deviations ({sigma:.6g}) "
            f"from the mean ({float(mean):.6g}) of the {count} before it"
        )
        return self._value, line, text

    def save(self) -> list[Any]:
        ring = self._ring[self._next :] + self._ring[: self._next]
        return [self.truth, ring, self._evicted, self._run]

    def load(self, saved: list[Any]) -> None:
        self.truth, ring, self._evicted, self._run = saved
        self._ring = list(ring)
        self._next = 0
        if self._ring:
            self._value = self._ring[-1]
            self._sum_anew()


def _is_same(one: Number, other: Number) -> bool:
    # A Decimal is never written like a double, even where both have the same value.
    return isinstance(one, float) is isinstance(other, float) and one == other
