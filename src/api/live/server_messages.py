"""What the service says to a watcher. Each message is one JSON object with its `type` and its `seq` in front."""

import msgspec

from api.live.client_messages import Channel, Id
from api.schemas import AnomalyView, StatisticsView, View, encode


class Reply(View, frozen=True, omit_defaults=True, kw_only=True):
    """id: of what it answers, where that had one."""

    id: Id = None


class Subscribed(Reply, frozen=True):
    """All that the connection watches by now, by channel; the same for `unsubscribed`."""

    subscriptions: dict[Channel, list[str]]
    interval_ms: int


class Snapshot(View, frozen=True):
    """What symbols just subscribed to are now. last: false where more of them follow in another snapshot."""

    prices: list[StatisticsView]
    last: bool


class Prices(View, frozen=True):
    """The latest of symbols that changed."""

    prices: list[StatisticsView]


class Anomaly(View, frozen=True):
    """A spike. Every one is sent."""

    anomaly: AnomalyView


class Gap(View, frozen=True):
    """anomalies: how many were let go, because the watcher did not keep up."""

    anomalies: int


class Heartbeat(View, frozen=True):
    """time: of the service."""

    time: str


class Pong(Reply, frozen=True):
    """time: of the service."""

    time: str


class Error(Reply, frozen=True):
    """What was said cannot be done. code: for programs; message: a sentence."""

    code: str
    message: str


Body = Subscribed | Snapshot | Prices | Anomaly | Gap | Heartbeat | Pong | Error


def fields(body: View) -> bytes:
    """The message without what differs between connections: all behind its `seq`."""
    return encode(body)[1:]


def message(kind: str, seq: int, rest: bytes) -> bytes:
    """rest: as `fields` makes it."""
    return b'{"type":"%b","seq":%d,%b' % (kind.encode(), seq, rest)


def prices_fields(items: list[bytes]) -> bytes:
    """`fields(Prices(...))` of statistics that are encoded already."""
    return b'"prices":[%b]}' % b",".join(items)


def snapshot_fields(items: list[bytes], last: bool) -> bytes:
    """`fields(Snapshot(...))` of statistics that are encoded already."""
    return b'"prices":[%b],"last":%b}' % (b",".join(items), msgspec.json.encode(last))
