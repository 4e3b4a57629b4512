"""One watcher: what it is subscribed to, and what it has still to be sent.

What waits for a watcher is bounded, however slow it is: names of symbols, whose statistics are looked up when they are
sent, and `max_queued_anomalies` anomalies. Invariant: every message has a `seq` one higher than the one before.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

from api.live.client_messages import CHANNELS, INTERVAL_MS_MAX, Channel, Id, Refused, patterns_of
from api.live.server_messages import Gap, Heartbeat, Subscribed, fields, message, prices_fields, snapshot_fields
from api.schemas import View
from infrastructure.settings import StreamSettings

if TYPE_CHECKING:
    from api.live.hub import Hub

# Symbols in one message.
_CHUNK = 500
# What one watcher gets before the others have their turn.
_TURN_BYTES = 262_144


class Wire(Protocol):
    """The way to one watcher."""

    transport_name: str

    @property
    def writable(self) -> bool:
        """Whether what was written before is on its way, so that more may be."""
        ...

    def frame(self, kind: str, seq: int, text: bytes) -> bytes:
        """A message as it goes over this wire."""
        ...

    def write(self, frames: bytes) -> None: ...

    def heartbeat(self) -> None:
        """Ask whether anybody is there, and close if nobody has been for too long."""
        ...

    def close(self, code: int, reason: str) -> None: ...


class Session:
    """pending: symbols that changed since they were sent. The hub puts them there."""

    __slots__ = (
        "_anomalies",
        "_due",
        "_hub",
        "_interval_ms",
        "_limits",
        "_lost",
        "_patterns",
        "_sending",
        "_seq",
        "_snapshot",
        "pending",
        "wire",
    )

    def __init__(self, hub: "Hub", wire: Wire, limits: StreamSettings) -> None:
        self.wire = wire
        self.pending: set[str] = set()
        self._hub = hub
        self._limits = limits
        self._interval_ms = limits.default_interval_ms
        self._patterns: dict[Channel, dict[str, None]] = {channel: {} for channel in CHANNELS}
        self._seq = 0
        self._due = 0.0
        # Symbols of the snapshot under way, of the prices under way, and anomalies encoded.
        self._snapshot: list[str] | None = None
        self._sending: list[str] = []
        self._anomalies: deque[bytes] = deque(maxlen=limits.max_queued_anomalies)
        self._lost = 0

    def subscribe(self, symbols: Sequence[str], channels: Iterable[Channel], interval_ms: int | None, id: Id) -> None:  # noqa: A002  # as on the wire
        """Watch more, and be sent what that is now. Raises Refused, and then nothing has changed."""
        wanted = dict.fromkeys(patterns_of(symbols))
        interval_ms = self._interval_ms if interval_ms is None else interval_ms
        if not self._limits.min_interval_ms <= interval_ms <= INTERVAL_MS_MAX:
            raise Refused("invalid", f"intervalMs must be {self._limits.min_interval_ms} to {INTERVAL_MS_MAX}.")
        most = self._limits.max_subscriptions
        if len(wanted.keys() | self._patterns["prices"].keys() | self._patterns["anomalies"].keys()) > most:
            raise Refused("subscription_limit", f"A connection may be subscribed to {most} symbols and prefixes.")
        self._interval_ms = interval_ms
        for channel in set(channels):
            for pattern in wanted:
                self._patterns[channel][pattern] = None
                self._hub.index[channel].add(pattern, self)
        self.say("subscribed", self._subscriptions(id))
        if "prices" in channels:
            self._snapshot = list(dict.fromkeys([*(self._snapshot or ()), *self._hub.matching(wanted)]))
        self._hub.ready(self)

    def unsubscribe(self, symbols: Sequence[str], channels: Iterable[Channel], id: Id) -> None:  # noqa: A002  # as on the wire
        """Watch less. Raises Refused."""
        unwanted = patterns_of(symbols)
        for channel in set(channels):
            for pattern in unwanted:
                if self._patterns[channel].pop(pattern, pattern) is None:
                    self._hub.index[channel].remove(pattern, self)
        self.say("unsubscribed", self._subscriptions(id))
        watched = self._hub.index["prices"].watchers
        self.pending = {symbol for symbol in self.pending if self in watched(symbol)}
        self._sending = [symbol for symbol in self._sending if self in watched(symbol)]
        if self._snapshot:
            self._snapshot = [symbol for symbol in self._snapshot if self in watched(symbol)]

    def leave(self) -> None:
        """Watch nothing any more."""
        for channel, patterns in self._patterns.items():
            for pattern in patterns:
                self._hub.index[channel].remove(pattern, self)
            patterns.clear()

    def say(self, kind: str, body: View) -> None:
        """Send a message at once."""
        self.wire.write(self._frame(kind, fields(body)))

    def heartbeat(self, time: str) -> None:
        if self.wire.writable:
            self.say("heartbeat", Heartbeat(time))
        self.wire.heartbeat()

    def queue(self, anomaly: bytes) -> None:
        """Have an anomaly sent; the oldest that waits goes where there is no room."""
        if len(self._anomalies) == self._anomalies.maxlen:
            self._lost += 1
            self._hub.lost += 1
        self._anomalies.append(anomaly)

    def flush(self, now: float) -> bool:
        """Send what is due, as far as the wire takes it; whether more waits that the wire would take."""
        if not self.wire.writable:
            return False
        out: list[bytes] = []
        size = 0
        for frame in self._frames(now):
            out.append(frame)
            size += len(frame)
            if size >= _TURN_BYTES:
                break
        if out:
            self.wire.write(out[0] if len(out) == 1 else b"".join(out))
        return bool(self.pending or self._sending or self._anomalies or self._snapshot is not None)

    def _frames(self, now: float) -> Iterator[bytes]:
        while self._snapshot is not None:
            names, rest = self._snapshot[:_CHUNK], self._snapshot[_CHUNK:]
            self._snapshot = rest or None
            self.pending.difference_update(names)
            yield self._frame("snapshot", snapshot_fields(self._hub.items(names), not rest))
            self._due = now + self._interval_ms / 1000
        if self._lost:
            lost, self._lost = self._lost, 0
            yield self._frame("gap", fields(Gap(lost)))
        while self._anomalies:
            yield self._frame("anomaly", self._anomalies.popleft())
        if not self._sending and self.pending and now >= self._due:
            self._sending = list(self.pending)
            self.pending.clear()
            self._due = now + self._interval_ms / 1000
        while self._sending:
            names = self._sending[-_CHUNK:]
            del self._sending[-_CHUNK:]
            yield self._frame("prices", prices_fields(self._hub.items(names)))

    def _frame(self, kind: str, rest: bytes) -> bytes:
        self._seq += 1
        self._hub.sent[kind] += 1
        return self.wire.frame(kind, self._seq, message(kind, self._seq, rest))

    def _subscriptions(self, id: Id) -> Subscribed:  # noqa: A002  # as on the wire
        subscriptions = {channel: list(patterns) for channel, patterns in self._patterns.items()}
        return Subscribed(id=id, subscriptions=subscriptions, interval_ms=self._interval_ms)
