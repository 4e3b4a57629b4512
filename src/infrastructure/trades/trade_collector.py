"""Prometheus metrics of trades, under the names that dashboards of trading systems query."""

from collections.abc import Iterable

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from domain.trades.trade_statistics import TradeStatistics
from domain.trades.trade_totals import TradeTotals
from infrastructure.processing.snapshots import Snapshots


class TradeCollector(Collector):
    """Counts and volumes are over all symbols; the analysis is that of the default symbol.

    default_symbol: of trades that name none, as those of the publishers that these dashboards are of.
    """

    def __init__(self, totals: TradeTotals, snapshots: Snapshots, default_symbol: str) -> None:
        self._totals = totals
        self._snapshots = snapshots
        self._default_symbol = default_symbol

    def collect(self) -> Iterable[Metric]:
        totals = self._totals
        count = CounterMetricFamily("trades", "Trades, by side.", labels=("side",))
        count.add_metric(("buy",), int(totals.buy_count))
        count.add_metric(("sell",), int(totals.sell_count))
        volume = CounterMetricFamily("volume", "Traded quantity, by side.", labels=("side",))
        volume.add_metric(("buy",), float(totals.bought.value))
        volume.add_metric(("sell",), float(totals.sold.value))
        yield from (count, volume)
        yield GaugeMetricFamily(
            "last_trade_ts_seconds",
            "Time of the newest trade, in seconds since the Unix epoch; 0 before the first.",
            totals.newest_us / 1_000_000,
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
