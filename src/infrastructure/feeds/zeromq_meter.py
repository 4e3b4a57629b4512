"""Counts the messages that come over ZeroMQ, and logs what is wrong with the first of each kind."""

from collections import Counter
from collections.abc import Iterable

import structlog
from prometheus_client.core import CounterMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

_log = structlog.stdlib.get_logger(__name__)


class ZeroMqMeter(Collector):
    """messages: by type. bad: those that could not be taken, by kind. Both have few values, whatever comes."""

    def __init__(self) -> None:
        self.messages: Counter[str] = Counter()
        self.bad: Counter[str] = Counter()

    def refuse(self, kind: str, reason: str, count: int = 1) -> None:
        """Count bad messages. reason: without anything of them, which is the sender's."""
        self.bad[kind] += count
        if self.bad[kind] == count:
            _log.warning("bad message over ZeroMQ; more of this kind are only counted", kind=kind, reason=reason)

    def collect(self) -> Iterable[Metric]:
        taken = CounterMetricFamily("marketdata_zeromq_messages", "Messages over ZeroMQ, by type.", labels=("type",))
        for name, count in self.messages.items():
            taken.add_metric((name,), count)
        bad = CounterMetricFamily(
            "marketdata_zeromq_bad_messages", "Messages that are none, by kind.", labels=("kind",)
        )
        for kind, count in self.bad.items():
            bad.add_metric((kind,), count)
        yield taken
        yield bad
