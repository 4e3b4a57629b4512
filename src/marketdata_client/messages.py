"""What goes to the service and what comes from it, with types. Prices are Decimals: not a digit is lost on the way."""

from datetime import datetime
from decimal import Decimal
from typing import Literal

import msgspec


class _Wire(msgspec.Struct, frozen=True, rename="camel"):
    """camelCase on the wire. Fields a later service adds are passed over."""


class Tick(_Wire, frozen=True, omit_defaults=True):
    """A price. timestamp: aware; the service's time where there is none. id: a tick with the same one counts once."""

    symbol: str
    price: Decimal | float | int | str
    timestamp: datetime | None = None
    volume: Decimal | float | int | str | None = None
    id: str | None = None


class BatchError(_Wire, frozen=True):
    """What is wrong with one tick. index: its place in what was posted."""

    field: str
    code: str
    message: str
    index: int = 0


class Accepted(_Wire, frozen=True):
    """What became of one tick: 1 and 0, or 0 and 1 where its id had come before."""

    accepted: int
    duplicates: int = 0


class BatchResult(_Wire, frozen=True):
    """What became of many. errors: the first hundred of each request."""

    accepted: int
    rejected: int
    errors: list[BatchError]
    duplicates: int = 0


class Statistics(_Wire, frozen=True):
    """What is known of a symbol."""

    symbol: str
    current_price: Decimal
    moving_average: float
    min_price: Decimal
    max_price: Decimal
    update_count: int
    late_count: int
    anomaly_count: int
    last_update_time: datetime


class Anomaly(_Wire, frozen=True):
    """A move beyond the threshold within the window."""

    id: str
    symbol: str
    direction: Literal["up", "down"]
    reference_price: Decimal
    new_price: Decimal
    change_percent: float
    severity: Literal["medium", "high", "critical"]
    detected_at: datetime


class Snapshot(_Wire, frozen=True, tag="snapshot"):
    """What symbols just subscribed to are now. last: false where more of them follow in another snapshot."""

    seq: int
    prices: list[Statistics]
    last: bool


class Prices(_Wire, frozen=True, tag="prices"):
    """The latest of symbols that changed."""

    seq: int
    prices: list[Statistics]


class AnomalySeen(_Wire, frozen=True, tag="anomaly"):
    """A spike."""

    seq: int
    anomaly: Anomaly


class Gap(_Wire, frozen=True, tag="gap"):
    """anomalies: how many the service let go, because this client did not keep up."""

    seq: int
    anomalies: int


class Heartbeat(_Wire, frozen=True, tag="heartbeat"):
    """time: of the service."""

    seq: int
    time: datetime


class Subscribed(_Wire, frozen=True, tag="subscribed"):
    """What the connection watches; the stream keeps it to itself."""

    seq: int


class Unsubscribed(_Wire, frozen=True, tag="unsubscribed"):
    """The same."""

    seq: int


class Failed(_Wire, frozen=True, tag="error"):
    """What was said cannot be done; the stream raises it."""

    seq: int
    code: str
    message: str
    id: int | str | None = None


class Unknown(msgspec.Struct, frozen=True):
    """A message of a type that came later than this client."""

    seq: int


class Connected(msgspec.Struct, frozen=True):
    """The stream is up; a snapshot of every symbol follows, also where it had been up before."""


class Disconnected(msgspec.Struct, frozen=True):
    """The stream is down and comes back by itself. retry_seconds: until the next attempt."""

    reason: str
    retry_seconds: float


Received = Snapshot | Prices | AnomalySeen | Gap | Heartbeat | Subscribed | Unsubscribed | Failed
Message = Connected | Disconnected | Snapshot | Prices | AnomalySeen | Gap | Heartbeat
