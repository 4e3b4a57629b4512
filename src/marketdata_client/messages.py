"""Typed messages to and from the service. Prices are Decimals, so no digit is lost."""

from datetime import datetime
from decimal import Decimal

import msgspec

from marketdata_client.records import Anomaly, MoveChange, Wire


class Tick(Wire, frozen=True, omit_defaults=True):
    """A price. timestamp: aware; the service's time if None. id: ticks with the same id count once."""

    symbol: str
    price: Decimal | float | int | str
    timestamp: datetime | None = None
    volume: Decimal | float | int | str | None = None
    id: str | None = None


class BatchError(Wire, frozen=True):
    """An error in one tick. index: its position in what was posted."""

    field: str
    code: str
    message: str
    index: int = 0


class Accepted(Wire, frozen=True):
    """The result for one tick: 1 and 0, or 0 and 1 for a duplicate."""

    accepted: int
    duplicates: int = 0


class BatchResult(Wire, frozen=True):
    """The result for many ticks. errors: the first hundred of each request."""

    accepted: int
    rejected: int
    errors: list[BatchError]
    duplicates: int = 0


class Statistics(Wire, frozen=True):
    """The statistics of a symbol."""

    symbol: str
    current_price: Decimal
    moving_average: float
    min_price: Decimal
    max_price: Decimal
    update_count: int
    late_count: int
    anomaly_count: int
    last_update_time: datetime


class Snapshot(Wire, frozen=True, tag="snapshot"):
    """The current state of newly subscribed symbols. last: false if another snapshot follows with more of them."""

    seq: int
    prices: list[Statistics]
    last: bool


class Prices(Wire, frozen=True, tag="prices"):
    """The latest statistics of symbols that changed."""

    seq: int
    prices: list[Statistics]


class AnomalySeen(Wire, frozen=True, tag="anomaly"):
    """A spike."""

    seq: int
    anomaly: Anomaly


class MoveSeen(Wire, frozen=True, tag="move"):
    """A move has opened, reached a new peak, or ended. Only on the channel `moves`."""

    seq: int
    move: MoveChange


class Gap(Wire, frozen=True, tag="gap"):
    """anomalies, moves: how many the service dropped because this client was too slow."""

    seq: int
    anomalies: int = 0
    moves: int = 0


class Heartbeat(Wire, frozen=True, tag="heartbeat"):
    """time: the service's."""

    seq: int
    time: datetime


class Subscribed(Wire, frozen=True, tag="subscribed"):
    """Confirms a subscription; the stream does not pass it on."""

    seq: int


class Unsubscribed(Wire, frozen=True, tag="unsubscribed"):
    """Confirms an unsubscription; the stream does not pass it on."""

    seq: int


class Failed(Wire, frozen=True, tag="error"):
    """The service cannot do what was requested; the stream raises it."""

    seq: int
    code: str
    message: str
    id: int | str | None = None


class Unknown(msgspec.Struct, frozen=True):
    """A message of a type newer than this client."""

    seq: int


class Connected(msgspec.Struct, frozen=True):
    """The stream is up; a snapshot of every symbol follows, also after a reconnection."""


class Disconnected(msgspec.Struct, frozen=True):
    """The stream is down and reconnects by itself. retry_seconds: until the next attempt."""

    reason: str
    retry_seconds: float


Received = Snapshot | Prices | AnomalySeen | MoveSeen | Gap | Heartbeat | Subscribed | Unsubscribed | Failed
Message = Connected | Disconnected | Snapshot | Prices | AnomalySeen | MoveSeen | Gap | Heartbeat
