"""Columns: how a batch of observations travels, whatever its subject is.

A subject has a class of its own with one list a column, and the methods below; docs/decisions/0006-ticks-in-columns.md
has the reasons. The functions at the end are what such a class is made of.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import Any, Protocol, Self


class Columns(Protocol):
    """Observations in order of arrival: the i-th of every list belongs to the i-th observation."""

    @property
    def keys(self) -> list[str]:
        """What each observation is about. The key picks the partition."""
        ...

    @property
    def times_us(self) -> list[int]:
        """The observations' own times, microseconds since the Unix epoch."""
        ...

    @property
    def ids(self) -> list[str | None] | None:
        """The feeders' own names for observations; None where none has one."""
        ...

    def __len__(self) -> int: ...

    def __getitem__(self, at: int, /) -> Any:
        """One observation, alone."""
        ...

    def part(self, start: int, stop: int) -> Self:
        """The observations from `start` to before `stop`."""
        ...

    def without(self, places: Collection[int]) -> Self:
        """The observations except those at some places."""
        ...

    def extend(self, others: Self) -> None:
        """Append others."""
        ...

    def spread(self, places: Sequence[int | None]) -> dict[int, Self]:
        """The observations of each place, in their order. places: one for every observation, None to leave it out."""
        ...


def numbered(keys: Sequence[str]) -> tuple[list[str], list[int]]:
    """The keys, each once; and for every observation the position of its key among them."""
    numbers: dict[str, int] = {}
    places: list[int] = []
    for key in keys:
        number = numbers.get(key)
        if number is None:
            number = numbers[key] = len(numbers)
        places.append(number)
    return list(numbers), places


def span(times_us: Sequence[int]) -> tuple[int, int]:
    """The earliest and the latest time. Of one or more."""
    low = high = times_us[0]
    for time_us in times_us:
        if time_us < low:
            low = time_us
        elif time_us > high:
            high = time_us
    return low, high


def grouped(places: Sequence[int | None]) -> Iterator[tuple[int, list[int]]]:
    """Every place with the positions at which it stands; None is left out."""
    groups: dict[int, list[int]] = {}
    for at, place in enumerate(places):
        if place is not None:
            group = groups.get(place)
            if group is None:
                groups[place] = [at]
            else:
                group.append(at)
    return iter(groups.items())


def picked(column: list[Any] | None, positions: Sequence[int]) -> list[Any] | None:
    """A column's values at some positions."""
    return None if column is None else [column[at] for at in positions]


def joined(first: list[Any] | None, first_count: int, second: list[Any] | None, second_count: int) -> list[Any] | None:
    """One column and another behind it, where a missing one stands for as many Nones. `first` may be changed."""
    if first is None and second is None:
        return None
    head = [None] * first_count if first is None else first
    head += [None] * second_count if second is None else second
    return head


def present(column: list[Any]) -> list[Any] | None:
    """The column, or None where there is nothing in it."""
    return None if column.count(None) == len(column) else column
