"""The Prometheus exposition."""

from collections.abc import Iterable

from prometheus_client import (
    CollectorRegistry,
    Gauge,
    PlatformCollector,
    ProcessCollector,
)
from prometheus_client.exposition import generate_latest
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.registry import Collector

from infrastructure.telemetry.loop_watch import LoopWatch

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class PrometheusExposition:
    """Renders the service's plain counters in the Prometheus text format. Label values are bounded."""

    def __init__(self, collectors: Iterable[Collector], loop_watch: LoopWatch) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        for collector in collectors:
            self._registry.register(collector)
        stall = Gauge(
            "marketdata_event_loop_stall_seconds",
            "The longest that the event loop kept a task waiting in the last 10 to 20 seconds.",
            registry=self._registry,
        )
        stall.set_function(loop_watch.longest_stall)

    def render(self, open_metrics: bool) -> tuple[bytes, str]:
        """Return the metrics and their content type: OpenMetrics or Prometheus text."""
        if open_metrics:
            body: bytes = openmetrics.generate_latest(self._registry)  # type: ignore[no-untyped-call]  # the library has no types there
            return body, openmetrics.CONTENT_TYPE_LATEST
        return generate_latest(self._registry), CONTENT_TYPE
