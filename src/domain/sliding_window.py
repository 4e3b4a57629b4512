"""The lowest and the highest price of the last moments of a symbol's own time."""

from bisect import bisect_right

# Before every timestamp there is.
EARLIEST_US = -(1 << 62)


class SlidingWindow:
    """The extremes of the prices stamped within [newest - width, newest], both ends included.

    O(1) amortised a tick in order of time; a late one costs O(log n) and a shift.

    Two monotonic queues: kept are only the prices that can still become the lowest (or the highest), those with no
    equal or lower (or higher) one after them or at their own time. Each stands in two lists, prices and times, from a
    head on; what comes before the head is forgotten and cut off in bulk. (Tarjan's minimum queue; Lemire, "Streaming
    Maximum-Minimum Filter Using No More than Three Comparisons per Element", 2006.)

    width_us: microseconds, at least 0.

    Invariant: in each queue, times strictly rise from the head on; `_low_prices` strictly rise there, and so do
    `_high_prices`, which are negated, so that both queues take late prices by the same code.
    """

    __slots__ = (
        "_high_head",
        "_high_prices",
        "_high_times",
        "_low_head",
        "_low_prices",
        "_low_times",
        "highest",
        "lowest",
        "newest_us",
        "width_us",
    )

    def __init__(self, width_us: int) -> None:
        self.width_us = width_us
        self.newest_us = EARLIEST_US
        self.lowest = 0.0
        self.highest = 0.0
        self._low_prices: list[float] = []
        self._low_times: list[int] = []
        self._low_head = 0
        self._high_prices: list[float] = []
        self._high_times: list[int] = []
        self._high_head = 0

    def push(self, price: float, time_us: int) -> None:
        """Take a price that is not older than any before it.

        The two halves are written out, one for each queue: a call for each would cost a fifth of the whole tick.
        """
        self.newest_us = time_us
        # Strictly older than the window is out: a price exactly one width old still counts.
        oldest_us = time_us - self.width_us

        prices, times, head = self._low_prices, self._low_times, self._low_head
        while len(prices) > head and prices[-1] >= price:
            prices.pop()
            times.pop()
        # Of several at one time only the lowest matters: they will leave together.
        if len(prices) == head or times[-1] != time_us:
            prices.append(price)
            times.append(time_us)
        if times[head] < oldest_us:
            self._low_head = head = _forget(prices, times, head, oldest_us)
        self.lowest = prices[head]

        negated = -price
        prices, times, head = self._high_prices, self._high_times, self._high_head
        while len(prices) > head and prices[-1] >= negated:
            prices.pop()
            times.pop()
        if len(prices) == head or times[-1] != time_us:
            prices.append(negated)
            times.append(time_us)
        if times[head] < oldest_us:
            self._high_head = head = _forget(prices, times, head, oldest_us)
        self.highest = -prices[head]

    def insert_late(self, price: float, time_us: int) -> None:
        """Take a price older than the newest, at its own place in time; one that fell out of the window is ignored."""
        if time_us < self.newest_us - self.width_us:
            return
        _insert_late(self._low_prices, self._low_times, self._low_head, price, time_us)
        _insert_late(self._high_prices, self._high_times, self._high_head, -price, time_us)
        self.lowest = self._low_prices[self._low_head]
        self.highest = -self._high_prices[self._high_head]

    def entries(self) -> tuple[list[tuple[int, float]], list[tuple[int, float]]]:
        """The (time, price) pairs that can still become the lowest, and those that can the highest, old to new."""
        lows = zip(self._low_times[self._low_head :], self._low_prices[self._low_head :], strict=True)
        highs = zip(self._high_times[self._high_head :], self._high_prices[self._high_head :], strict=True)
        return list(lows), [(time_us, -price) for time_us, price in highs]


def _forget(prices: list[float], times: list[int], head: int, oldest_us: int) -> int:
    """Step over what is older than `oldest_us`; the new head. There is something that is not."""
    while times[head] < oldest_us:
        head += 1
    # Once the forgotten outnumber the rest, cutting them off costs no more than they did.
    if 2 * head > len(prices):
        del prices[:head]
        del times[:head]
        head = 0
    return head


def _insert_late(prices: list[float], times: list[int], head: int, price: float, time_us: int) -> None:
    """Put a price into a queue of minima, after those of its own time, unless one of that time or later is as low."""
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
