"""What the service keeps and lists: ticks, candles, anomalies and moves. Prices are Decimals, so no digit is lost."""

from datetime import datetime
from decimal import Decimal
from typing import Literal

import msgspec

Direction = Literal["up", "down"]
Interval = Literal["1s", "1m", "5m", "15m", "1h", "1d"]
Severity = Literal["medium", "high", "critical"]


class Wire(msgspec.Struct, frozen=True, rename="camel"):
    """camelCase on the wire. Unknown fields of newer services are ignored."""


class TickRecord(Wire, frozen=True):
    """A tick as the service accepted it. timestamp: event time. volume, id: None if it has none."""

    symbol: str
    timestamp: datetime
    price: Decimal
    volume: Decimal | None
    id: str | None


class Candle(Wire, frozen=True):
    """The prices of one interval from `start` on.

    volume, vwap: None if none of its ticks has a volume. count: number of ticks. closed: False until a tick after its
    end arrives.
    """

    symbol: str
    interval: Interval
    start: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal | None
    vwap: float | None
    count: int
    closed: bool


class Anomaly(Wire, frozen=True):
    """A move beyond the threshold within the window. change_percent: from reference_price to new_price."""

    id: str
    symbol: str
    direction: Direction
    reference_price: Decimal
    new_price: Decimal
    change_percent: float
    severity: Severity
    detected_at: datetime


class Move(Wire, frozen=True):
    """The anomalies of one symbol in one direction that follow each other within the window: one event.

    id: of the first anomaly. ended_at: time of the last one, None while the move goes on. reference_price, peak_price,
    peak_percent, severity: of the one with the largest change. count: number of anomalies.
    """

    id: str
    symbol: str
    direction: Direction
    started_at: datetime
    ended_at: datetime | None
    reference_price: Decimal
    peak_price: Decimal
    peak_percent: float
    severity: Severity
    count: int


class MoveChange(Move, frozen=True):
    """A move as of a change: it has opened, reached a new peak, or ended."""

    change: Literal["opened", "peak", "ended"]
