"""Prometheus metrics of anomalies."""

from collections.abc import Iterable

from prometheus_client.core import CounterMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from infrastructure.prices.in_memory_anomalies import InMemoryAnomalyRepository


class AnomalyCollector(Collector):
    def __init__(self, anomalies: InMemoryAnomalyRepository) -> None:
        self._anomalies = anomalies

    def collect(self) -> Iterable[Metric]:
        family = CounterMetricFamily(
            "marketdata_anomalies", "Spikes seen, by direction and severity.", labels=("direction", "severity")
        )
        for (direction, severity), count in self._anomalies.counts.items():
            family.add_metric((direction.value, severity.value), count)
        yield family
