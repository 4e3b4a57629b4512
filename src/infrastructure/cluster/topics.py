"""The topics of a cluster: their names, how they are created, and what a member checks before it starts."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from infrastructure.settings import Settings

_SECONDS = 15.0
_DAY_MS = 86_400_000
RECORD_BYTES_MAX = 16 * 1024 * 1024
# Compacted topics are read as a whole by whoever takes a partition over, so little may be left to compact.
_COMPACTED = {
    "cleanup.policy": "compact",
    "segment.bytes": str(16 * 1024 * 1024),
    "segment.ms": "60000",
    "min.cleanable.dirty.ratio": "0.1",
    "delete.retention.ms": "3600000",
    # The state of a key with the longest moving average, or with the most contracts.
    "max.message.bytes": str(RECORD_BYTES_MAX),
}
_OBSERVED = {
    "cleanup.policy": "delete",
    "retention.ms": "600000",
    "segment.ms": "600000",
    "max.message.bytes": str(RECORD_BYTES_MAX),
}


class ClusterRefused(Exception):
    """This process cannot be a member. The message says why, for the operator."""


@dataclass(frozen=True, slots=True)
class Topics:
    """name: of the cluster."""

    name: str

    def log(self, subject: str) -> str:
        """Observations as gateways took them, one record a batch."""
        return f"{self.name}.{subject}.log"

    def state(self, subject: str) -> str:
        """The read model: the latest snapshot of each key, and where each partition is."""
        return f"{self.name}.{subject}.state"

    def events(self, subject: str) -> str:
        return f"{self.name}.{subject}.events"

    def checkpoints(self, subject: str) -> str:
        """The full states that the next owner of a partition restores."""
        return f"{self.name}.{subject}.checkpoint"

    @property
    def observed(self) -> str:
        """Single observations for those who watch them, of the subjects that have such a channel; kept for minutes."""
        return f"{self.name}.observed"

    @property
    def rules(self) -> str:
        """The rules of all subjects, each as it was last changed."""
        return f"{self.name}.rules"

    @property
    def answers(self) -> str:
        """The requests with an Idempotency-Key."""
        return f"{self.name}.answers"

    def workers(self, subject: str) -> str:
        """The consumer group of the workers. One for each subject, so that the partitions of each are shared evenly."""
        return f"{self.name}.{subject}.workers"

    def transactional_id(self, subject: str, partition: int) -> str:
        return f"{self.name}.{subject}.{partition}"

    def of(self, subjects: Sequence[str]) -> Iterator[str]:
        """Every topic of some subjects."""
        for subject in subjects:
            yield from (self.log(subject), self.state(subject), self.events(subject), self.checkpoints(subject))
        yield from (self.observed, self.rules, self.answers)


def create_topics(
    admin: AdminClient, topics: Topics, subjects: Sequence[str], settings: Settings, replication_factor: int
) -> list[str]:
    """Create the topics that do not exist, and return their names.

    Raises:
        ClusterRefused: the brokers do not create one of them.
    """
    known = _partitions(admin)
    configurations = {
        topics.answers: _deleted(2 * settings.storage.ids_window_seconds / 86_400),
        topics.observed: _OBSERVED,
        # Which of two changes counts follows from all that came before.
        topics.rules: _deleted(0),
    }
    for subject in subjects:
        configurations[topics.log(subject)] = {
            **_deleted(settings.retention.ticks_days),
            # The time at which a record joins the log is what ids expire by, on every member alike.
            "message.timestamp.type": "LogAppendTime",
            "max.message.bytes": str(RECORD_BYTES_MAX),
        }
        configurations[topics.state(subject)] = _COMPACTED
        configurations[topics.checkpoints(subject)] = _COMPACTED
        events = _deleted(settings.retention.anomalies_days)
        configurations[topics.events(subject)] = {**events, "cleanup.policy": "compact,delete"}
    in_sync = {"min.insync.replicas": "2" if replication_factor >= 3 else "1"}
    missing = [name for name in topics.of(subjects) if name not in known]
    if not missing:
        return []
    made = admin.create_topics(
        [
            NewTopic(
                name, settings.processing.partitions, replication_factor, config={**configurations[name], **in_sync}
            )
            for name in missing
        ]
    )
    for name, creation in made.items():
        try:
            creation.result(_SECONDS)
        except KafkaException as error:
            raise ClusterRefused(f"topic {name} cannot be created: {error.args[0].str()}") from None
    return missing


def check_topics(admin: AdminClient, topics: Topics, subjects: Sequence[str], partitions: int) -> None:
    """Raises ClusterRefused if a topic is missing, or has another number of partitions."""
    known = _partitions(admin)
    for name in topics.of(subjects):
        if name not in known:
            raise ClusterRefused(f"topic {name} does not exist; `marketdata cluster create-topics` creates it")
        if known[name] != partitions:
            raise ClusterRefused(
                f"topic {name} has {known[name]} partitions, and processing.partitions is {partitions}: a key would "
                "have two owners"
            )


def _partitions(admin: AdminClient) -> dict[str, int]:
    """Return the number of partitions of every topic."""
    try:
        found = admin.list_topics(timeout=_SECONDS).topics
    except KafkaException as error:
        raise ClusterRefused(f"the brokers do not answer: {error.args[0].str()}") from None
    return {name: len(topic.partitions) for name, topic in found.items()}


def _deleted(days: float) -> dict[str, str]:
    """The configuration of a topic whose records are kept for some days; 0 is for ever."""
    retention_ms = max(math.ceil(days * _DAY_MS), 3_600_000) if days else -1
    return {"cleanup.policy": "delete", "retention.ms": str(retention_ms), "segment.ms": "600000"}
