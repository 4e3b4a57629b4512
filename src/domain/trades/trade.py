"""One trade: an execution."""

from enum import Enum
from typing import NamedTuple

from domain.numbers import Number


class Side(Enum):
    """Which way the sender traded."""

    BUY = "buy"
    SELL = "sell"


class Trade(NamedTuple):
    """timestamp_us: event time, microseconds since the Unix epoch.

    latency_us: from sending to receipt; None if the sender does not say when it was sent, negative if its clock is
        ahead.
    """

    symbol: str
    side: Side
    quantity: Number
    timestamp_us: int
    price: Number | None = None
    venue: str | None = None
    id: str | None = None
    latency_us: int | None = None
