"""Clients of the brokers, as the settings want them: ordinary ones, because the asyncio classes have deadlocked."""

import logging
from typing import Any

from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient

from infrastructure.cluster.topics import RECORD_BYTES_MAX
from infrastructure.settings import Settings

_logger = logging.getLogger("kafka")


class Clients:
    """Makes clients for one member."""

    def __init__(self, settings: Settings) -> None:
        cluster = settings.cluster
        self._member = settings.member
        self._name = cluster.name
        self._session_ms = cluster.session_timeout_ms
        self._common: dict[str, Any] = {
            **{name: value.get_secret_value() for name, value in cluster.kafka.items()},
            "bootstrap.servers": cluster.brokers,
            "client.id": settings.member,
            "reconnect.backoff.max.ms": 1000,
        }

    def admin(self) -> AdminClient:
        return AdminClient(self._common, logger=_logger)

    def log_producer(self) -> Producer:
        """For the log: a record is written once, in order, and confirmed by all replicas in sync."""
        return Producer(
            {
                **self._common,
                "enable.idempotence": True,
                "acks": "all",
                "message.max.bytes": RECORD_BYTES_MAX,
                "compression.type": "lz4",
                "linger.ms": 2,
                # Until the brokers are back: the spool is bounded in observations.
                "message.timeout.ms": 0,
                "queue.buffering.max.messages": 0,
                "queue.buffering.max.kbytes": 2_097_151,
            },
            logger=_logger,
        )

    def owner_producer(self, transactional_id: str) -> Producer:
        """For what the owner of a partition publishes: nothing, once somebody else uses the id."""
        return Producer(
            {
                **self._common,
                "transactional.id": transactional_id,
                "transaction.timeout.ms": 60_000,
                "message.max.bytes": RECORD_BYTES_MAX,
                "compression.type": "lz4",
                "linger.ms": 0,
                "queue.buffering.max.messages": 0,
            },
            logger=_logger,
        )

    def worker_consumer(self, group: str) -> Consumer:
        """For the log, in the group that shares its partitions."""
        return Consumer(
            {
                **self._of_group(group),
                # A member that comes back in time gets its partitions back, and nobody else moves.
                "group.instance.id": self._member,
                "enable.auto.offset.store": False,
                "auto.offset.reset": "error",
                "queued.max.messages.kbytes": 16_384,
            },
            logger=_logger,
        )

    def visitor(self, group: str) -> Consumer:
        """A member of the group that leaves it when it is closed."""
        return Consumer(self._of_group(group), logger=_logger)

    def reader(self) -> Consumer:
        """For whole partitions of compacted topics: what is committed, and a sign at the end."""
        return Consumer(
            {
                **self._common,
                "group.id": f"{self._name}.readers",
                "isolation.level": "read_committed",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "auto.offset.reset": "earliest",
                "fetch.wait.max.ms": 100,
                "queued.max.messages.kbytes": 16_384,
            },
            logger=_logger,
        )

    def _of_group(self, group: str) -> dict[str, Any]:
        return {
            **self._common,
            "group.id": group,
            "partition.assignment.strategy": "cooperative-sticky",
            "session.timeout.ms": self._session_ms,
            "heartbeat.interval.ms": self._session_ms // 4,
            "enable.auto.commit": False,
        }
