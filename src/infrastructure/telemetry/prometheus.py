"""The Prometheus exposition."""

from collections.abc import Iterable

from prometheus_client import (
    CollectorRegistry,
    Gauge,
    PlatformCollector,
    ProcessCollector,
)
from prometheus_client.exposition import choose_encoder
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

    def render(self, accept: str) -> tuple[bytes, str]:
        """Return the metrics and their content type: OpenMetrics where `accept` asks for it, else Prometheus text."""
        encode, content_type = choose_encoder(accept)
        return encode(self._registry), content_type if "openmetrics" in content_type else CONTENT_TYPE
