"""Trades and their statistics."""

from decimal import Decimal

from api.timestamps import to_rfc3339
from api.views.view import View, significant
from domain.bars import Interval
from domain.trades.latency_histogram import LatencySummary
from domain.trades.trade import Trade
from domain.trades.trade_candle import TradeCandle
from domain.trades.trade_statistics import QuantitySummary, TradeStatistics


class QuantityView(View, frozen=True):
    """The last quantities of a symbol, `count` of them. std: the population standard deviation."""

    mean: float | Decimal
    std: float | Decimal
    max: float | Decimal
    count: int

    @classmethod
    def of(cls, summary: QuantitySummary) -> "QuantityView":
        return cls(significant(summary.mean), significant(summary.deviation), _plain(summary.max), summary.count)


class TradeLatencyView(View, frozen=True):
    """From sending to receipt, in microseconds. negative: how many were, of senders whose clock is ahead."""

    count: int
    min: int
    mean: float | Decimal
    p50: int
    p95: int
    p99: int
    max: int
    negative: int

    @classmethod
    def of(cls, summary: LatencySummary) -> "TradeLatencyView":
        return cls(
            summary.count,
            summary.min,
            significant(summary.mean),
            summary.p50,
            summary.p95,
            summary.p99,
            summary.max,
            summary.negative,
        )


class TradeStatisticsView(View, frozen=True):
    """The statistics of the trades of one symbol.

    vwap, lastPrice: null if no trade had a price. imbalance: (buy - sell) / (buy + sell) volume, over the trades of
    `quantity`. tradesPerSecond: over the last ten seconds of the symbol's own time.
    """

    symbol: str
    trade_count: int
    buy_count: int
    sell_count: int
    buy_volume: float | Decimal
    sell_volume: float | Decimal
    total_volume: float | Decimal
    vwap: float | Decimal | None
    last_price: float | Decimal | None
    last_quantity: float | Decimal
    last_trade_time: str
    quantity: QuantityView
    imbalance: float | Decimal
    trades_per_second: float | Decimal
    latency_micros: TradeLatencyView

    @classmethod
    def of(cls, statistics: TradeStatistics) -> "TradeStatisticsView":
        return cls(
            statistics.symbol,
            statistics.trade_count,
            statistics.buy_count,
            statistics.sell_count,
            _plain(statistics.buy_volume),
            _plain(statistics.sell_volume),
            _plain(statistics.total_volume),
            None if statistics.vwap is None else significant(statistics.vwap),
            statistics.last_price,
            statistics.last_quantity,
            to_rfc3339(statistics.last_trade_us),
            QuantityView.of(statistics.quantity),
            significant(statistics.imbalance),
            statistics.per_second,
            TradeLatencyView.of(statistics.latency),
        )


class TradeStatisticsPageView(View, frozen=True):
    """Statistics sorted by symbol. nextCursor: for the next page, null on the last."""

    items: list[TradeStatisticsView]
    total: int
    next_cursor: str | None


class TradeView(View, frozen=True):
    """A trade as accepted; what it does not have is null. latencyMicros: from sending to receipt."""

    symbol: str
    side: str
    quantity: float | Decimal
    price: float | Decimal | None
    venue: str | None
    timestamp: str
    latency_micros: int | None
    id: str | None

    @classmethod
    def of(cls, trade: Trade) -> "TradeView":
        return cls(
            trade.symbol,
            trade.side.value,
            trade.quantity,
            trade.price,
            trade.venue,
            to_rfc3339(trade.timestamp_us),
            trade.latency_us,
            trade.id,
        )


class TradePageView(View, frozen=True):
    """Trades in order of arrival, or newest first. nextCursor: for the next page, null on the last."""

    items: list[TradeView]
    next_cursor: str | None


class TradeCandleView(View, frozen=True):
    """The trades of one interval from `start` on.

    open, high, low, close: null if none of them has a price. closed: false until a trade after its end arrives.
    """

    symbol: str
    interval: str
    start: str
    open: float | Decimal | None
    high: float | Decimal | None
    low: float | Decimal | None
    close: float | Decimal | None
    buy_volume: float | Decimal
    sell_volume: float | Decimal
    count: int
    closed: bool

    @classmethod
    def of(cls, candle: TradeCandle, symbol: str, interval: Interval, still_open_us: int) -> "TradeCandleView":
        return cls(
            symbol,
            interval.value,
            to_rfc3339(candle.start_us),
            candle.open,
            candle.high,
            candle.low,
            candle.close,
            _plain(candle.bought.value),
            _plain(candle.sold.value),
            candle.count,
            candle.start_us + interval.width_us <= still_open_us,
        )


class TradeCandlePageView(View, frozen=True):
    """Candles, oldest or newest first; empty ones are left out. nextCursor: for the next page, null on the last."""

    items: list[TradeCandleView]
    next_cursor: str | None


def _plain(number: Decimal) -> Decimal:
    """Without trailing zeros and exponent."""
    text = format(number, "f")
    return Decimal(text.rstrip("0").rstrip(".") if "." in text else text)
