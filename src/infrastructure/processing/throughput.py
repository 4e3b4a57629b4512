"""Ticks per second over the last few seconds."""

_SECONDS = 5


class Throughput:
    """Counts per whole second of a monotonic clock, in a ring of the last `_SECONDS` and the current one."""

    def __init__(self, moment: float) -> None:
        self._start = moment
        self._counts = [0] * (_SECONDS + 1)
        self._second_of = [-1] * (_SECONDS + 1)

    def add(self, moment: float, ticks: int) -> None:
        second = int(moment)
        slot = second % len(self._counts)
        if self._second_of[slot] != second:
            self._second_of[slot] = second
            self._counts[slot] = 0
        self._counts[slot] += ticks

    def per_second(self, moment: float) -> float:
        """Return the mean of the last whole seconds, or of the time since the start while that is shorter."""
        now = int(moment)
        recent = zip(self._second_of, self._counts, strict=True)
        if moment - self._start < _SECONDS + 1:
            ticks = sum(count for second, count in recent if second >= 0)
            return ticks / max(moment - self._start, 1.0)
        return sum(count for second, count in recent if now - _SECONDS <= second < now) / _SECONDS
