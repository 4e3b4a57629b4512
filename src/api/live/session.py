"""One subscriber: its subscriptions and its pending messages.

What is pending is bounded, however slow the subscriber: keys, whose states are looked up when they are sent, and
`max_queued_anomalies` events. Invariant: every message has a `seq` one higher than the one before.
"""

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from api.live.client_messages import INTERVAL_MS_MAX, Id, Refused, channels_of, patterns_of
from api.live.server_messages import (
    Heartbeat,
    Subscribed,
    fields,
    gap_fields,
    message,
    snapshot_fields,
    states_fields,
)
from api.live.watch_index import WatchIndex
from api.live.wire import Wire
from api.views.view import View
from domain.access.principal import Principal
from infrastructure.settings import StreamSettings

# Symbols per message.
_CHUNK = 200
# Sent to one subscriber per turn of the hub, to bound the memory and time it takes.
_TURN_BYTES = 131_072


class Source(Protocol):
    """What a session needs from the hub.

    index: sessions by symbol, for each channel. sent: messages by type. lost: events dropped, over all sessions.
    """

    sent: Counter[str]
    lost: int

    @property
    def index(self) -> Mapping[str, WatchIndex["Session"]]: ...

    @property
    def channels(self) -> Sequence[str]:
        """All channels."""
        ...

    @property
    def default_channels(self) -> Sequence[str]:
        """The channels of a subscription that names none."""
        ...

    @property
    def state_channels(self) -> Sequence[str]: ...

    @property
    def single_channels(self) -> Sequence[str]:
        """The channels that take single symbols only."""
        ...

    def ready(self, session: "Session") -> None: ...

    def pattern(self, channel: str, pattern: str) -> str:
        """What a pattern stands for among the keys of a channel."""
        ...

    def matching(self, channel: str, pattern: str) -> Sequence[str]: ...

    def items(self, channel: str, keys: Iterable[str]) -> list[bytes]: ...


class Session:
    """pending: keys that changed since they were sent, by channel; the hub adds them. principal: who it is of."""

    __slots__ = (
        "_due",
        "_events",
        "_expanded",
        "_hub",
        "_interval_ms",
        "_limits",
        "_lost",
        "_narrowed",
        "_patterns",
        "_sending",
        "_seq",
        "_snapshots",
        "pending",
        "principal",
        "wire",
    )

    def __init__(self, hub: Source, wire: Wire, limits: StreamSettings, principal: Principal) -> None:
        self.wire = wire
        self.principal = principal
        self.pending: dict[str, set[str]] = {channel: set() for channel in hub.state_channels}
        self._hub = hub
        self._limits = limits
        self._interval_ms = limits.default_interval_ms
        self._patterns: dict[str, dict[str, None]] = {channel: {} for channel in hub.channels}
        self._seq = 0
        self._due = 0.0
        # Patterns whose snapshot is still to be sent, by channel; and the keys of the first of them, with the number
        # already sent.
        self._snapshots: dict[str, dict[str, None]] = {}
        self._expanded: tuple[Sequence[str], int] = ((), 0)
        self._sending: dict[str, list[str]] = {}
        # Whether pending keys and events may have lost their subscription.
        self._narrowed = False
        # (channel, key, message type, message fields)
        self._events: deque[tuple[str, str, str, bytes]] = deque(maxlen=limits.max_queued_anomalies)
        self._lost: Counter[str] = Counter()

    def subscribe(
        self,
        symbols: Sequence[str],
        channels: Sequence[str] | None,
        interval_ms: int | None,
        id: Id,  # noqa: A002  # as on the wire
    ) -> None:
        """Add subscriptions and send their snapshots. Raises Refused, without changing anything."""
        channels = channels_of(channels, self._hub.channels, self._hub.default_channels)
        wanted = dict.fromkeys(patterns_of(symbols, self.principal.prefixes))
        if any(pattern.endswith("*") for pattern in wanted):
            for channel in channels:
                if channel in self._hub.single_channels:
                    raise Refused("invalid", f"The channel {channel} takes single symbols only.")
        interval_ms = self._interval_ms if interval_ms is None else interval_ms
        if not self._limits.min_interval_ms <= interval_ms <= INTERVAL_MS_MAX:
            raise Refused("invalid", f"intervalMs must be {self._limits.min_interval_ms} to {INTERVAL_MS_MAX}.")
        most = self._limits.max_subscriptions
        if len(wanted.keys() | {pattern for patterns in self._patterns.values() for pattern in patterns}) > most:
            raise Refused("subscription_limit", f"A connection may be subscribed to {most} symbols and prefixes.")
        self._interval_ms = interval_ms
        chosen = {channel: dict.fromkeys(self._hub.pattern(channel, each) for each in wanted) for channel in channels}
        for channel, patterns in chosen.items():
            for pattern in patterns:
                self._patterns[channel][pattern] = None
                self._hub.index[channel].add(pattern, self)
        self.say("subscribed", self._subscriptions(id))
        for channel in self._hub.state_channels:
            if channel in channels:
                self._snapshots[channel] = self._snapshots.get(channel, {}) | chosen[channel]
                self._hub.ready(self)

    def unsubscribe(self, symbols: Sequence[str], channels: Sequence[str] | None, id: Id) -> None:  # noqa: A002  # as on the wire
        """Remove subscriptions. Raises Refused."""
        channels = channels_of(channels, self._hub.channels, self._hub.default_channels)
        unwanted = patterns_of(symbols, self.principal.prefixes)
        for channel in set(channels):
            for pattern in [self._hub.pattern(channel, each) for each in unwanted]:
                if self._patterns[channel].pop(pattern, pattern) is None:
                    self._hub.index[channel].remove(pattern, self)
                    self._narrowed = True
        self.say("unsubscribed", self._subscriptions(id))

    def leave(self) -> None:
        """Remove all subscriptions."""
        for channel, patterns in self._patterns.items():
            for pattern in patterns:
                self._hub.index[channel].remove(pattern, self)
            patterns.clear()

    def say(self, kind: str, body: View) -> None:
        """Send a message immediately."""
        self.wire.write(self._frame(kind, fields(body)))

    def heartbeat(self, time: str) -> None:
        if self.wire.writable:
            self.say("heartbeat", Heartbeat(time))
        self.wire.heartbeat()

    def queue(self, channel: str, key: str, kind: str, rest: bytes) -> None:
        """Queue an event; if the queue is full, its oldest is dropped."""
        if len(self._events) == self._events.maxlen:
            self._lost[self._events[0][0]] += 1
            self._hub.lost += 1
        self._events.append((channel, key, kind, rest))

    def flush(self, now: float) -> bool:
        """Send what is due, up to the limit of a turn. Returns whether to flush again in the next turn."""
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
        waits = bool(any(self.pending.values()) or self._sending or self._events or self._snapshots)
        self._narrowed = self._narrowed and waits
        return waits

    def _frames(self, now: float) -> Iterator[bytes]:
        while self._snapshots:
            channel, patterns = next(iter(self._snapshots.items()))
            names = self._expand_patterns(channel, patterns)
            self.pending[channel].difference_update(names)
            if not patterns:
                del self._snapshots[channel]
            items = self._hub.items(channel, names)
            yield self._frame("snapshot", snapshot_fields(channel, items, last=not patterns))
        while self._lost:
            channel, lost = self._lost.popitem()
            yield self._frame("gap", gap_fields(channel, lost))
        while self._events:
            channel, key, kind, rest = self._events.popleft()
            if not self._narrowed or self._watches(key, channel):
                yield self._frame(kind, rest)
        if not self._sending and now >= self._due and any(self.pending.values()):
            self._sending = {channel: list(keys) for channel, keys in self.pending.items() if keys}
            for keys in self.pending.values():
                keys.clear()
            self._due = now + self._interval_ms / 1000
        while self._sending:
            yield from self._next_states()

    def _next_states(self) -> Iterator[bytes]:
        channel, waiting = next(iter(self._sending.items()))
        names = waiting[-_CHUNK:]
        del waiting[-_CHUNK:]
        if not waiting:
            del self._sending[channel]
        if self._narrowed:
            names = [name for name in names if self._watches(name, channel)]
        if items := self._hub.items(channel, names):
            yield self._frame(channel, states_fields(channel, items))

    def _expand_patterns(self, channel: str, patterns: dict[str, None]) -> list[str]:
        """The next keys of a snapshot; finished patterns are removed."""
        names: list[str] = []
        while patterns and len(names) < _CHUNK:
            pattern = next(iter(patterns))
            keys, at = self._expanded
            if at == 0:
                keys = self._hub.matching(channel, pattern)
            # Keys added meanwhile only shift others back, and are sent as changes.
            taken = keys[at : at + _CHUNK - len(names)]
            names += taken
            at += len(taken)
            self._expanded = (keys, at)
            if at >= len(keys):
                del patterns[pattern]
                self._expanded = ((), 0)
        return [name for name in names if self._watches(name, channel)] if self._narrowed else names

    def _watches(self, key: str, channel: str) -> bool:
        patterns = self._patterns[channel]
        return key in patterns or any(key[:length] + "*" in patterns for length in range(len(key) + 1))

    def _frame(self, kind: str, rest: bytes) -> bytes:
        self._seq += 1
        self._hub.sent[kind] += 1
        return self.wire.frame(kind, self._seq, message(kind, self._seq, rest))

    def _subscriptions(self, id: Id) -> Subscribed:  # noqa: A002  # as on the wire
        subscriptions = {channel: list(patterns) for channel, patterns in self._patterns.items()}
        return Subscribed(id=id, subscriptions=subscriptions, interval_ms=self._interval_ms)
