"""Moves: the anomalies that a person would call one event."""

from dataclasses import dataclass
from enum import Enum

from domain.numbers import Number
from domain.prices.price_anomaly import Direction, PriceAnomaly, Severity, event_id

# Later than any timestamp.
NEVER_US = 1 << 62


class MoveChange(Enum):
    OPENED = "opened"
    PEAK = "peak"
    CONTINUED = "continued"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class PriceMove:
    """The anomalies of a symbol in one direction, each within the window of the one before, as of some moment.

    sequence, started_at_us: of the first of them. last_at_us: when the last of them was detected.
    reference_price, peak_price, peak_percent, severity: of the one with the largest change.
    count: how many they are. has_ended: whether a tick has come later than a window after the last one.
    change: what is new since the move was last published.
    """

    symbol: str
    sequence: int
    direction: Direction
    started_at_us: int
    last_at_us: int
    reference_price: Number
    peak_price: Number
    peak_percent: float
    severity: Severity
    count: int
    has_ended: bool
    change: MoveChange

    @property
    def order(self) -> tuple[int, str, int, str]:
        """Sort key, from old to new. It identifies the move."""
        return (self.started_at_us, self.symbol, self.sequence, self.direction.value)

    @property
    def id(self) -> str:
        """The id of the first anomaly."""
        return event_id(self.symbol, self.sequence, self.direction, self.started_at_us)

    @property
    def time_us(self) -> int:
        return self.started_at_us


class _OpenMove:
    """A move that goes on. change: since it was last taken; None if nothing is new."""

    __slots__ = ("change", "count", "first", "last_at_us", "peak")

    def __init__(self, first: PriceAnomaly) -> None:
        self.first = (first.sequence, first.detected_at_us)
        self.last_at_us = first.detected_at_us
        self.peak = first
        self.count = 1
        self.change: MoveChange | None = MoveChange.OPENED

    def add(self, anomaly: PriceAnomaly) -> None:
        self.last_at_us = anomaly.detected_at_us
        self.count += 1
        if abs(anomaly.change_percent) > abs(self.peak.change_percent):
            self.peak = anomaly
            if self.change is not MoveChange.OPENED:
                self.change = MoveChange.PEAK
        elif self.change is None:
            self.change = MoveChange.CONTINUED

    def as_of_now(self, change: MoveChange) -> PriceMove:
        peak = self.peak
        return PriceMove(
            peak.symbol,
            self.first[0],
            peak.direction,
            self.first[1],
            self.last_at_us,
            peak.reference_price,
            peak.new_price,
            peak.change_percent,
            peak.severity,
            self.count,
            change is MoveChange.ENDED,
            change,
        )


class OpenMoves:
    """The moves of one symbol that go on, at most one in each direction.

    window_us: width of the sliding window. until_us: a tick later than this ends one of them.
    """

    def __init__(self, window_us: int) -> None:
        self.until_us = NEVER_US
        self._window_us = window_us
        self._open: dict[Direction, _OpenMove] = {}

    def add(self, anomaly: PriceAnomaly) -> None:
        """Continue the move of the anomaly's direction, or open one."""
        move = self._open.get(anomaly.direction)
        if move is None:
            self._open[anomaly.direction] = _OpenMove(anomaly)
        else:
            move.add(anomaly)
        self._set_until()

    def end(self, time_us: int) -> list[PriceMove]:
        """End the moves whose last anomaly is more than a window older than a tick. Return what is new of them."""
        ended: list[PriceMove] = []
        for direction, move in list(self._open.items()):
            if move.last_at_us + self._window_us < time_us:
                if move.change is not None:
                    ended.append(move.as_of_now(move.change))
                ended.append(move.as_of_now(MoveChange.ENDED))
                del self._open[direction]
        self._set_until()
        return ended

    def take(self) -> list[PriceMove]:
        """Return the moves that have changed since the last call."""
        changed: list[PriceMove] = []
        for move in self._open.values():
            if move.change is not None:
                changed.append(move.as_of_now(move.change))
                move.change = None
        return changed

    def checkpoint(self) -> list[PriceMove]:
        return [move.as_of_now(MoveChange.CONTINUED) for move in self._open.values()]

    def restore(self, moves: list[PriceMove]) -> None:
        """Continue the moves of a checkpoint."""
        for move in moves:
            peak = PriceAnomaly(
                move.symbol,
                move.sequence,
                move.direction,
                move.reference_price,
                move.peak_price,
                move.peak_percent,
                move.severity,
                move.last_at_us,
            )
            opened = _OpenMove(peak)
            opened.first = (move.sequence, move.started_at_us)
            opened.count = move.count
            opened.change = None
            self._open[move.direction] = opened
        self._set_until()

    def _set_until(self) -> None:
        self.until_us = min([move.last_at_us + self._window_us for move in self._open.values()], default=NEVER_US)
