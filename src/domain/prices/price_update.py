"""The tick: one price of one symbol at one moment."""

from typing import NamedTuple

from domain.numbers import Number


class PriceUpdate(NamedTuple):
    """A tick.

    Where there are many, they travel as `domain.prices.ticks.Ticks`.

    symbol: in its one spelling, see `domain.symbol`.
    price: greater than 0, as written, see `domain.numbers`.
    timestamp_us: the tick's own time, microseconds since the Unix epoch, UTC.
    volume: traded amount, at least 0, where the feeder knows it.
    id: the feeder's own name for the tick.
    """

    symbol: str
    price: Number
    timestamp_us: int
    volume: Number | None = None
    id: str | None = None
