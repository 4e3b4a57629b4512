"""Counts the messages that come over MQTT, and logs what is wrong with the first of each kind."""

from collections import Counter
from collections.abc import Iterable

import structlog
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

_log = structlog.stdlib.get_logger(__name__)


class MqttMeter(Collector):
    """messages: taken. bad: those that could not be taken, by kind. retained: skipped, see `MqttFeed`.

    connected: whether there is a connection to the broker now. connections: so far.
    """

    def __init__(self) -> None:
        self.messages = 0
        self.retained = 0
        self.overflowed = 0
        self.connected = False
        self.connections = 0
        self.bad: Counter[str] = Counter()

    def refuse(self, kind: str, reason: str) -> None:
        """Count a bad message. reason: without anything of it, which is the sender's."""
        self.bad[kind] += 1
        if self.bad[kind] == 1:
            _log.warning("bad message over MQTT; more of this kind are only counted", kind=kind, reason=reason)

    def collect(self) -> Iterable[Metric]:
        yield CounterMetricFamily("marketdata_mqtt_messages", "Messages over MQTT.", self.messages)
        yield CounterMetricFamily(
            "marketdata_mqtt_retained", "Messages that the broker kept from before, which are skipped.", self.retained
        )
        yield CounterMetricFamily(
            "marketdata_mqtt_overflowed", "Messages of QoS 0 for which there was no room.", self.overflowed
        )
        bad = CounterMetricFamily("marketdata_mqtt_bad_messages", "Messages that are none, by kind.", labels=("kind",))
        for kind, count in self.bad.items():
            bad.add_metric((kind,), count)
        yield bad
        yield GaugeMetricFamily(
            "marketdata_mqtt_connected", "Whether there is a connection to the broker.", float(self.connected)
        )
        yield CounterMetricFamily("marketdata_mqtt_connections", "Connections to the broker so far.", self.connections)
