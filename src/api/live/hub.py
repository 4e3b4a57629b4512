"""Fans out what changes to all who watch.

One event loop. The workers only mark symbols as changed. Forty times a second the hub takes the marks, notes them for
the sessions that watch those symbols, and has the sessions whose time has come send. A symbol is encoded once after a
change, when the first session wants it, however many others do.
"""

import asyncio
from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Iterable, Sequence

from api.live.client_messages import CHANNELS, Channel
from api.live.server_messages import Anomaly, fields
from api.live.session import Session, Wire
from api.live.watch_index import WatchIndex
from api.schemas import AnomalyView, StatisticsView, encode
from api.timestamps import to_rfc3339
from application.errors import Draining, TooManyWatchers
from application.ports.clock import Clock
from application.ports.live_feed import LiveFeed
from domain.price_anomaly import PriceAnomaly
from infrastructure.settings import StreamSettings

_TURN_SECONDS = 0.025
SERVICE_RESTART = 1012


class Hub:
    """index: who watches what, by channel. sent: messages by type. lost: anomalies let go, over all watchers."""

    def __init__(self, feed: LiveFeed, clock: Clock, limits: StreamSettings) -> None:
        self.index: dict[Channel, WatchIndex[Session]] = {channel: WatchIndex() for channel in CHANNELS}
        self.sent: Counter[str] = Counter()
        self.lost = 0
        self.refused = 0
        self.restarts = 0
        self._feed = feed
        self._clock = clock
        self._limits = limits
        self._sessions: dict[Session, None] = {}
        self._ready: set[Session] = set()
        # Who gets the next heartbeat, and when.
        self._heartbeats: deque[tuple[float, Session]] = deque()
        # Statistics as they go out, of symbols that have not changed since.
        self._encoded: dict[str, bytes] = {}
        self._inhabited = asyncio.Event()
        self._closed = False

    @property
    def limits(self) -> StreamSettings:
        return self._limits

    def connections(self) -> Counter[str]:
        """Watchers by transport."""
        return Counter(session.wire.transport_name for session in self._sessions)

    def join(self, wire: Wire) -> Session:
        """A new watcher, subscribed to nothing. Raises TooManyWatchers, Draining."""
        self.check_room()
        session = Session(self, wire, self._limits)
        if not self._sessions:
            self._feed.watch(True)
            self._inhabited.set()
        self._sessions[session] = None
        self._heartbeats.append((self._clock.monotonic() + self._limits.heartbeat_seconds, session))
        return session

    def check_room(self) -> None:
        """Raises TooManyWatchers, Draining."""
        if self._closed:
            raise Draining
        if len(self._sessions) >= self._limits.max_connections:
            self.refused += 1
            raise TooManyWatchers(self._limits.max_connections)

    def leave(self, session: Session) -> None:
        """Forget a watcher. May be told twice."""
        if self._sessions.pop(session, session) is not None:
            return
        session.leave()
        self._ready.discard(session)
        if not self._sessions:
            self._feed.watch(False)
            self._inhabited.clear()
            self._heartbeats.clear()
            self._encoded.clear()

    def ready(self, session: Session) -> None:
        """Send a session what waits for it, and go on doing so."""
        if session.flush(self._clock.monotonic()):
            self._ready.add(session)

    def close(self) -> None:
        """Send everybody away, and let nobody in."""
        self._closed = True
        for session in list(self._sessions):
            session.wire.close(SERVICE_RESTART, "the service is stopping")

    def count_restart(self) -> None:
        self.restarts += 1

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._inhabited.wait()
            await self._clock.sleep(_TURN_SECONDS)
            self.turn()

    def turn(self) -> None:
        """Send what has changed to those whose time has come."""
        changes = self._feed.take()
        if changes.symbols:
            self._mark(changes.symbols)
        for anomaly in changes.anomalies:
            self._announce(anomaly)
        now = self._clock.monotonic()
        for session in list(self._ready):
            if not session.flush(now):
                self._ready.discard(session)
        while self._heartbeats and self._heartbeats[0][0] <= now:
            due, session = self._heartbeats.popleft()
            if session in self._sessions:
                self._heartbeats.append((max(due, now) + self._limits.heartbeat_seconds, session))
                session.heartbeat(self.time())

    def items(self, symbols: Iterable[str]) -> list[bytes]:
        """The statistics of symbols as they go out, without those that are none."""
        encoded = self._encoded
        found = []
        for symbol in symbols:
            item = encoded.get(symbol)
            if item is None:
                statistics = self._feed.statistics(symbol)
                if statistics is None:
                    continue
                item = encoded[symbol] = encode(StatisticsView.of(statistics))
            found.append(item)
        return found

    def matching(self, patterns: Iterable[str]) -> list[str]:
        """Symbols there may be something known of, and that the patterns fit."""
        found: list[str] = []
        for pattern in patterns:
            found += _starting_with(self._feed.symbols(), pattern[:-1]) if pattern.endswith("*") else (pattern,)
        return found

    def time(self) -> str:
        return to_rfc3339(self._clock.now_us())

    def _mark(self, symbols: Iterable[str]) -> None:
        changed = set(symbols)
        for symbol in changed & self._encoded.keys():
            del self._encoded[symbol]
        index = self.index["prices"]
        for symbol, sessions in index.by_symbol(changed):
            self._ready.update(sessions)
            for session in sessions:
                session.pending.add(symbol)
        for lot, sessions in index.by_prefix(changed):
            if lot:
                self._ready.update(sessions)
                for session in sessions:
                    session.pending.update(lot)

    def _announce(self, anomaly: PriceAnomaly) -> None:
        sessions = self.index["anomalies"].watchers(anomaly.symbol)
        if sessions:
            text = fields(Anomaly(AnomalyView.of(anomaly)))
            self._ready.update(sessions)
            for session in sessions:
                session.queue(text)


def _starting_with(ordered: Sequence[str], prefix: str) -> Sequence[str]:
    start = bisect_left(ordered, prefix)
    # A symbol has no character beyond Z.
    return ordered[start : bisect_left(ordered, prefix + "\x7f", start)]
