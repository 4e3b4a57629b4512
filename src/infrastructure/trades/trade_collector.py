"""Prometheus metrics of trades, under the names that dashboards of trading systems query."""

from collections.abc import Iterable, Sequence

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from domain.book import Book
from domain.trades.trade_book import TradeBook
from domain.trades.trade_statistics import TradeStatistics
from infrastructure.processing.snapshots import Snapshots


class TradeCollector(Collector):
    """Counts and volumes are over all symbols; the analysis is that of the default symbol.

    default_symbol: of trades that name none, as those of the publishers that these dashboards are of.
    """

    def __init__(self, books: Sequence[Book], snapshots: Snapshots, default_symbol: str) -> None:
        self._books = [book for book in books if isinstance(book, TradeBook)]
        self._snapshots = snapshots
        self._default_symbol = default_symbol

    def collect(self) -> Iterable[Metric]:
        totals = [book.totals for book in self._books]
        count = CounterMetricFamily("trades", "Trades, by side.", labels=("side",))
        count.add_metric(("buy",), sum(each.buy_count for each in totals))
        count.add_metric(("sell",), sum(each.sell_count for each in totals))
        volume = CounterMetricFamily("volume", "Traded quantity, by side.", labels=("side",))
        volume.add_metric(("buy",), float(sum(each.bought.value for each in totals)))
        volume.add_metric(("sell",), float(sum(each.sold.value for each in totals)))
        yield from (count, volume)
        newest_us = max((each.newest_us for each in totals), default=0)
        yield GaugeMetricFamily(
            "last_trade_ts_seconds",
            "Time of the newest trade, in seconds since the Unix epoch; 0 before the first.",
            max(newest_us, 0) / 1_000_000,
        )
        found: TradeStatistics | None = self._snapshots.snapshot(self._default_symbol)
        mean, deviation, bought = (
            (0.0, 0.0, 0.0)
            if found is None
            else (found.quantity.mean, found.quantity.deviation, float(found.window_bought))
        )
        yield GaugeMetricFamily("analysis_mean_qty", "Mean of the last quantities.", mean)
        yield GaugeMetricFamily("analysis_qty_std", "Their population standard deviation.", deviation)
        yield GaugeMetricFamily("analysis_buy_volume", "What was bought of them.", bought)
