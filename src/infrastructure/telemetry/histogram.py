"""Latencies as Prometheus histograms."""

from collections.abc import Mapping
from typing import Any

from prometheus_client.core import HistogramMetricFamily
from prometheus_client.metrics_core import Metric

from infrastructure.processing.latency import BOUNDS_SECONDS, Latency


def histogram(name: str, help_text: str, labels: tuple[str, ...], latencies: Mapping[Any, Latency]) -> Metric:
    """Return a family of histograms, by label values."""
    family = HistogramMetricFamily(name, help_text, labels=labels)
    bounds = [*map(str, BOUNDS_SECONDS), "+Inf"]
    for values, latency in latencies.items():
        total = 0
        buckets = []
        for bound, count in zip(bounds, latency.counts, strict=True):
            total += count
            buckets.append((bound, total))
        family.add_metric(values, buckets, latency.sum_seconds)
    return family
