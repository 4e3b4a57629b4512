"""Fans out changes to all subscribers.

One event loop. The workers only mark keys as changed. Forty times a second the hub takes the marks, adds them to the
sessions subscribed to those keys, and flushes the sessions whose interval has passed. A state is read at most once
after a change, when the first session needs it.
"""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from api.http.access import Access
from api.live.live_subject import EventChannel, LiveEvents, LiveSubject
from api.live.server_messages import event_fields
from api.live.session import Session
from api.live.watch_index import ALL, WatchIndex
from api.live.wire import Wire
from api.timestamps import to_rfc3339
from application.errors import Draining, TooManyWatchers
from application.ports.clock import Clock
from domain.access.principal import ANYBODY, Principal
from domain.rate import Rate
from domain.symbol import starting_with
from infrastructure.settings import StreamSettings

_TURN_SECONDS = 0.025
# The loop is busy if it wakes the hub this late, averaged over some turns. Turns then come less often, so that
# subscribers get this share of its time: prices are conflated, ticks are not.
_BUSY_SECONDS = 0.0005
_BUSY_SHARE = 0.06
_PAUSE_SECONDS_MAX = 0.5
_AVERAGE_OF = 3
# Writing what a turn has assembled takes the loop about as long again.
_WRITING = 2.0
SERVICE_RESTART = 1012
POLICY_VIOLATION = 1008


class Hub:
    """index: sessions by symbol, for each channel. sent: messages by type. lost: events dropped, over all sessions.

    seconds: total duration of the turns. check: raises Unavailable as long as there is nothing to subscribe to.
    """

    def __init__(
        self,
        subjects: Sequence[LiveSubject],
        clock: Clock,
        limits: StreamSettings,
        access: Access | None = None,
        others: Sequence[LiveEvents] = (),
        check: Callable[[], None] | None = None,
    ) -> None:
        of_subjects = [channel for subject in subjects for channel in subject.channels]
        self.channels = (*of_subjects, *(each.channel.name for each in others))
        # A client that names no channel gets the first subject only, however many there are.
        self.default_channels = subjects[0].default_channels
        self.state_channels = tuple(subject.name for subject in subjects)
        self.index: dict[str, WatchIndex[Session]] = {channel: WatchIndex() for channel in self.channels}
        self.single_channels = tuple(
            channel.name for subject in subjects for channel in subject.events if channel.is_of_observations
        )
        for subject in subjects:
            for channel in subject.events:
                if channel.is_of_observations:
                    subject.feed.observe(self.index[channel.name].patterns)
        self.sent: Counter[str] = Counter()
        self.lost = 0
        self.refused = 0
        self.restarts = 0
        self.seconds = 0.0
        self._subjects = {subject.name: subject for subject in subjects}
        self._others = others
        self._clock = clock
        self.limits = limits
        # That one subscriber may send.
        self.messages = Rate(limits.messages_per_second, burst_seconds=1)
        self._check = check
        self._sessions: dict[Session, None] = {}
        self._ready: set[Session] = set()
        # When the next heartbeat of each session is due, soonest first.
        self._heartbeats: OrderedDict[Session, float] = OrderedDict()
        # Encoded states of keys that have not changed since, by channel.
        self._encoded: dict[str, dict[str, bytes]] = {channel: {} for channel in self.state_channels}
        self._has_sessions = asyncio.Event()
        self._closed = False
        self._pause_seconds = _TURN_SECONDS
        self._late_seconds = 0.0
        if access is not None:
            access.on_change(lambda: self.review(access.knows))

    def connections(self) -> Counter[str]:
        """Subscribers by transport."""
        return Counter(session.wire.transport_name for session in self._sessions)

    def join(self, wire: Wire, principal: Principal = ANYBODY) -> Session:
        """Open a session, subscribed to nothing. Raises TooManyWatchers, Draining."""
        self.check_room()
        session = Session(self, wire, self.limits, principal)
        if not self._sessions:
            self._watch(True)
            self._has_sessions.set()
        self._sessions[session] = None
        self._heartbeats[session] = self._clock.monotonic() + self.limits.heartbeat_seconds
        return session

    def check_room(self) -> None:
        """Raises TooManyWatchers, Draining, and what `check` raises."""
        if self._closed:
            raise Draining
        if self._check is not None:
            self._check()
        if len(self._sessions) >= self.limits.max_connections:
            self.refused += 1
            raise TooManyWatchers(self.limits.max_connections)

    def leave(self, session: Session) -> None:
        """End a session. Idempotent."""
        if self._sessions.pop(session, session) is not None:
            return
        session.leave()
        self._ready.discard(session)
        self._heartbeats.pop(session, None)
        if not self._sessions:
            self._watch(False)
            self._has_sessions.clear()
            for encoded in self._encoded.values():
                encoded.clear()

    def ready(self, session: Session) -> None:
        """Flush a session from the next turn on."""
        self._ready.add(session)

    def close(self) -> None:
        """Disconnect all subscribers and accept no more."""
        self._closed = True
        for session in list(self._sessions):
            session.wire.close(SERVICE_RESTART, "the service is stopping")

    def review(self, knows: Callable[[Principal], bool]) -> None:
        """Disconnect the subscribers that are not known any more."""
        for session in list(self._sessions):
            if not knows(session.principal):
                session.wire.close(POLICY_VIOLATION, "the key is not valid any more")

    def count_restart(self) -> None:
        """Count a restart. Changes taken before the crash may be lost, so every key is marked as changed."""
        self.restarts += 1
        for subject in self._subjects.values():
            self._mark(subject.name, subject.feed.keys())

    async def run(self) -> None:
        """Run turns until cancelled."""
        while True:
            await self._has_sessions.wait()
            before = self._clock.monotonic()
            await self._clock.sleep(self._pause_seconds)
            start = self._clock.monotonic()
            self.turn()
            late = start - before - self._pause_seconds
            self._late_seconds += (late - self._late_seconds) / _AVERAGE_OF
            took = self._clock.monotonic() - start
            self.seconds += took
            self._pause_seconds = self._pause_after(took)

    def _pause_after(self, turn_seconds: float) -> float:
        if self._late_seconds < _BUSY_SECONDS:
            return _TURN_SECONDS
        wanted = turn_seconds * _WRITING * (1 / _BUSY_SHARE - 1)
        return min(max(wanted, _TURN_SECONDS), _PAUSE_SECONDS_MAX)

    def turn(self) -> None:
        """Distribute the changes, and flush the sessions that are due."""
        for subject in self._subjects.values():
            changes = subject.feed.take()
            if changes.keys:
                self._mark(subject.name, changes.keys)
            for event in changes.events:
                for channel in subject.events:
                    if isinstance(event, channel.kind):
                        self._announce(channel, event)
        for each in self._others:
            for event in each.feed.take():
                self._announce(each.channel, event)
        now = self._clock.monotonic()
        for session in list(self._ready):
            if not session.flush(now):
                self._ready.discard(session)
        while self._heartbeats:
            session, due = next(iter(self._heartbeats.items()))
            if due > now:
                break
            self._heartbeats[session] = now + self.limits.heartbeat_seconds
            self._heartbeats.move_to_end(session)
            session.heartbeat(self.time())

    def items(self, channel: str, keys: Iterable[str]) -> list[bytes]:
        """The encoded states of keys; keys without a state are left out."""
        encoded = self._encoded[channel]
        subject = self._subjects[channel]
        found = []
        for key in keys:
            item = encoded.get(key)
            if item is None:
                snapshot = subject.feed.snapshot(key)
                if snapshot is None:
                    continue
                item = encoded[key] = subject.states.encoded(key, snapshot)
            found.append(item)
        return found

    def pattern(self, channel: str, pattern: str) -> str:
        """What a pattern of a subscription stands for among the keys of a channel."""
        subject = self._subjects.get(channel)
        return pattern if subject is None else subject.pattern(pattern)

    def matching(self, channel: str, pattern: str) -> Sequence[str]:
        """Keys that match the pattern and may have a state. Read-only."""
        feed = self._subjects[channel].feed
        if pattern == ALL:
            return feed.keys()
        return starting_with(feed.keys(), pattern[:-1]) if pattern.endswith("*") else (pattern,)

    def time(self) -> str:
        return to_rfc3339(self._clock.now_us())

    def _watch(self, watching: bool) -> None:
        for subject in self._subjects.values():
            subject.feed.watch(watching)
        for each in self._others:
            each.feed.watch(watching)

    def _mark(self, channel: str, keys: Iterable[str]) -> None:
        changed = set(keys)
        encoded = self._encoded[channel]
        for key in changed & encoded.keys():
            del encoded[key]
        index = self.index[channel]
        for key, sessions in index.of_some(changed):
            self._ready.update(sessions)
            for session in sessions:
                session.pending[channel].add(key)
        self._ready.update(index.of_all)
        for session in index.of_all:
            session.pending[channel] |= changed

    def _announce(self, channel: EventChannel, event: Any) -> None:
        key = channel.key(event)
        sessions = self.index[channel.name].watchers(key)
        view = channel.view(event) if sessions else None
        if view is not None:
            rest = event_fields(channel.message, view)
            self._ready.update(sessions)
            for session in sessions:
                session.queue(channel.name, key, channel.message, rest)
