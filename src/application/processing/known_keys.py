"""What checks of whole batches have in common, for any subject: keys known to be valid, and times."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.vectors import COMPILED

if TYPE_CHECKING:
    from mypy_extensions import i64


class KnownKeys:
    """Keys that were valid once. keys_max: how many are remembered."""

    def __init__(self, keys_max: int) -> None:
        self._keys_max = keys_max
        self._known: set[str] = set()

    def has(self, key: str) -> bool:
        return key in self._known

    def have(self, keys: list[str]) -> bool:
        """Whether all of them are known."""
        if not COMPILED:
            return self._known.issuperset(keys)
        known = self._known
        return all(keys[at] in known for at in range(len(keys)))

    def add(self, key: str) -> None:
        if key not in self._known:
            if len(self._known) >= self._keys_max:
                self._known.clear()
            self._known.add(key)


def are_in_time(times_us: list[int], latest_us: int) -> bool:
    """Whether no time is later than another one."""
    if not COMPILED:
        return max(times_us) <= latest_us
    latest: i64 = latest_us
    for at in range(len(times_us)):
        time_us: i64 = times_us[at]
        if time_us > latest:
            return False
    return True
