"""A hub with fakes of its feed, clock and wires."""

import json
from collections.abc import Collection, Sequence
from operator import attrgetter
from typing import Any

from api.http.encoded_states import EncodedStates
from api.live.hub import Hub
from api.live.live_subject import EventChannel, LiveSubject
from api.live.session import Session
from api.views.prices import AnomalyView, MoveChangeView, StatisticsView
from application.ports.live_feed import Changes, LiveFeed
from domain.prices.price_anomaly import Direction, PriceAnomaly, Severity
from domain.prices.price_move import PriceMove
from domain.prices.symbol_statistics import SymbolStatistics
from infrastructure.settings import StreamSettings
from support.fakes import START_US, FakeClock


class FakeFeed:
    """Prices set by hand. reads: number of snapshots read."""

    def __init__(self) -> None:
        self.prices: dict[str, list[float]] = {}
        self.watching = False
        self.reads = 0
        self._changed: set[str] = set()
        self._anomalies: list[PriceAnomaly] = []

    def set(self, symbol: str, price: float) -> None:
        self.prices.setdefault(symbol, []).append(price)
        self._changed.add(symbol)

    def spike(self, symbol: str, number: int) -> None:
        """Add an anomaly whose reference price is the number."""
        self._anomalies.append(
            PriceAnomaly(symbol, number, Direction.UP, float(number), 103.0, 3.0, Severity.MEDIUM, START_US)
        )

    def watch(self, watching: bool) -> None:
        self.watching = watching

    def observe(self, keys: Collection[str]) -> None:
        pass

    def take(self) -> Changes:
        changes = Changes(self._changed, self._anomalies)
        self._changed, self._anomalies = set(), []
        return changes

    def snapshot(self, symbol: str) -> SymbolStatistics | None:
        self.reads += 1
        prices = self.prices.get(symbol)
        if prices is None:
            return None
        mean = sum(prices) / len(prices)
        return SymbolStatistics(symbol, prices[-1], mean, min(prices), max(prices), len(prices), 0, 0, START_US)

    def keys(self) -> Sequence[str]:
        return sorted(self.prices)


def live_prices(feed: LiveFeed) -> LiveSubject:
    """Prices as subscribers see them."""
    anomalies = EventChannel("anomalies", "anomaly", PriceAnomaly, attrgetter("symbol"), AnomalyView.of)
    moves = EventChannel("moves", "move", PriceMove, attrgetter("symbol"), MoveChangeView.of)
    return LiveSubject("prices", feed, EncodedStates(StatisticsView.of, attrgetter("update_count")), (anomalies, moves))


class FakeWire:
    """Keeps the messages written to it."""

    transport_name = "websocket"

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.writable = True
        self.beats = 0
        self.closed: tuple[int, str] | None = None

    def frame(self, _kind: str, _seq: int, text: bytes) -> bytes:
        return text + b"\n"

    def write(self, frames: bytes) -> None:
        self.messages += [json.loads(line) for line in frames.splitlines()]

    def heartbeat(self) -> None:
        self.beats += 1

    def close(self, code: int, reason: str) -> None:
        self.closed = (code, reason)

    def new(self) -> list[dict[str, Any]]:
        """The messages since the last call."""
        new, self.messages = self.messages, []
        return new


class Watching:
    """A hub, its feed and its clock."""

    def __init__(self, **limits: Any) -> None:
        self.feed = FakeFeed()
        self.clock = FakeClock()
        self.hub = Hub([live_prices(self.feed)], self.clock, StreamSettings(**limits))

    def watcher(self, *symbols: str, **more: Any) -> tuple[Session, FakeWire]:
        """A subscribed session that has been sent its first messages."""
        wire = FakeWire()
        session = self.hub.join(wire)
        if symbols:
            session.subscribe(symbols, more.get("channels", ("prices", "anomalies")), more.get("interval_ms"), None)
            self.hub.turn()
            wire.new()
        return session, wire

    def pass_time(self, seconds: float) -> None:
        """Advance time and run a turn of the hub."""
        self.clock.jump(self.clock.monotonic() + seconds)
        self.hub.turn()
