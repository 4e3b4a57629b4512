"""The shapes of the answers, and their way into bytes."""

from decimal import Decimal

import msgspec

from api.timestamps import to_rfc3339
from application.commands.process_price_batch import BatchResult
from application.errors import FieldError
from application.ports.history import ExplainedAnomaly
from application.ports.market_data_processor import PartitionStatistics, ProcessingStatistics
from domain.candle import Candle, Interval
from domain.price_anomaly import PriceAnomaly
from domain.price_update import PriceUpdate
from domain.symbol_statistics import SymbolStatistics

# A Decimal goes out as the number it is, with every digit.
_ENCODER = msgspec.json.Encoder(decimal_format="number")


def encode(view: object) -> bytes:
    return _ENCODER.encode(view)


class View(msgspec.Struct, frozen=True, rename="camel"):
    """An answer, or a part of one; camelCase on the wire."""


class StatisticsView(View, frozen=True):
    """The statistics of one symbol."""

    symbol: str
    current_price: float | Decimal
    moving_average: float
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
            statistics.moving_average,
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
    """A move beyond the threshold within the window."""

    id: str
    symbol: str
    direction: str
    reference_price: float | Decimal
    new_price: float | Decimal
    change_percent: float
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
    """Anomalies, newest first. nextCursor: for the next page, null on the last."""

    items: list[AnomalyView]
    next_cursor: str | None


class TickView(View, frozen=True):
    """A tick as it was taken; volume and id are null where it has none."""

    symbol: str
    price: float | Decimal
    timestamp: str
    volume: float | Decimal | None
    id: str | None

    @classmethod
    def of(cls, tick: PriceUpdate) -> "TickView":
        return cls(tick.symbol, tick.price, to_rfc3339(tick.timestamp_us), tick.volume, tick.id)


class TickPageView(View, frozen=True):
    """Ticks in order of arrival. nextCursor: for the next page, null on the last."""

    items: list[TickView]
    next_cursor: str | None


class ExplainedAnomalyView(View, frozen=True):
    """A spike with the ticks of its window, in order of arrival; the spike's own is the last of them.

    windowComplete: false where the log has let some of them go, or where there are more than 10,000.
    """

    id: str
    symbol: str
    direction: str
    reference_price: float | Decimal
    new_price: float | Decimal
    change_percent: float
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
    """What the price did from `start` on, for one interval.

    volume, vwap: null where no tick of it has a volume. closed: false while no later tick of the symbol has come.
    """

    symbol: str
    interval: str
    start: str
    open: float | Decimal
    high: float | Decimal
    low: float | Decimal
    close: float | Decimal
    volume: Decimal | None
    vwap: float | None
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
            candle.vwap,
            candle.count,
            candle.start_us + interval.width_us <= still_open_us,
        )


class CandlePageView(View, frozen=True):
    """Candles, old to new, without those in which nothing happened. nextCursor: for the next page, null on the last."""

    items: list[CandleView]
    next_cursor: str | None


class ErrorView(View, frozen=True, omit_defaults=True):
    """What is wrong with one field; with the tick's place in its batch, where there is one."""

    field: str
    code: str
    message: str
    index: int | msgspec.UnsetType = msgspec.UNSET

    @classmethod
    def of(cls, error: FieldError) -> "ErrorView":
        return cls(error.field, error.code, error.message, msgspec.UNSET if error.index is None else error.index)


class AcceptedView(View, frozen=True, omit_defaults=True):
    """Whether a tick was taken. duplicates: there where it was taken before."""

    accepted: int
    duplicates: int | msgspec.UnsetType = msgspec.UNSET


class BatchView(View, frozen=True):
    """How many ticks of a batch were taken, and what is wrong with the others (the first 100 errors).

    duplicates: ticks that had been taken before; there only where there are any.
    """

    accepted: int
    rejected: int
    errors: list[ErrorView]
    duplicates: int | msgspec.UnsetType = msgspec.UNSET

    @classmethod
    def of(cls, result: BatchResult) -> "BatchView":
        errors = [ErrorView.of(error) for error in result.errors]
        return cls(result.accepted, result.rejected, errors, result.duplicates or msgspec.UNSET)


class ProgressView(View, frozen=True):
    """What became of a stream of ticks so far."""

    accepted: int
    rejected: int


class LatencyView(View, frozen=True):
    """From accepted to processed, in milliseconds."""

    mean: float
    p50: float
    p99: float


class PartitionView(View, frozen=True):
    """One partition's queue and its worker."""

    partition: int
    queued: int
    capacity: int
    processed: int
    dropped: int
    failed: int
    restarts: int
    latency_ms: LatencyView

    @classmethod
    def of(cls, partition: PartitionStatistics) -> "PartitionView":
        latency = LatencyView(
            round(partition.latency_mean_ms, 4), round(partition.latency_p50_ms, 4), round(partition.latency_p99_ms, 4)
        )
        return cls(
            partition.partition,
            partition.queued,
            partition.capacity,
            partition.processed,
            partition.dropped,
            partition.failed,
            partition.restarts,
            latency,
        )


class ProcessingView(View, frozen=True):
    """The accounting: received = accepted + rejected + duplicates; accepted = processed + dropped + queued + failed."""

    received: int
    accepted: int
    rejected: int
    duplicates: int
    processed: int
    dropped: int
    queued: int
    failed: int
    late: int
    anomalies: int
    active_symbols: int
    throughput_per_second: float
    partitions: list[PartitionView]

    @classmethod
    def of(cls, statistics: ProcessingStatistics) -> "ProcessingView":
        return cls(
            statistics.received,
            statistics.accepted,
            statistics.rejected,
            statistics.duplicates,
            statistics.processed,
            statistics.dropped,
            statistics.queued,
            statistics.failed,
            statistics.late,
            statistics.anomalies,
            statistics.active_symbols,
            round(statistics.throughput_per_second, 1),
            [PartitionView.of(partition) for partition in statistics.partitions],
        )


class ProblemView(View, frozen=True):
    """An error, by RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    trace_id: str
    errors: list[ErrorView] | msgspec.UnsetType = msgspec.UNSET


class StatusView(View, frozen=True):
    """Yes, in a word."""

    status: str


class HealthView(View, frozen=True):
    """How the service is. engine: `compiled` or `interpreted`."""

    status: str
    version: str
    engine: str
    uptime_seconds: float
    checks: dict[str, str]
