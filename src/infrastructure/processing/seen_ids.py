"""The ids of recent observations, so that duplicates are not counted."""

from collections import OrderedDict
from collections.abc import Iterable

from domain.columns import Columns

_US = 1_000_000


class SeenIds:
    """Remembers the newest `ids_max` ids, none longer than `window_seconds`. O(1) per observation with an id."""

    def __init__(self, ids_max: int, window_seconds: float) -> None:
        self.window_us = int(window_seconds * _US)
        self._ids_max = ids_max
        # Arrival time of each, oldest first. Keys contain no line feed.
        self._came: OrderedDict[str, int] = OrderedDict()

    def __len__(self) -> int:
        return len(self._came)

    def register(self, columns: Columns, now_us: int) -> list[int]:
        """Remember new ids. Return the positions of duplicates."""
        if columns.ids is None:
            return []
        came = self._came
        self._expire(now_us)
        known = []
        for at, own_id in enumerate(columns.ids):
            if own_id is None:
                continue
            key = f"{columns.keys[at]}\n{own_id}"
            if key in came:
                known.append(at)
            else:
                came[key] = now_us
        self._expire(now_us)
        return known

    def add(self, name: str, now_us: int) -> bool:
        """Remember something that is no observation. Return whether it is new."""
        self._expire(now_us)
        if name in self._came:
            return False
        self._came[name] = now_us
        self._expire(now_us)
        return True

    def restore(self, came: Iterable[tuple[str, int]]) -> None:
        """Load what was remembered by others, oldest first, with the time at which it came."""
        for name, came_us in came:
            self._came.pop(name, None)
            self._came[name] = came_us

    def knows(self, key: str, own_id: str) -> bool:
        """Whether an observation of a key with this id is remembered."""
        return f"{key}\n{own_id}" in self._came

    def reclaim(self, columns: Columns, places: Iterable[int], now_us: int) -> list[int]:
        """Return the positions of duplicates whose original has been forgotten since; they are remembered again."""
        return [at for at in places if not self.register(columns.part(at, at + 1), now_us)]

    def forget(self, columns: Columns) -> None:
        """Forget observations that were not accepted, so that they can be sent again."""
        for name, own_id in zip(columns.keys, columns.ids or (), strict=False):
            if own_id is not None:
                self._came.pop(f"{name}\n{own_id}", None)

    def _expire(self, now_us: int) -> None:
        came = self._came
        while len(came) > self._ids_max or (came and next(iter(came.values())) < now_us - self.window_us):
            came.popitem(last=False)
