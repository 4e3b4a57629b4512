"""Messages to subscribers. Each is one JSON object that starts with its `type` and `seq`.

Messages with states have a field named after their channel, messages with an event one named after their type; the
subjects describe them.
"""

import msgspec

from api.live.client_messages import Id
from api.views.view import View, encode


class Reply(View, frozen=True, omit_defaults=True, kw_only=True):
    """id: of the message it answers, if that had one."""

    id: Id = None


class Subscribed(Reply, frozen=True):
    """All current subscriptions by channel; the same for `unsubscribed`."""

    subscriptions: dict[str, list[str]]
    interval_ms: int


class Heartbeat(View, frozen=True):
    """time: of the service's clock."""

    time: str


class Pong(Reply, frozen=True):
    """time: of the service's clock."""

    time: str


class Error(Reply, frozen=True):
    """The operation is rejected. code: machine-readable; message: a sentence."""

    code: str
    message: str


def fields(body: View) -> bytes:
    """The part of a message behind its `seq`, which is the same for all connections."""
    return encode(body)[1:]


def message(kind: str, seq: int, rest: bytes) -> bytes:
    """rest: from `fields`."""
    return b'{"type":"%b","seq":%d,%b' % (kind.encode(), seq, rest)


def states_fields(channel: str, items: list[bytes]) -> bytes:
    """The latest states; items: already encoded."""
    return b'"%b":[%b]}' % (channel.encode(), b",".join(items))


def snapshot_fields(channel: str, items: list[bytes], last: bool) -> bytes:
    """A part of a snapshot. last: no other part follows."""
    return b'"%b":[%b],"last":%b}' % (channel.encode(), b",".join(items), msgspec.json.encode(last))


def event_fields(field: str, event: View) -> bytes:
    """One event."""
    return b'"%b":%b}' % (field.encode(), encode(event))


def gap_fields(channel: str, lost: int) -> bytes:
    """How many events of a channel were dropped because the subscriber did not keep up."""
    return b'"%b":%d}' % (channel.encode(), lost)
