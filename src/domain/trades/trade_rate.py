"""How many trades a second, over the last seconds of a symbol's own time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from domain.vectors import integers

if TYPE_CHECKING:
    from librt.vecs import vec
    from mypy_extensions import i64

SECONDS: Final = 10
_SECOND_US: Final = 1_000_000
# Before the first trade; older than any.
_NEVER: Final = -(2**53)


class TradeRate:
    """Counts by second, in a ring. O(1) a trade, whatever its time; those before the last ten seconds do not count."""

    __slots__ = ("_counts", "_newest")

    def __init__(self) -> None:
        self._counts: vec[i64] = integers(SECONDS)
        self._newest: i64 = _NEVER

    def add(self, time_us: i64) -> None:
        second = time_us // _SECOND_US
        if second > self._newest:
            each = max(self._newest, second - SECONDS) + 1
            while each <= second:
                self._counts[each % SECONDS] = 0
                each += 1
            self._newest = second
        if second > self._newest - SECONDS:
            self._counts[second % SECONDS] += 1

    @property
    def per_second(self) -> float:
        """Trades stamped in the ten whole seconds that end with the newest one's, by ten."""
        total: i64 = 0
        for at in range(SECONDS):
            total += self._counts[at]
        return total / SECONDS

    def numbers(self) -> tuple[list[int], int]:
        """Return the full state."""
        return [self._counts[at] for at in range(SECONDS)], self._newest

    def restore(self, numbers: tuple[list[int], int]) -> None:
        """Restore the state that `numbers` returned."""
        counts, self._newest = numbers
        for at in range(SECONDS):
            self._counts[at] = counts[at]
