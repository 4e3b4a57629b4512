"""What the service says to a subscriber. Each message is one JSON object with its `type` and its `seq` in front.

Messages with states and events have a field that is named after their channel; the subjects describe them.
"""

import msgspec

from api.live.client_messages import Id
from api.views.view import View, encode


class Reply(View, frozen=True, omit_defaults=True, kw_only=True):
    """id: of what it answers, where that had one."""

    id: Id = None


class Subscribed(Reply, frozen=True):
    """All that the connection watches by now, by channel; the same for `unsubscribed`."""

    subscriptions: dict[str, list[str]]
    interval_ms: int


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


def fields(body: View) -> bytes:
    """The message without what differs between connections: all behind its `seq`."""
    return encode(body)[1:]


def message(kind: str, seq: int, rest: bytes) -> bytes:
    """rest: as `fields` makes it."""
    return b'{"type":"%b","seq":%d,%b' % (kind.encode(), seq, rest)


def states_fields(channel: str, items: list[bytes]) -> bytes:
    """The latest states, which are encoded already."""
    return b'"%b":[%b]}' % (channel.encode(), b",".join(items))


def snapshot_fields(channel: str, items: list[bytes], last: bool) -> bytes:
    """A part of a snapshot; `last`: none follows."""
    return b'"%b":[%b],"last":%b}' % (channel.encode(), b",".join(items), msgspec.json.encode(last))


def event_fields(field: str, event: View) -> bytes:
    """One event."""
    return b'"%b":%b}' % (field.encode(), encode(event))


def gap_fields(channel: str, lost: int) -> bytes:
    """How many events of a channel were not sent, because the subscriber did not keep up."""
    return b'"%b":%d}' % (channel.encode(), lost)
