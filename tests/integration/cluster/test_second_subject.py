"""A subject that the service has never heard of runs on a cluster as it is."""

from collections.abc import Iterator

import pytest
from deploy.kafka.broker import Brokers

from support.cluster import Cluster, ready
from support.counters.service import CountingService
from support.service import Service, eventually
from support.watcher import Watcher

DURABLE = {"Prefer": "durable"}
T0 = 1769860800000


@pytest.fixture
def cluster(brokers: Brokers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    directory = tmp_path_factory.mktemp("counters")
    with Cluster(directory, brokers, partitions=2, kind=CountingService, more_subjects=("counters",)) as made:
        made.start("gateway", "gateway")
        made.start("worker", "worker")
        for member in made.members.values():
            ready(member)
        yield made


def count(service: Service, amount: int, number: int) -> None:
    body = [{"counter": "A", "amount": amount, "timestamp": T0 + number, "id": str(number)}]
    answer = service.client.post("/api/counters", json=body, headers=DURABLE)
    assert (answer.status_code, answer.json()["accepted"]) == (200, 1)


def total(service: Service) -> int:
    answer = service.client.get("/api/counters/A")
    return int(answer.json()["total"]) if answer.status_code == 200 else 0


def test_counters_are_counted_watched_and_recovered(cluster: Cluster) -> None:
    gateway = cluster.members["gateway"]
    with Watcher(gateway) as watcher:
        watcher.say("subscribe", symbols=["*"], channels=["counters", "milestones"])
        watcher.until("subscribed")
        count(gateway, 4, 0)
        count(gateway, 7, 1)
        assert watcher.until("milestone")["milestone"] == {"counter": "A", "total": 11}
    eventually(lambda: total(gateway) == 11)
    cluster.members["worker"].kill()
    count(gateway, 5, 2)
    count(gateway, 7, 1)
    ready(cluster.start("worker", "worker"))
    # Once each, whoever had applied it before.
    eventually(lambda: total(gateway) == 16, 60)
    lines = gateway.client.get("/metrics").text.splitlines()
    eventually(lambda: any(line.startswith("marketdata_counts_processed_total") for line in lines))
