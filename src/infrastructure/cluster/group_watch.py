"""Looks whether every partition of a subject has an owner in the group of its workers.

A worker that is killed while it hands partitions over, and is back in time, is given what it would have kept: the
brokers see no reason to share anew, and what it would have handed over belongs to nobody, for ever.
"""

import threading
import time

import structlog
from confluent_kafka import Consumer, ConsumerGroupState, KafkaException, TopicPartition

from infrastructure.cluster.clients import Clients

_SECONDS = 15.0
_JOIN_SECONDS = 60.0
_POLL_SECONDS = 0.1
# The group is given the time of one look to come to rest by itself.
_LOOKS = 2

_log = structlog.stdlib.get_logger(__name__)


class GroupWatch:
    """group: of the workers. topic, partitions: that it shares. member: this one. other_topic: that no worker reads."""

    def __init__(
        self, clients: Clients, group: str, topic: str, partitions: int, member: str, other_topic: str
    ) -> None:
        self._clients = clients
        self._group = group
        self._topic = topic
        self._partitions = partitions
        self._member = member
        self._other_topic = other_topic
        self._admin = clients.admin()
        self._looks = 0

    def look(self, stopping: threading.Event) -> None:
        """Let the group share its partitions anew, if some have had no owner for two looks. Blocks."""
        try:
            group = self._admin.describe_consumer_groups([self._group])[self._group].result(_SECONDS)
        except KafkaException:
            # Others report that the brokers are away.
            return
        assigned, names = 0, []
        for member in group.members:
            owned = member.assignment.topic_partitions if member.assignment is not None else []
            names.append(str(member.group_instance_id or member.client_id))
            assigned += sum(each.topic == self._topic for each in owned)
        is_whole = group.state != ConsumerGroupState.STABLE or assigned >= self._partitions
        # One of the members is enough.
        if is_whole or self._member != min(names, default=""):
            self._looks = 0
            return
        self._looks += 1
        if self._looks >= _LOOKS:
            self._looks = 0
            _log.warning("partitions have no owner", group=self._group, partitions=self._partitions - assigned)
            self._join_and_leave(stopping)

    def _join_and_leave(self, stopping: threading.Event) -> None:
        """A member that comes and goes makes the group share."""
        joined = threading.Event()

        def on_assign(consumer: Consumer, partitions: list[TopicPartition]) -> None:
            joined.set()

        visitor = self._clients.visitor(self._group)
        try:
            visitor.subscribe([self._other_topic], on_assign=on_assign)
            deadline = time.monotonic() + _JOIN_SECONDS
            while not joined.is_set() and not stopping.is_set() and time.monotonic() < deadline:
                visitor.poll(_POLL_SECONDS)
        finally:
            visitor.close()
