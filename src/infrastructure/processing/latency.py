"""A latency histogram in a few plain numbers."""

from bisect import bisect_left

BOUNDS_SECONDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Latency:
    """A histogram: counts[i] is for observations in (BOUNDS_SECONDS[i - 1], BOUNDS_SECONDS[i]]; the last is open."""

    __slots__ = ("count", "counts", "sum_seconds")

    def __init__(self) -> None:
        self.count = 0
        self.sum_seconds = 0.0
        self.counts = [0] * (len(BOUNDS_SECONDS) + 1)

    def observe(self, seconds: float, times: int = 1) -> None:
        self.counts[bisect_left(BOUNDS_SECONDS, seconds)] += times
        self.count += times
        self.sum_seconds += seconds * times

    def mean(self) -> float:
        """Return the mean in seconds; 0 without observations."""
        return self.sum_seconds / self.count if self.count else 0.0

    def quantile(self, share: float) -> float:
        """Return the `share` quantile in seconds, interpolated linearly between the bounds; at most 10."""
        rank = share * self.count
        below = 0
        lower = 0.0
        for bound, count in zip(BOUNDS_SECONDS, self.counts, strict=False):
            if count and below + count >= rank:
                return lower + (bound - lower) * (rank - below) / count
            below += count
            lower = bound
        return lower if self.count else 0.0
