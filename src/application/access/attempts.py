"""Slows down guessing, by account and by address."""

from collections import OrderedDict
from dataclasses import dataclass
from math import ceil

from application.access.errors import TooManyAttempts
from application.ports.clock import Clock

# More than that are not remembered; the longest unused are forgotten first.
_REMEMBERED_MAX = 10_000


@dataclass(slots=True)
class _Failures:
    count: int = 0
    latest: float = 0.0
    until: float = 0.0


class Attempts:
    """Every failed attempt beyond `free` doubles the wait, from one second up to `seconds_max`.

    One is forgotten for every `seconds_max` that pass without one.
    """

    def __init__(self, clock: Clock, free: int, seconds_max: int) -> None:
        self._clock = clock
        self._free = free
        self._seconds_max = seconds_max
        self._failures: OrderedDict[str, _Failures] = OrderedDict()

    def begin(self, name: str) -> None:
        """Count an attempt as failed until `succeed`, so that none is free of it while others are under way.

        Raises:
            TooManyAttempts: it comes too early. It is not counted.
        """
        now = self._clock.monotonic()
        seen = self._failures.setdefault(name, _Failures())
        self._failures.move_to_end(name)
        if len(self._failures) > _REMEMBERED_MAX:
            self._failures.popitem(last=False)
        if now < seen.until:
            raise TooManyAttempts(ceil(seen.until - now))
        if seen.count:
            seen.count = max(0, seen.count - int((now - seen.latest) / self._seconds_max))
        seen.count += 1
        seen.latest = now
        beyond = seen.count - self._free
        if beyond >= 0:
            seen.until = now + min(2.0 ** min(beyond, 30), self._seconds_max)

    def succeed(self, name: str) -> None:
        """Forget all attempts."""
        self._failures.pop(name, None)

    def take_back(self, name: str) -> None:
        """Forget the newest attempt: it was none. The wait goes on."""
        seen = self._failures.get(name)
        if seen is not None:
            seen.count = max(0, seen.count - 1)
