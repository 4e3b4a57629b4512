"""The columns and the book of counters."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from domain.book import Applied, figures_in
from domain.columns import grouped, joined, picked

# A counter emits an event each time it passes a multiple of this.
MILESTONE = 10


class Counts:
    """The `Columns` of counters."""

    def __init__(
        self, keys: list[str], amounts: list[int], times_us: list[int], ids: list[str | None] | None = None
    ) -> None:
        self.keys = keys
        self.amounts = amounts
        self.times_us = times_us
        self.ids = ids

    def publish_figures(self, keys: Collection[str]) -> bool:
        """They always are."""
        return False

    def __len__(self) -> int:
        return len(self.keys)

    def __getitem__(self, at: int) -> tuple[str, int]:
        return self.keys[at], self.amounts[at]

    def part(self, start: int, stop: int) -> "Counts":
        return self._at(range(start, min(stop, len(self))))

    def without(self, places: Collection[int]) -> "Counts":
        return self._at([at for at in range(len(self)) if at not in places])

    def extend(self, others: "Counts") -> None:
        self.ids = joined(self.ids, len(self), others.ids, len(others))
        self.keys += others.keys
        self.amounts += others.amounts
        self.times_us += others.times_us

    def spread(self, places: dict[str, int]) -> "dict[int, Counts]":
        return {place: self._at(positions) for place, positions in grouped(self.keys, places)}

    def _at(self, positions: Sequence[int]) -> "Counts":
        return Counts(
            [self.keys[at] for at in positions],
            [self.amounts[at] for at in positions],
            [self.times_us[at] for at in positions],
            picked(self.ids, positions),
        )


@dataclass(frozen=True)
class Counter:
    """Both the snapshot and the checkpoint of a counter."""

    counter: str
    total: int
    updates: int
    newest_us: int


@dataclass(frozen=True)
class Milestone:
    """A counter has passed a multiple of `MILESTONE`."""

    counter: str
    total: int


class CounterBook:
    """The `Book` of counters."""

    def __init__(self) -> None:
        self._counters: dict[str, Counter] = {}

    def apply(self, counts: Counts) -> Applied:
        applied = Applied()
        totals: list[float] = []
        applied.figures_at = figures_in({"total": totals})
        for at, (key, amount) in enumerate(zip(counts.keys, counts.amounts, strict=True)):
            time_us = counts.times_us[at]
            before = self._counters.get(key) or Counter(key, 0, 0, time_us)
            total = before.total + amount
            applied.late += time_us < before.newest_us
            totals.append(float(total))
            if total // MILESTONE > before.total // MILESTONE:
                applied.events.append(Milestone(key, total))
                applied.places.append(at)
            self._counters[key] = Counter(key, total, before.updates + 1, max(time_us, before.newest_us))
        applied.processed = len(counts)
        return applied

    def publish_figures(self, keys: Collection[str]) -> bool:
        """They always are."""
        return False

    def __len__(self) -> int:
        return len(self._counters)

    def __contains__(self, key: object) -> bool:
        return key in self._counters

    def keys(self) -> Iterable[str]:
        return self._counters.keys()

    def snapshot(self, key: str) -> Counter | None:
        return self._counters.get(key)

    def checkpoint(self, key: str) -> Counter:
        return self._counters[key]

    def restore(self, key: str, checkpoint: Counter) -> None:
        self._counters[key] = checkpoint

    def forget(self, key: str) -> None:
        self._counters.pop(key, None)

    def update_count(self, key: str) -> int:
        return self._counters[key].updates

    def newest_us(self, key: str) -> int:
        return self._counters[key].newest_us
