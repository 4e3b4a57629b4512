"""The ids of ticks that came lately, so that none counts twice."""

from collections import OrderedDict
from collections.abc import Iterable

from domain.ticks import Ticks

_US = 1_000_000


class TickIds:
    """Remembers the newest `ids_max` ids, none longer than `window_seconds`. O(1) a tick that has an id."""

    def __init__(self, ids_max: int, window_seconds: float) -> None:
        self.window_us = int(window_seconds * _US)
        self._ids_max = ids_max
        # When each came, oldest first. A symbol has no line feed in it.
        self._came: OrderedDict[str, int] = OrderedDict()

    def __len__(self) -> int:
        return len(self._came)

    def sort_out(self, ticks: Ticks, now_us: int) -> list[int]:
        """Where in `ticks` those stand that have been here before; the ids of the others are remembered."""
        if ticks.ids is None:
            return []
        came = self._came
        self._expire(now_us)
        known = []
        for at, tick_id in enumerate(ticks.ids):
            if tick_id is None:
                continue
            key = f"{ticks.symbols[at]}\n{tick_id}"
            if key in came:
                known.append(at)
            else:
                came[key] = now_us
        self._expire(now_us)
        return known

    def claim(self, ticks: Ticks, places: Iterable[int], now_us: int) -> list[int]:
        """Of ticks that had been here before, those that have been forgotten since, which are remembered again."""
        return [at for at in places if not self.sort_out(ticks.part(at, at + 1), now_us)]

    def forget(self, ticks: Ticks) -> None:
        """Let ticks come again that were not kept."""
        for symbol, tick_id in zip(ticks.symbols, ticks.ids or (), strict=False):
            if tick_id is not None:
                self._came.pop(f"{symbol}\n{tick_id}", None)

    def _expire(self, now_us: int) -> None:
        came = self._came
        while len(came) > self._ids_max or (came and next(iter(came.values())) < now_us - self.window_us):
            came.popitem(last=False)
