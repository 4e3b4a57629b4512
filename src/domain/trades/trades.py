"""Batches of trades in columns."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from domain.columns import grouped, joined, picked, present
from domain.numbers import Number
from domain.trades.trade import Side, Trade


class Trades:
    """The `Columns` of trades: in order of arrival; element i of every list belongs to trade i.

    All lists must have the same length.

    prices, venues, ids, latencies_us: None if no trade has one.
    """

    __slots__ = ("buys", "ids", "latencies_us", "prices", "quantities", "symbols", "times_us", "venues")

    def __init__(
        self,
        symbols: list[str],
        buys: list[bool],
        quantities: list[Number],
        times_us: list[int],
        prices: list[Number | None] | None = None,
        venues: list[str | None] | None = None,
        ids: list[str | None] | None = None,
        latencies_us: list[int | None] | None = None,
    ) -> None:
        self.symbols = symbols
        self.buys = buys
        self.quantities = quantities
        self.times_us = times_us
        self.prices = prices
        self.venues = venues
        self.ids = ids
        self.latencies_us = latencies_us

    @staticmethod
    def of(trades: Iterable[Trade]) -> Trades:
        given = list(trades)
        return Trades(
            [each.symbol for each in given],
            [each.side is Side.BUY for each in given],
            [each.quantity for each in given],
            [each.timestamp_us for each in given],
            present([each.price for each in given]),
            present([each.venue for each in given]),
            present([each.id for each in given]),
            present([each.latency_us for each in given]),
        )

    @property
    def keys(self) -> list[str]:
        return self.symbols

    def __len__(self) -> int:
        return len(self.symbols)

    def __getitem__(self, at: int) -> Trade:
        return Trade(
            self.symbols[at],
            Side.BUY if self.buys[at] else Side.SELL,
            self.quantities[at],
            self.times_us[at],
            None if self.prices is None else self.prices[at],
            None if self.venues is None else self.venues[at],
            None if self.ids is None else self.ids[at],
            None if self.latencies_us is None else self.latencies_us[at],
        )

    def __iter__(self) -> Iterator[Trade]:
        return iter([self[at] for at in range(len(self.symbols))])

    def part(self, start: int, stop: int) -> Trades:
        return Trades(
            self.symbols[start:stop],
            self.buys[start:stop],
            self.quantities[start:stop],
            self.times_us[start:stop],
            None if self.prices is None else self.prices[start:stop],
            None if self.venues is None else self.venues[start:stop],
            None if self.ids is None else self.ids[start:stop],
            None if self.latencies_us is None else self.latencies_us[start:stop],
        )

    def without(self, places: Collection[int]) -> Trades:
        return self._at([at for at in range(len(self.symbols)) if at not in places])

    def extend(self, others: Trades) -> None:
        count, more = len(self.symbols), len(others.symbols)
        self.symbols += others.symbols
        self.buys += others.buys
        self.quantities += others.quantities
        self.times_us += others.times_us
        self.prices = joined(self.prices, count, others.prices, more)
        self.venues = joined(self.venues, count, others.venues, more)
        self.ids = joined(self.ids, count, others.ids, more)
        self.latencies_us = joined(self.latencies_us, count, others.latencies_us, more)

    def spread(self, places: dict[str, int]) -> dict[int, Trades]:
        symbols = self.symbols
        first = places.get(symbols[0]) if symbols else None
        for symbol in symbols:
            if places.get(symbol) != first:
                break
        else:
            return {} if first is None else {first: self}
        return {place: self._at(positions) for place, positions in grouped(symbols, places)}

    def append_price(self, price: Number | None) -> None:
        """Append the price of the trade that is appended next."""
        if self.prices is None:
            self.prices = [None] * len(self.symbols)
        self.prices.append(price)

    def append_latency(self, latency_us: int | None) -> None:
        """Append the latency of the trade that is appended next."""
        if self.latencies_us is None:
            self.latencies_us = [None] * len(self.symbols)
        self.latencies_us.append(latency_us)

    def _at(self, positions: list[int]) -> Trades:
        symbols, buys, quantities, times_us = self.symbols, self.buys, self.quantities, self.times_us
        return Trades(
            [symbols[at] for at in positions],
            [buys[at] for at in positions],
            [quantities[at] for at in positions],
            [times_us[at] for at in positions],
            picked(self.prices, positions),
            picked(self.venues, positions),
            picked(self.ids, positions),
            picked(self.latencies_us, positions),
        )
