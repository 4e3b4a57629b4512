"""Batches of ticks in columns."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING, Any, cast

from domain.columns import grouped, joined, picked, present
from domain.numbers import Number
from domain.prices.price_update import PriceUpdate
from domain.vectors import COMPILED

if TYPE_CHECKING:
    from mypy_extensions import i64


class Ticks:
    """The `Columns` of prices: ticks in order of arrival; element i of every list belongs to tick i.

    Holds what a batch of `PriceUpdate` would, without an object per tick: docs/decisions/0006-ticks-in-columns.md has
    the figures. All lists must have the same length.

    volumes, ids: None if no tick has one.
    """

    __slots__ = ("ids", "prices", "symbols", "times_us", "volumes")

    def __init__(
        self,
        symbols: list[str],
        prices: list[Number],
        times_us: list[int],
        volumes: list[Number | None] | None = None,
        ids: list[str | None] | None = None,
    ) -> None:
        self.symbols = symbols
        self.prices = prices
        self.times_us = times_us
        self.volumes = volumes
        self.ids = ids

    @staticmethod
    def of(updates: Iterable[PriceUpdate]) -> Ticks:
        given = list(updates)
        return Ticks(
            [update.symbol for update in given],
            [update.price for update in given],
            [update.timestamp_us for update in given],
            present([update.volume for update in given]),
            present([update.id for update in given]),
        )

    @property
    def keys(self) -> list[str]:
        return self.symbols

    def __len__(self) -> int:
        return len(self.symbols)

    def __getitem__(self, at: int) -> PriceUpdate:
        volume = None if self.volumes is None else self.volumes[at]
        tick_id = None if self.ids is None else self.ids[at]
        return PriceUpdate(self.symbols[at], self.prices[at], self.times_us[at], volume, tick_id)

    def __iter__(self) -> Iterator[PriceUpdate]:
        return iter([self[at] for at in range(len(self.symbols))])

    def part(self, start: int, stop: int) -> Ticks:
        return Ticks(
            self.symbols[start:stop],
            self.prices[start:stop],
            self.times_us[start:stop],
            None if self.volumes is None else self.volumes[start:stop],
            None if self.ids is None else self.ids[start:stop],
        )

    def without(self, places: Collection[int]) -> Ticks:
        return self._at([at for at in range(len(self.symbols)) if at not in places])

    def extend(self, others: Ticks) -> None:
        count = len(self.symbols)
        self.symbols += others.symbols
        self.prices += others.prices
        self.times_us += others.times_us
        self.volumes = joined(self.volumes, count, others.volumes, len(others.symbols))
        self.ids = joined(self.ids, count, others.ids, len(others.symbols))

    def append_volume(self, volume: Number | None) -> None:
        """Append the volume of the tick that is appended next."""
        if self.volumes is None:
            self.volumes = [None] * len(self.symbols)
        self.volumes.append(volume)

    def spread(self, places: dict[str, int]) -> dict[int, Ticks]:
        symbols = self.symbols
        first = places.get(symbols[0]) if symbols else None
        for symbol in symbols:
            if places.get(symbol) != first:
                break
        else:
            return {} if first is None else {first: self}
        if COMPILED and self.volumes is None and self.ids is None:
            return self._spread_quickly(places)
        return {place: self._at(positions) for place, positions in grouped(symbols, places)}

    def _spread_quickly(self, places: dict[str, int]) -> dict[int, Ticks]:
        """Spread ticks without volumes and ids in one pass, which is faster only when compiled."""
        # Any, so that no value is unpacked from its object to be packed into another one.
        symbols: list[list[Any]] = []
        prices: list[list[Any]] = []
        times_us: list[list[Any]] = []
        own_prices: list[Any] = cast("list[Any]", self.prices)
        own_times_us: list[Any] = cast("list[Any]", self.times_us)
        # Without strict, which mypyc would not compile into a plain loop; the columns have one length.
        for symbol, price, time_us in zip(self.symbols, own_prices, own_times_us):  # noqa: B905
            found = places.get(symbol)
            if found is not None:
                place: i64 = found
                while place >= len(symbols):
                    symbols.append([])
                    prices.append([])
                    times_us.append([])
                symbols[place].append(symbol)
                prices[place].append(price)
                times_us[place].append(time_us)
        return {at: Ticks(symbols[at], prices[at], times_us[at]) for at in range(len(symbols)) if symbols[at]}

    def _at(self, positions: list[int]) -> Ticks:
        symbols, prices, times_us = self.symbols, self.prices, self.times_us
        return Ticks(
            [symbols[at] for at in positions],
            [prices[at] for at in positions],
            [times_us[at] for at in positions],
            picked(self.volumes, positions),
            picked(self.ids, positions),
        )
