"""Many ticks at once."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from domain.price import Price
from domain.price_update import PriceUpdate


class Ticks:
    """Ticks in columns, in order of arrival: the i-th of every list belongs to the i-th tick.

    What a batch of `PriceUpdate` would hold, without an object a tick: docs/decisions/0006-ticks-in-columns.md has the
    figures. Whoever makes one fills every list alike.

    volumes, ids: None where no tick has one.
    """

    __slots__ = ("ids", "prices", "symbols", "times_us", "volumes")

    def __init__(
        self,
        symbols: list[str],
        prices: list[Price],
        times_us: list[int],
        volumes: list[Price | None] | None = None,
        ids: list[str | None] | None = None,
    ) -> None:
        self.symbols = symbols
        self.prices = prices
        self.times_us = times_us
        self.volumes = volumes
        self.ids = ids

    @staticmethod
    def of(updates: Iterable[PriceUpdate]) -> "Ticks":
        given = list(updates)
        volumes = [update.volume for update in given]
        ids = [update.id for update in given]
        return Ticks(
            [update.symbol for update in given],
            [update.price for update in given],
            [update.timestamp_us for update in given],
            None if _nothing_in(volumes) else volumes,
            None if _nothing_in(ids) else ids,
        )

    def __len__(self) -> int:
        return len(self.symbols)

    def __getitem__(self, at: int) -> PriceUpdate:
        volume = None if self.volumes is None else self.volumes[at]
        tick_id = None if self.ids is None else self.ids[at]
        return PriceUpdate(self.symbols[at], self.prices[at], self.times_us[at], volume, tick_id)

    def __iter__(self) -> Iterator[PriceUpdate]:
        return iter([self[at] for at in range(len(self.symbols))])

    def part(self, start: int, stop: int) -> "Ticks":
        """The ticks from `start` to before `stop`."""
        return Ticks(
            self.symbols[start:stop],
            self.prices[start:stop],
            self.times_us[start:stop],
            None if self.volumes is None else self.volumes[start:stop],
            None if self.ids is None else self.ids[start:stop],
        )

    def summary(self) -> tuple[list[str], list[int], int, int]:
        """The symbols, each once; which of them each tick has; the lowest and the highest time. Of one tick or more."""
        numbers: dict[str, int] = {}
        places: list[int] = []
        for symbol in self.symbols:
            number = numbers.get(symbol)
            if number is None:
                number = numbers[symbol] = len(numbers)
            places.append(number)
        low = high = self.times_us[0]
        for time_us in self.times_us:
            if time_us < low:
                low = time_us
            elif time_us > high:
                high = time_us
        return list(numbers), places, low, high

    def without(self, places: Collection[int]) -> "Ticks":
        """The ticks but for those at some places."""
        rest = self.spread([None if at in places else 0 for at in range(len(self.symbols))])
        return rest.get(0) or Ticks([], [], [])

    def extend(self, others: "Ticks") -> None:
        """Put others behind these."""
        count = len(self.symbols)
        self.symbols += others.symbols
        self.prices += others.prices
        self.times_us += others.times_us
        if self.volumes is not None or others.volumes is not None:
            self.volumes = _joined(self.volumes, count, others.volumes, len(others.symbols))
        if self.ids is not None or others.ids is not None:
            self.ids = _joined(self.ids, count, others.ids, len(others.symbols))

    def spread(self, places: Sequence[int | None]) -> "dict[int, Ticks]":
        """The ticks of each place, in their order. places: one for every tick; those of None are left out."""
        spread: dict[int, Ticks] = {}
        for at, place in enumerate(places):
            if place is None:
                continue
            line = spread.get(place)
            if line is None:
                line = spread[place] = Ticks(
                    [], [], [], None if self.volumes is None else [], None if self.ids is None else []
                )
            line.symbols.append(self.symbols[at])
            line.prices.append(self.prices[at])
            line.times_us.append(self.times_us[at])
            if line.volumes is not None and self.volumes is not None:
                line.volumes.append(self.volumes[at])
            if line.ids is not None and self.ids is not None:
                line.ids.append(self.ids[at])
        return spread


def _nothing_in(column: Sequence[object]) -> bool:
    return column.count(None) == len(column)


def _joined(first: list[Any] | None, first_count: int, second: list[Any] | None, second_count: int) -> list[Any]:
    """The one column behind the other, where a missing one stands for as many Nones."""
    head = [None] * first_count if first is None else first
    head += [None] * second_count if second is None else second
    return head
