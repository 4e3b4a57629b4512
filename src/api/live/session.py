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
_CHUNK = 200
# What one watcher is sent in one turn of the hub: that bounds the memory and the time that it can take.
_TURN_BYTES = 131_072


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
        "_narrowed",
        "_patterns",
        "_sending",
        "_seq",
        "_snapshot",
        "_unfolded",
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
        # Patterns whose symbols are still to be sent as a snapshot, None while none is under way; and what has been
        # unfolded of the first of them: its symbols, and how many of those have gone.
        self._snapshot: dict[str, None] | None = None
        self._unfolded: tuple[Sequence[str], int] = ((), 0)
        self._sending: list[str] = []
        # Whether some of what waits may not be wanted any more.
        self._narrowed = False
        self._anomalies: deque[tuple[str, bytes]] = deque(maxlen=limits.max_queued_anomalies)
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
            self._snapshot = (self._snapshot or {}) | wanted
            self._hub.ready(self)

    def unsubscribe(self, symbols: Sequence[str], channels: Iterable[Channel], id: Id) -> None:  # noqa: A002  # as on the wire
        """Watch less. Raises Refused."""
        unwanted = patterns_of(symbols)
        for channel in set(channels):
            for pattern in unwanted:
                if self._patterns[channel].pop(pattern, pattern) is None:
                    self._hub.index[channel].remove(pattern, self)
                    self._narrowed = True
        self.say("unsubscribed", self._subscriptions(id))

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

    def queue(self, symbol: str, anomaly: bytes) -> None:
        """Have an anomaly sent; the oldest that waits goes where there is no room."""
        if len(self._anomalies) == self._anomalies.maxlen:
            self._lost += 1
            self._hub.lost += 1
        self._anomalies.append((symbol, anomaly))

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
        waits = bool(self.pending or self._sending or self._anomalies or self._snapshot is not None)
        self._narrowed = self._narrowed and waits
        return waits

    def _frames(self, now: float) -> Iterator[bytes]:
        while self._snapshot is not None:
            names = self._unfold(self._snapshot)
            self.pending.difference_update(names)
            last = not self._snapshot
            if last:
                self._snapshot = None
            yield self._frame("snapshot", snapshot_fields(self._hub.items(names), last))
        if self._lost:
            lost, self._lost = self._lost, 0
            yield self._frame("gap", fields(Gap(lost)))
        while self._anomalies:
            symbol, anomaly = self._anomalies.popleft()
            if not self._narrowed or self._watches(symbol, "anomalies"):
                yield self._frame("anomaly", anomaly)
        if not self._sending and self.pending and now >= self._due:
            self._sending = list(self.pending)
            self.pending.clear()
            self._due = now + self._interval_ms / 1000
        while self._sending:
            names = self._sending[-_CHUNK:]
            del self._sending[-_CHUNK:]
            if self._narrowed:
                names = [name for name in names if self._watches(name, "prices")]
            if items := self._hub.items(names):
                yield self._frame("prices", prices_fields(items))

    def _unfold(self, patterns: dict[str, None]) -> list[str]:
        """The next symbols of a snapshot; patterns that are done with are taken out."""
        names: list[str] = []
        while patterns and len(names) < _CHUNK:
            pattern = next(iter(patterns))
            symbols, at = self._unfolded
            if at == 0:
                symbols = self._hub.matching(pattern)
            # Symbols that come meanwhile only push others back, and are among the changes.
            taken = symbols[at : at + _CHUNK - len(names)]
            names += taken
            at += len(taken)
            self._unfolded = (symbols, at)
            if at >= len(symbols):
                del patterns[pattern]
                self._unfolded = ((), 0)
        return [name for name in names if self._watches(name, "prices")] if self._narrowed else names

    def _watches(self, symbol: str, channel: Channel) -> bool:
        patterns = self._patterns[channel]
        return symbol in patterns or any(symbol[:length] + "*" in patterns for length in range(len(symbol) + 1))

    def _frame(self, kind: str, rest: bytes) -> bytes:
        self._seq += 1
        self._hub.sent[kind] += 1
        return self.wire.frame(kind, self._seq, message(kind, self._seq, rest))

    def _subscriptions(self, id: Id) -> Subscribed:  # noqa: A002  # as on the wire
        subscriptions = {channel: list(patterns) for channel, patterns in self._patterns.items()}
        return Subscribed(id=id, subscriptions=subscriptions, interval_ms=self._interval_ms)
