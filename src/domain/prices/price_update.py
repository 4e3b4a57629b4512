"""The tick: one price of one symbol at one moment."""

from typing import NamedTuple

from domain.numbers import Number


class PriceUpdate(NamedTuple):
    """A tick. Batches travel as `domain.prices.ticks.Ticks`.

    symbol: normalised, see `domain.symbol`.
    price: greater than 0, as written, see `domain.numbers`.
    timestamp_us: event time, microseconds since the Unix epoch, UTC.
    volume: traded amount, at least 0, if the feeder knows it.
    id: assigned by the feeder.
    """

    symbol: str
    price: Number
    timestamp_us: int
    volume: Number | None = None
    id: str | None = None
