"""Columns: a column-oriented batch of observations, for any subject.

A subject defines its own class, with one list per column and the methods below; the reasons are in
docs/decisions/0006-ticks-in-columns.md. The functions at the end help to implement such a class.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, Self

from domain.vectors import COMPILED

if TYPE_CHECKING:
    from mypy_extensions import i64


class Columns(Protocol):
    """Observations in order of arrival: element i of every list belongs to observation i."""

    @property
    def keys(self) -> list[str]:
        """The key of each observation. The key picks the partition."""
        ...

    @property
    def times_us(self) -> list[int]:
        """Event times, microseconds since the Unix epoch."""
        ...

    @property
    def ids(self) -> list[str | None] | None:
        """Ids assigned by the feeders; None if no observation has one."""
        ...

    def __len__(self) -> int: ...

    def __getitem__(self, at: int, /) -> Any:
        """Return a single observation."""
        ...

    def part(self, start: int, stop: int) -> Self:
        """Return the observations from `start` up to but excluding `stop`."""
        ...

    def without(self, places: Collection[int]) -> Self:
        """Return the observations except those at `places`."""
        ...

    def extend(self, others: Self) -> None:
        """Append other observations."""
        ...

    def spread(self, places: dict[str, int]) -> dict[int, Self]:
        """Group the observations by the place of their key, keeping their order; keys without a place are left out.

        If all have the same place, that is this very object.
        """
        ...


def numbered(keys: list[str]) -> tuple[list[str], list[int]]:
    """Return the distinct keys, and for each observation the index of its key among them."""
    numbers: dict[str, int] = {}
    places: list[int] = []
    for key in keys:
        number = numbers.get(key)
        if number is None:
            number = numbers[key] = len(numbers)
        places.append(number)
    return list(numbers), places


def span(times_us: list[int]) -> tuple[int, int]:
    """Return the earliest and the latest time of a non-empty sequence."""
    if not COMPILED:
        return min(times_us), max(times_us)
    low: i64 = times_us[0]
    high = low
    for each in times_us:
        time_us: i64 = each
        if time_us < low:
            low = time_us
        elif time_us > high:
            high = time_us
    return low, high


def grouped(keys: Sequence[str], places: Mapping[str, int]) -> Iterator[tuple[int, list[int]]]:
    """Yield each place with the positions of its keys; keys without a place are skipped."""
    groups: dict[int, list[int]] = {}
    for at, place in enumerate(map(places.get, keys)):
        if place is not None:
            group = groups.get(place)
            if group is None:
                groups[place] = [at]
            else:
                group.append(at)
    return iter(groups.items())


def picked(column: list[Any] | None, positions: Sequence[int]) -> list[Any] | None:
    """Return a column's values at the given positions."""
    return None if column is None else [column[at] for at in positions]


def joined(first: list[Any] | None, first_count: int, second: list[Any] | None, second_count: int) -> list[Any] | None:
    """Concatenate two columns, padding a missing one with Nones. May modify `first`."""
    if first is None and second is None:
        return None
    head = [None] * first_count if first is None else first
    head += [None] * second_count if second is None else second
    return head


def present(column: list[Any]) -> list[Any] | None:
    """Return the column, or None if it holds only Nones."""
    return None if column.count(None) == len(column) else column
