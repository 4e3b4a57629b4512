"""Prometheus metrics of a member of a cluster."""

from collections.abc import Iterable

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from infrastructure.cluster.member import Member
from infrastructure.telemetry.histogram import histogram


class ClusterCollector(Collector):
    def __init__(self, member: Member) -> None:
        self._member = member

    def collect(self) -> Iterable[Metric]:
        member = self._member
        lag = GaugeMetricFamily(
            "marketdata_cluster_lag_records", "Records of the log not published yet.", labels=("subject", "partition")
        )
        for subject in member.models:
            for index, position in enumerate(member.positions(subject)):
                if position is not None:
                    lag.add_metric((subject, str(index)), max(position.end_offset - position.offset, 0))
        yield lag
        if member.is_gateway:
            yield from self._of_gateway()
        if member.worker is not None:
            worker = member.worker
            owned = GaugeMetricFamily(
                "marketdata_cluster_owned_partitions", "Partitions of this worker.", labels=("subject",)
            )
            for subject in member.models:
                owned.add_metric((subject,), sum(each.subject.name == subject for each in worker.owned))
            yield owned
            yield CounterMetricFamily(
                "marketdata_cluster_worker_seconds", "Time of the worker's thread, without waits.", worker.seconds
            )
            yield CounterMetricFamily(
                "marketdata_cluster_partition_restarts",
                "Partitions that started over from a checkpoint, because what they had to publish was refused.",
                worker.restarts,
            )

    def _of_gateway(self) -> Iterable[Metric]:
        log, follower = self._member.log, self._member.follower
        yield GaugeMetricFamily(
            "marketdata_cluster_caught_up", "1 once the read model has caught up, else 0.", int(follower.has_caught_up)
        )
        yield GaugeMetricFamily(
            "marketdata_cluster_read_model_age_seconds",
            "By how much the read model is behind.",
            self._member.age_seconds(),
        )
        yield GaugeMetricFamily(
            "marketdata_cluster_unconfirmed_ticks", "Ticks that the brokers have not confirmed.", log.unconfirmed
        )
        yield CounterMetricFamily(
            "marketdata_cluster_confirmed_ticks", "Ticks that the brokers have confirmed.", log.confirmed
        )
        yield histogram(
            "marketdata_cluster_confirmation_seconds",
            "From a record written to its confirmation.",
            ("kind",),
            {("record",): log.latency},
        )
