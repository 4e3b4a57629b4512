"""Prometheus metrics of rules and alerts."""

from collections.abc import Iterable

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from infrastructure.rules.alert_feed import AlertFeed
from infrastructure.rules.registry import RuleRegistry


class AlertCollector(Collector):
    def __init__(self, registry: RuleRegistry, feed: AlertFeed) -> None:
        self._registry = registry
        self._feed = feed

    def collect(self) -> Iterable[Metric]:
        yield GaugeMetricFamily("marketdata_rules", "Rules, switched off ones included.", len(self._registry.rules))
        family = CounterMetricFamily("marketdata_alert_changes", "Changes of alerts, by kind.", labels=("change",))
        for change, count in sorted(self._feed.changes.items()):
            family.add_metric((change,), count)
        yield family
