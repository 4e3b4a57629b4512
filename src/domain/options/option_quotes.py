"""Batches of option quotes."""

from collections.abc import Collection, Iterator, Sequence

from domain.columns import grouped
from domain.options.option_quote import OptionQuote


class OptionQuotes:
    """The `Columns` of options: quotes in order of arrival. The key is the product.

    A quote has many fields and most batches are chains, so the quotes themselves are a column.
    """

    __slots__ = ("quotes",)

    def __init__(self, quotes: list[OptionQuote]) -> None:
        self.quotes = quotes

    @property
    def keys(self) -> list[str]:
        return [quote.product for quote in self.quotes]

    @property
    def times_us(self) -> list[int]:
        return [quote.timestamp_us for quote in self.quotes]

    @property
    def ids(self) -> list[str | None] | None:
        ids = [quote.id for quote in self.quotes]
        return None if ids.count(None) == len(ids) else ids

    def __len__(self) -> int:
        return len(self.quotes)

    def __getitem__(self, at: int) -> OptionQuote:
        return self.quotes[at]

    def __iter__(self) -> Iterator[OptionQuote]:
        return iter(self.quotes)

    def part(self, start: int, stop: int) -> "OptionQuotes":
        return OptionQuotes(self.quotes[start:stop])

    def without(self, places: Collection[int]) -> "OptionQuotes":
        return OptionQuotes([quote for at, quote in enumerate(self.quotes) if at not in places])

    def extend(self, others: "OptionQuotes") -> None:
        self.quotes += others.quotes

    def spread(self, places: dict[str, int]) -> "dict[int, OptionQuotes]":
        keys = self.keys
        first = places.get(keys[0]) if keys else None
        if first is not None and all(places.get(key) == first for key in set(keys)):
            return {first: self}
        return {place: self._at(positions) for place, positions in grouped(keys, places)}

    def _at(self, positions: Sequence[int]) -> "OptionQuotes":
        return OptionQuotes([self.quotes[at] for at in positions])
