"""How often something may happen.

The generic cell rate algorithm (ITU-T I.371, virtual scheduling): whoever is limited has one moment, up to which what
has happened is paid for. It is a token bucket without refilling. O(1) in time and memory.
"""

# Rounding of moments.
_TOLERANCE_SECONDS = 1e-6


class Rate:
    """A limit of `per_second`; 0 is none. burst_seconds: how many seconds' worth may come at once, and at least one.

    until: the moment up to which somebody has paid, 0.0 at first. now: the same clock, in seconds.
    """

    def __init__(self, per_second: float, burst_seconds: float) -> None:
        self.per_second = per_second
        self.burst_seconds = burst_seconds
        self._each_seconds = 1 / per_second if per_second else 0.0
        self._ahead_seconds = max(burst_seconds - self._each_seconds, 0.0) + _TOLERANCE_SECONDS

    def wait(self, until: float, now: float) -> float:
        """Return in how many seconds there is room for one; 0 for now."""
        return max(until - now - self._ahead_seconds, 0.0) if self.per_second else 0.0

    def paid(self, until: float, now: float, count: int) -> float:
        """Return `until` after so many. They may be more than there was room for: the next one waits longer."""
        return max(until, now) + count * self._each_seconds if self.per_second else until

    def left(self, until: float, now: float) -> tuple[int, int]:
        """Return for how many there is room at once, and in how many seconds there will be for all of a burst."""
        ahead_seconds = until - now
        if ahead_seconds <= 0:
            return self.burst, 0
        left = int(self.per_second * (self.burst_seconds - ahead_seconds + _TOLERANCE_SECONDS))
        return max(left, 0), -int(-ahead_seconds // 1)

    @property
    def burst(self) -> int:
        """How many may come at once."""
        # A rate may have been written as a fraction.
        return max(int(self.per_second * (self.burst_seconds + _TOLERANCE_SECONDS)), 1)
