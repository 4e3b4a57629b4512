"""Prometheus metrics of anomalies."""

from collections.abc import Iterable

from prometheus_client.core import CounterMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from domain.prices.price_anomaly import PriceAnomaly
from infrastructure.prices.recent_events import RecentEvents


class AnomalyCollector(Collector):
    def __init__(self, anomalies: RecentEvents[PriceAnomaly]) -> None:
        self._anomalies = anomalies

    def collect(self) -> Iterable[Metric]:
        family = CounterMetricFamily(
            "marketdata_anomalies", "Spikes seen, by direction and severity.", labels=("direction", "severity")
        )
        for (direction, severity), count in self._anomalies.counts.items():
            family.add_metric((direction.value, severity.value), count)
        yield family
