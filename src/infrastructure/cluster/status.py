"""The state of a cluster, asked of the brokers alone: it works where no member does."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaException, TopicPartition

from infrastructure.cluster.clients import Clients
from infrastructure.cluster.owned_partition import read_to_end
from infrastructure.cluster.partition_state import latest
from infrastructure.cluster.records import POSITION, POSITIONS
from infrastructure.cluster.topics import ClusterRefused, Topics, check_topics
from infrastructure.settings import Settings
from infrastructure.subject import Subject

_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class PartitionStatus:
    """owner: the worker it is assigned to; empty if there is none. lag: records. age_seconds: of what is published."""

    subject: str
    partition: int
    owner: str
    lag: int
    age_seconds: float | None


@dataclass(frozen=True, slots=True)
class ClusterStatus:
    """state: of the group of workers of each subject. members: how many partitions each worker has."""

    states: dict[str, str]
    members: dict[str, int]
    partitions: list[PartitionStatus]


def read_status(clients: Clients, topics: Topics, subjects: Sequence[Subject], settings: Settings) -> ClusterStatus:
    """Raises ClusterRefused."""
    admin = clients.admin()
    check_topics(admin, topics, [subject.name for subject in subjects], settings.processing.partitions)
    try:
        states: dict[str, str] = {}
        owners: dict[tuple[str, int], str] = {}
        members: dict[str, int] = {}
        offsets: dict[tuple[str, int], int] = {}
        for subject in subjects:
            name = topics.workers(subject.name)
            group = admin.describe_consumer_groups([name])[name].result(_SECONDS)
            states[subject.name] = group.state.name.lower()
            for member in group.members:
                worker = str(member.group_instance_id or member.client_id)
                assigned = member.assignment.topic_partitions if member.assignment is not None else []
                members[worker] = members.get(worker, 0) + len(assigned)
                owners |= {(each.topic, each.partition): worker for each in assigned}
            # One group at a time, as the brokers have it.
            asked = ConsumerGroupTopicPartitions(name)
            committed = admin.list_consumer_group_offsets([asked])[name].result(_SECONDS).topic_partitions
            offsets |= {(each.topic, each.partition): each.offset for each in committed or ()}
        partitions = []
        reader = clients.reader()
        try:
            for subject in subjects:
                for index in range(settings.processing.partitions):
                    place = (topics.log(subject.name), index)
                    first, end = reader.get_watermark_offsets(TopicPartition(*place), timeout=_SECONDS)
                    entries = latest(read_to_end(reader, topics.state(subject.name), index))
                    position = POSITIONS.decode(entries[POSITION]) if POSITION in entries else None
                    age = None if position is None else max(time.time() - position.as_of_us / 1_000_000, 0.0)
                    lag = end - max(offsets.get(place, first), first)
                    partitions.append(PartitionStatus(subject.name, index, owners.get(place, ""), lag, age))
        finally:
            reader.close()
    except KafkaException as failure:
        raise ClusterRefused(f"the brokers do not answer: {failure.args[0].str()}") from None
    return ClusterStatus(states, members, partitions)
