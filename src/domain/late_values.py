"""Late prices of a window, which may arrive in any order of time."""

from bisect import bisect_right


class LateValues:
    """The extremes of the late prices still in the window. Inserting costs O(log n) plus a list shift.

    Two monotonic queues. Each keeps only prices that can still become the lowest (or highest): those with no equal or
    lower (or higher) price after them or at the same time. A queue is two lists, prices and times, read from a head on;
    entries before the head are dropped and trimmed in bulk.

    Invariant: in each queue, times strictly increase from the head on; `_low_prices` strictly increase there, and so do
        `_high_prices`, which are negated so that both queues share the same code.
    """

    __slots__ = ("_high_head", "_high_prices", "_high_times", "_low_head", "_low_prices", "_low_times")

    def __init__(self) -> None:
        self._low_prices: list[float] = []
        self._low_times: list[int] = []
        self._low_head = 0
        self._high_prices: list[float] = []
        self._high_times: list[int] = []
        self._high_head = 0

    @property
    def lowest(self) -> float:
        return self._low_prices[self._low_head]

    @property
    def highest(self) -> float:
        return -self._high_prices[self._high_head]

    def insert(self, price: float, time_us: int) -> None:
        """Insert a price at its position in time."""
        _insert(self._low_prices, self._low_times, self._low_head, price, time_us)
        _insert(self._high_prices, self._high_times, self._high_head, -price, time_us)

    def forget(self, oldest_us: int) -> bool:
        """Drop prices older than `oldest_us`. Return whether any are left."""
        # Both queues end with the newest late price.
        if self._low_times[-1] < oldest_us:
            return False
        self._low_head = _forget(self._low_prices, self._low_times, self._low_head, oldest_us)
        self._high_head = _forget(self._high_prices, self._high_times, self._high_head, oldest_us)
        return True

    def entries(self) -> tuple[list[tuple[int, float]], list[tuple[int, float]]]:
        """Return the (time, price) pairs that can still become the lowest, and those for the highest, oldest first."""
        lows = zip(self._low_times[self._low_head :], self._low_prices[self._low_head :], strict=True)
        highs = zip(self._high_times[self._high_head :], self._high_prices[self._high_head :], strict=True)
        return list(lows), [(time_us, -price) for time_us, price in highs]


def _forget(prices: list[float], times: list[int], head: int, oldest_us: int) -> int:
    """Advance the head past entries older than `oldest_us` and return it. At least one entry must not be older."""
    while times[head] < oldest_us:
        head += 1
    # Trimming once the dropped entries outnumber the rest keeps the cost amortised O(1).
    if 2 * head > len(prices):
        del prices[:head]
        del times[:head]
        head = 0
    return head


def _insert(prices: list[float], times: list[int], head: int, price: float, time_us: int) -> None:
    """Insert into a queue of minima, after entries of the same time, unless one of that time or later is as low."""
    at = bisect_right(times, time_us, head)
    if at < len(prices) and prices[at] <= price:
        return
    if at > head and times[at - 1] == time_us and prices[at - 1] <= price:
        return
    first_beaten = at
    while first_beaten > head and prices[first_beaten - 1] >= price:
        first_beaten -= 1
    prices[first_beaten:at] = [price]
    times[first_beaten:at] = [time_us]
