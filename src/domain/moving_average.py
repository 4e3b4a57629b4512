"""The mean of the last N prices, without drift."""


class MovingAverage:
    """The mean of the last `size` prices in order of arrival, fewer while fewer have come.

    O(1) amortised a push, O(1) a read, `size` numbers of memory.

    Nothing is ever subtracted, so no error survives the price that caused it. The ring holds this round's prices up to
    `_next`, and from there on the sums of the tail of the round before (`ring[i]` = price i + ... + the last). The mean
    is then one addition: this round's sum and the rest of the old one's. All prices being positive, the relative error
    is at most `size` roundings, about 1e-14 for 64 prices, after any number of updates. This is the two-stack queue of
    Tangwongsan, Hirzel and Schneider, "Low-Latency Sliding-Window Aggregation in Worst-Case Constant Time" (2017), laid
    out in one ring.

    Prices are kept scaled by a power of two, which is exact, so that no sum of `size` doubles is infinite.

    Invariant: len(_ring) <= size, and _next <= len(_ring).
    """

    __slots__ = ("_fresh", "_next", "_ring", "_scale", "_size")

    def __init__(self, size: int) -> None:
        self._size = size
        self._scale = 1.0 / (1 << (size - 1).bit_length())
        self._ring: list[float] = []
        self._next = 0
        self._fresh = 0.0

    def push(self, price: float) -> None:
        scaled = price * self._scale
        at = self._next
        if len(self._ring) < self._size:
            self._ring.append(scaled)
        else:
            if at == self._size:
                self._start_round()
                at = 0
            self._ring[at] = scaled
        self._fresh += scaled
        self._next = at + 1

    @property
    def value(self) -> float:
        """The mean, in the unit of the prices; 0.0 before the first."""
        count = len(self._ring)
        if count == 0:
            return 0.0
        rest = self._ring[self._next] if self._next < count else 0.0
        return (self._fresh + rest) / count / self._scale

    def _start_round(self) -> None:
        total = 0.0
        for i in range(self._size - 1, -1, -1):
            total += self._ring[i]
            self._ring[i] = total
        self._fresh = 0.0
