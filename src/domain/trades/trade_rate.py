"""How many trades a second, over the last seconds of a symbol's own time."""

SECONDS = 10
_SECOND_US = 1_000_000
# Before the first trade; older than any.
_NEVER = -(2**53)


class TradeRate:
    """Counts by second, in a ring. O(1) a trade, whatever its time; those before the last ten seconds do not count."""

    __slots__ = ("_counts", "_newest")

    def __init__(self) -> None:
        self._counts = [0] * SECONDS
        self._newest: int = _NEVER

    def add(self, time_us: int) -> None:
        second = time_us // _SECOND_US
        if second > self._newest:
            for each in range(max(self._newest, second - SECONDS) + 1, second + 1):
                self._counts[each % SECONDS] = 0
            self._newest = second
        if second > self._newest - SECONDS:
            self._counts[second % SECONDS] += 1

    @property
    def per_second(self) -> float:
        """Trades stamped in the ten whole seconds that end with the newest one's, by ten."""
        return sum(self._counts) / SECONDS

    def numbers(self) -> tuple[list[int], int]:
        """Return the full state."""
        return list(self._counts), self._newest

    def restore(self, numbers: tuple[list[int], int]) -> None:
        """Restore the state that `numbers` returned."""
        counts, self._newest = numbers
        self._counts = list(counts)
