"""Batches of readings in columns."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from domain.columns import grouped, joined, picked, present
from domain.numbers import Number
from domain.readings.reading import GOOD, Quality, Reading


class Readings:
    """The `Columns` of readings: in order of arrival; element i of every list belongs to reading i.

    All lists must have the same length.

    keys: of the sensors. qualities: codes; None if all are good. units, ids: None if no reading has one.
    """

    __slots__ = ("ids", "keys", "qualities", "times_us", "units", "values")

    def __init__(
        self,
        keys: list[str],
        values: list[Number],
        times_us: list[int],
        qualities: list[int] | None = None,
        units: list[str | None] | None = None,
        ids: list[str | None] | None = None,
    ) -> None:
        self.keys = keys
        self.values = values
        self.times_us = times_us
        self.qualities = qualities
        self.units = units
        self.ids = ids

    @staticmethod
    def of(readings: Iterable[Reading]) -> Readings:
        given = list(readings)
        qualities = [each.quality.code for each in given]
        return Readings(
            [each.key for each in given],
            [each.value for each in given],
            [each.timestamp_us for each in given],
            qualities if any(qualities) else None,
            present([each.unit for each in given]),
            present([each.id for each in given]),
        )

    def __len__(self) -> int:
        return len(self.keys)

    def __getitem__(self, at: int) -> Reading:
        return Reading(
            self.keys[at],
            self.values[at],
            self.times_us[at],
            Quality.GOOD if self.qualities is None else Quality.of(self.qualities[at]),
            None if self.units is None else self.units[at],
            None if self.ids is None else self.ids[at],
        )

    def __iter__(self) -> Iterator[Reading]:
        return iter([self[at] for at in range(len(self.keys))])

    def part(self, start: int, stop: int) -> Readings:
        return Readings(
            self.keys[start:stop],
            self.values[start:stop],
            self.times_us[start:stop],
            None if self.qualities is None else self.qualities[start:stop],
            None if self.units is None else self.units[start:stop],
            None if self.ids is None else self.ids[start:stop],
        )

    def without(self, places: Collection[int]) -> Readings:
        return self._at([at for at in range(len(self.keys)) if at not in places])

    def extend(self, others: Readings) -> None:
        count, more = len(self.keys), len(others.keys)
        self.keys += others.keys
        self.values += others.values
        self.times_us += others.times_us
        if self.qualities is not None or others.qualities is not None:
            head = [GOOD] * count if self.qualities is None else self.qualities
            self.qualities = head + ([GOOD] * more if others.qualities is None else others.qualities)
        self.units = joined(self.units, count, others.units, more)
        self.ids = joined(self.ids, count, others.ids, more)

    def spread(self, places: dict[str, int]) -> dict[int, Readings]:
        found = set(map(places.get, set(self.keys)))
        if len(found) == 1:
            place = found.pop()
            return {} if place is None else {place: self}
        return {place: self._at(positions) for place, positions in grouped(self.keys, places)}

    def _at(self, positions: Sequence[int]) -> Readings:
        keys, values, times_us = self.keys, self.values, self.times_us
        return Readings(
            [keys[at] for at in positions],
            [values[at] for at in positions],
            [times_us[at] for at in positions],
            picked(self.qualities, positions),
            picked(self.units, positions),
            picked(self.ids, positions),
        )
