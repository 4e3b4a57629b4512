"""The lowest price of a span of time that moves forward."""

from bisect import bisect_right


class MonotonicQueue:
    """The minimum over a window of event time. O(1) amortised a push; a late price costs O(log n) and a shift.

    Kept are only the prices that can still become the minimum: those with no equal or lower one after them. Times and
    prices stand in two lists from `_head` on. (Tarjan's minimum queue; Lemire, "Streaming Maximum-Minimum Filter",
    2006.)

    Invariant: from `_head` on, times never fall and prices strictly rise, so the first is the minimum.
    """

    __slots__ = ("_head", "_prices", "_times_us")

    def __init__(self) -> None:
        self._head = 0
        self._prices: list[float] = []
        self._times_us: list[int] = []

    def push(self, price: float, time_us: int, oldest_us: int) -> float:
        """Take the newest price and forget what is older than `oldest_us`; the minimum of what is left."""
        prices = self._prices
        times = self._times_us
        head = self._head
        while len(prices) > head and prices[-1] >= price:
            prices.pop()
            times.pop()
        prices.append(price)
        times.append(time_us)
        if times[head] < oldest_us:
            while times[head] < oldest_us:
                head += 1
            # Forgotten entries are cut off in bulk, once they outnumber the rest.
            if 2 * head > len(prices):
                del prices[:head]
                del times[:head]
                head = 0
            self._head = head
        return prices[head]

    def insert_late(self, price: float, time_us: int) -> None:
        """Take a price that belongs before the newest one, after those of its own time."""
        prices = self._prices
        times = self._times_us
        at = bisect_right(times, time_us, self._head)
        if at < len(prices) and prices[at] <= price:
            return
        first_beaten = at
        while first_beaten > self._head and prices[first_beaten - 1] >= price:
            first_beaten -= 1
        prices[first_beaten:at] = [price]
        times[first_beaten:at] = [time_us]

    @property
    def minimum(self) -> float:
        """The lowest price at the last push. Raises IndexError before the first."""
        return self._prices[self._head]

    def entries(self) -> list[tuple[int, float]]:
        """The (time, price) pairs that can still become the minimum, old to new."""
        return list(zip(self._times_us[self._head :], self._prices[self._head :], strict=True))
