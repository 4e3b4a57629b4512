"""A worker that dies at the moment when it is to hand partitions over: `python -m support.worker_killed_at_handover`.

Its settings come from the environment. It says when it has partitions.
"""

import os

from confluent_kafka import Consumer, TopicPartition

from infrastructure.cluster.clients import Clients
from infrastructure.cluster.topics import Topics
from infrastructure.settings_loader import load_settings


def die(_consumer: Consumer, _partitions: list[TopicPartition]) -> None:
    os._exit(1)


def own(consumer: Consumer, partitions: list[TopicPartition]) -> None:
    consumer.incremental_assign(partitions)
    print(len(partitions), flush=True)  # noqa: T201  # for the test


if __name__ == "__main__":
    settings = load_settings().settings
    topics = Topics(settings.cluster.name)
    worker = Clients(settings).worker_consumer(topics.workers("prices"))
    worker.subscribe([topics.log("prices")], on_assign=own, on_revoke=die)
    while True:
        worker.poll(0.1)
