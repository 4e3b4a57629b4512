"""Prices: statistics, ticks, anomalies and candles."""

from decimal import Decimal
from typing import Any

import msgspec

from api.timestamps import to_rfc3339
from api.views.view import View, significant
from application.prices.ports.history import ExplainedAnomaly
from domain.bars import Interval
from domain.prices.candle import Candle
from domain.prices.price_anomaly import PriceAnomaly
from domain.prices.price_move import MoveChange, PriceMove
from domain.prices.price_update import PriceUpdate
from domain.prices.symbol_statistics import SymbolStatistics


class StatisticsView(View, frozen=True):
    """The statistics of one symbol."""

    symbol: str
    current_price: float | Decimal
    moving_average: float | Decimal
    min_price: float | Decimal
    max_price: float | Decimal
    update_count: int
    late_count: int
    anomaly_count: int
    last_update_time: str

    @classmethod
    def of(cls, statistics: SymbolStatistics) -> "StatisticsView":
        return cls(
            statistics.symbol,
            statistics.current_price,
            significant(statistics.moving_average),
            statistics.min_price,
            statistics.max_price,
            statistics.update_count,
            statistics.late_count,
            statistics.anomaly_count,
            to_rfc3339(statistics.last_update_us),
        )


class StatisticsPageView(View, frozen=True):
    """Statistics sorted by symbol. nextCursor: for the next page, null on the last."""

    items: list[StatisticsView]
    total: int
    next_cursor: str | None


class AnomalyView(View, frozen=True):
    """A price move beyond the threshold within the window."""

    id: str
    symbol: str
    direction: str
    reference_price: float | Decimal
    new_price: float | Decimal
    change_percent: float | Decimal
    severity: str
    detected_at: str

    @classmethod
    def of(cls, anomaly: PriceAnomaly) -> "AnomalyView":
        return cls(
            anomaly.id,
            anomaly.symbol,
            anomaly.direction.value,
            anomaly.reference_price,
            anomaly.new_price,
            anomaly.change_percent,
            anomaly.severity.value,
            to_rfc3339(anomaly.detected_at_us),
        )


class AnomalyPageView(View, frozen=True):
    """Anomalies, newest first unless ordered otherwise. nextCursor: for the next page, null on the last."""

    items: list[AnomalyView]
    next_cursor: str | None


class MoveView(View, frozen=True):
    """Anomalies of a symbol in one direction, each within the window of the one before: what a person calls one event.

    id: of its first anomaly. referencePrice, peakPrice, peakPercent, severity: of the anomaly with the largest change.
    endedAt: time of its last anomaly, null while it goes on. count: of its anomalies.
    """

    id: str
    symbol: str
    direction: str
    started_at: str
    ended_at: str | None
    reference_price: float | Decimal
    peak_price: float | Decimal
    peak_percent: float | Decimal
    severity: str
    count: int

    @classmethod
    def of(cls, move: PriceMove) -> "MoveView":
        return cls(**_move_fields(move))


class MoveChangeView(MoveView, frozen=True):
    """A move as of its last change. change: `opened`, `peak` for a new peak, or `ended`."""

    change: str

    @classmethod
    def of(cls, move: PriceMove) -> "MoveChangeView | None":  # type: ignore[override]  # None where nobody needs to know
        if move.change is MoveChange.CONTINUED:
            return None
        return cls(**_move_fields(move), change=move.change.value)


def _move_fields(move: PriceMove) -> dict[str, Any]:
    return {
        "id": move.id,
        "symbol": move.symbol,
        "direction": move.direction.value,
        "started_at": to_rfc3339(move.started_at_us),
        "ended_at": to_rfc3339(move.last_at_us) if move.has_ended else None,
        "reference_price": move.reference_price,
        "peak_price": move.peak_price,
        "peak_percent": move.peak_percent,
        "severity": move.severity.value,
        "count": move.count,
    }


class MovePageView(View, frozen=True):
    """Moves, newest first unless ordered otherwise. nextCursor: for the next page, null on the last."""

    items: list[MoveView]
    next_cursor: str | None


class TickView(View, frozen=True):
    """A tick as accepted; volume and id are null if it has none."""

    symbol: str
    price: float | Decimal
    timestamp: str
    volume: float | Decimal | None
    id: str | None

    @classmethod
    def of(cls, tick: PriceUpdate) -> "TickView":
        return cls(tick.symbol, tick.price, to_rfc3339(tick.timestamp_us), tick.volume, tick.id)


class TickPageView(View, frozen=True):
    """Ticks in order of arrival, or newest first. nextCursor: for the next page, null on the last."""

    items: list[TickView]
    next_cursor: str | None


class ExplainedAnomalyView(View, frozen=True):
    """An anomaly with the ticks of its window, in order of arrival; the last is the tick that caused it.

    windowComplete: false if the log no longer has some of them, or if there are more than 10,000.
    """

    id: str
    symbol: str
    direction: str
    reference_price: float | Decimal
    new_price: float | Decimal
    change_percent: float | Decimal
    severity: str
    detected_at: str
    window: list[TickView]
    window_complete: bool

    @classmethod
    def of(cls, found: ExplainedAnomaly) -> "ExplainedAnomalyView":
        anomaly = AnomalyView.of(found.anomaly)
        return cls(
            **msgspec.structs.asdict(anomaly),
            window=list(map(TickView.of, found.window)),
            window_complete=found.complete,
        )


class CandleView(View, frozen=True):
    """The prices of one interval from `start` on.

    volume, vwap: null if none of its ticks has a volume. closed: false until a tick after its end arrives.
    """

    symbol: str
    interval: str
    start: str
    open: float | Decimal
    high: float | Decimal
    low: float | Decimal
    close: float | Decimal
    volume: float | Decimal | None
    vwap: float | Decimal | None
    count: int
    closed: bool

    @classmethod
    def of(cls, candle: Candle, symbol: str, interval: Interval, still_open_us: int) -> "CandleView":
        return cls(
            symbol,
            interval.value,
            to_rfc3339(candle.start_us),
            candle.open,
            candle.high,
            candle.low,
            candle.close,
            candle.volume,
            None if candle.vwap is None else significant(candle.vwap),
            candle.count,
            candle.start_us + interval.width_us <= still_open_us,
        )


class CandlePageView(View, frozen=True):
    """Candles, oldest or newest first; empty ones are left out. nextCursor: for the next page, null on the last."""

    items: list[CandleView]
    next_cursor: str | None
