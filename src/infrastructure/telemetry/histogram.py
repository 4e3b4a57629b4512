"""Latencies as Prometheus histograms."""

from collections.abc import Mapping
from typing import Any

from prometheus_client.core import HistogramMetricFamily
from prometheus_client.metrics_core import Metric

from infrastructure.processing.latency import BOUNDS_SECONDS, Latency

# Of the bounds that are counted, those that are exposed: every one is a line for every label value.
_EXPOSED = frozenset((0.001, 0.005, 0.025, 0.25))


def histogram(name: str, help_text: str, labels: tuple[str, ...], latencies: Mapping[Any, Latency]) -> Metric:
    """Return a family of histograms, by label values."""
    family = HistogramMetricFamily(name, help_text, labels=labels)
    for values, latency in latencies.items():
        total = 0
        buckets = []
        for bound, count in zip(BOUNDS_SECONDS, latency.counts, strict=False):
            total += count
            if bound in _EXPOSED:
                buckets.append((str(bound), total))
        buckets.append(("+Inf", latency.count))
        family.add_metric(values, buckets, latency.sum_seconds)
    return family
