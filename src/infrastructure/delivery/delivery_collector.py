"""Prometheus metrics of deliveries."""

from collections.abc import Iterable, Sequence

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from infrastructure.delivery.breaker import BreakerState
from infrastructure.delivery.dispatcher import Dispatcher

_OUTCOMES = ("delivered", "failed", "dead")


class DeliveryCollector(Collector):
    def __init__(self, dispatchers: Sequence[Dispatcher]) -> None:
        self._dispatchers = dispatchers

    def collect(self) -> Iterable[Metric]:
        if not self._dispatchers:
            return
        attempts = CounterMetricFamily(
            "marketdata_deliveries", "Attempts to deliver alerts, by outcome.", labels=("channel", "outcome")
        )
        waiting = GaugeMetricFamily("marketdata_deliveries_waiting", "Deliveries that wait.", labels=("channel",))
        broken = GaugeMetricFamily(
            "marketdata_delivery_breaker_open", "1 while a channel is left alone.", labels=("channel",)
        )
        for each in self._dispatchers:
            for outcome in _OUTCOMES:
                attempts.add_metric((each.name, outcome), each.outcomes[outcome])
            waiting.add_metric((each.name,), each.waiting)
            broken.add_metric((each.name,), each.breaker.state is not BreakerState.CLOSED)
        yield from (attempts, waiting, broken)
