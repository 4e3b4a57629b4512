"""Fans out what changes to all who watch.

One event loop. The workers only mark symbols as changed. Forty times a second the hub takes the marks, notes them for
the sessions that watch those symbols, and has the sessions whose time has come send. A symbol is encoded once after a
change, when the first session wants it, however many others do.
"""

import asyncio
from bisect import bisect_left
from collections import Counter, OrderedDict
from collections.abc import Iterable, Sequence

from api.live.client_messages import CHANNELS, Channel
from api.live.server_messages import Anomaly, fields
from api.live.session import Session, Wire
from api.live.watch_index import ALL, WatchIndex
from api.schemas import AnomalyView, StatisticsView, encode
from api.timestamps import to_rfc3339
from application.errors import Draining, TooManyWatchers
from application.ports.clock import Clock
from application.ports.live_feed import LiveFeed
from domain.price_anomaly import PriceAnomaly
from infrastructure.settings import StreamSettings

_TURN_SECONDS = 0.025
# The loop is busy where it wakes the hub this much later than it should, on the average of some turns. Then watchers
# get this share of its time, by turns that come less often: prices are conflated, ticks are not.
_BUSY_SECONDS = 0.0005
_BUSY_SHARE = 0.06
_PAUSE_SECONDS_MAX = 0.5
_AVERAGE_OF = 3
# To have written what a turn has put together takes the loop about as long again.
_WRITING = 2.0
SERVICE_RESTART = 1012


class Hub:
    """index: who watches what, by channel. sent: messages by type. lost: anomalies let go, over all watchers.

    seconds: that its turns took.
    """

    def __init__(self, feed: LiveFeed, clock: Clock, limits: StreamSettings) -> None:
        self.index: dict[Channel, WatchIndex[Session]] = {channel: WatchIndex() for channel in CHANNELS}
        self.sent: Counter[str] = Counter()
        self.lost = 0
        self.refused = 0
        self.restarts = 0
        self.seconds = 0.0
        self._feed = feed
        self._clock = clock
        self.limits = limits
        self._sessions: dict[Session, None] = {}
        self._ready: set[Session] = set()
        # Who gets the next heartbeat, and when.
        self._heartbeats: OrderedDict[Session, float] = OrderedDict()
        # Statistics as they go out, of symbols that have not changed since.
        self._encoded: dict[str, bytes] = {}
        self._inhabited = asyncio.Event()
        self._closed = False
        self._pause_seconds = _TURN_SECONDS
        self._late_seconds = 0.0

    def connections(self) -> Counter[str]:
        """Watchers by transport."""
        return Counter(session.wire.transport_name for session in self._sessions)

    def join(self, wire: Wire) -> Session:
        """A new watcher, subscribed to nothing. Raises TooManyWatchers, Draining."""
        self.check_room()
        session = Session(self, wire, self.limits)
        if not self._sessions:
            self._feed.watch(True)
            self._inhabited.set()
        self._sessions[session] = None
        self._heartbeats[session] = self._clock.monotonic() + self.limits.heartbeat_seconds
        return session

    def check_room(self) -> None:
        """Raises TooManyWatchers, Draining."""
        if self._closed:
            raise Draining
        if len(self._sessions) >= self.limits.max_connections:
            self.refused += 1
            raise TooManyWatchers(self.limits.max_connections)

    def leave(self, session: Session) -> None:
        """Forget a watcher. May be told twice."""
        if self._sessions.pop(session, session) is not None:
            return
        session.leave()
        self._ready.discard(session)
        self._heartbeats.pop(session, None)
        if not self._sessions:
            self._feed.watch(False)
            self._inhabited.clear()
            self._encoded.clear()

    def ready(self, session: Session) -> None:
        """Send a session what waits for it, from the next turn on."""
        self._ready.add(session)

    def close(self) -> None:
        """Send everybody away, and let nobody in."""
        self._closed = True
        for session in list(self._sessions):
            session.wire.close(SERVICE_RESTART, "the service is stopping")

    def count_restart(self) -> None:
        """It died, and begins again: what it had taken may not have been noted, so that all counts as changed."""
        self.restarts += 1
        self._mark(self._feed.symbols())

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._inhabited.wait()
            asked = self._clock.monotonic()
            await self._clock.sleep(self._pause_seconds)
            start = self._clock.monotonic()
            self.turn()
            late = start - asked - self._pause_seconds
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
        while self._heartbeats:
            session, due = next(iter(self._heartbeats.items()))
            if due > now:
                break
            self._heartbeats[session] = now + self.limits.heartbeat_seconds
            self._heartbeats.move_to_end(session)
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

    def matching(self, pattern: str) -> Sequence[str]:
        """Symbols there may be something known of, and that the pattern fits. Not to be changed."""
        if pattern == ALL:
            return self._feed.symbols()
        return _starting_with(self._feed.symbols(), pattern[:-1]) if pattern.endswith("*") else (pattern,)

    def time(self) -> str:
        return to_rfc3339(self._clock.now_us())

    def _mark(self, symbols: Iterable[str]) -> None:
        changed = set(symbols)
        for symbol in changed & self._encoded.keys():
            del self._encoded[symbol]
        index = self.index["prices"]
        for symbol, sessions in index.of_some(changed):
            self._ready.update(sessions)
            for session in sessions:
                session.pending.add(symbol)
        self._ready.update(index.of_all)
        for session in index.of_all:
            session.pending |= changed

    def _announce(self, anomaly: PriceAnomaly) -> None:
        sessions = self.index["anomalies"].watchers(anomaly.symbol)
        if sessions:
            text = fields(Anomaly(AnomalyView.of(anomaly)))
            self._ready.update(sessions)
            for session in sessions:
                session.queue(anomaly.symbol, text)


def _starting_with(ordered: Sequence[str], prefix: str) -> Sequence[str]:
    start = bisect_left(ordered, prefix)
    # A symbol has no character beyond Z.
    return ordered[start : bisect_left(ordered, prefix + "\x7f", start)]
