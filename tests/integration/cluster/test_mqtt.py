"""Readings over MQTT to a gateway of a cluster: what the broker repeats counts once."""

from collections.abc import Callable

import pytest
from deploy.kafka.broker import Brokers

from support.cluster import Cluster, ready
from support.mosquitto import PROGRAM, Machines, Mosquitto
from support.service import Service, eventually

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="mosquitto is not installed")


def count(service: Service, sensor: str = "speed") -> int:
    answer = service.client.get(f"/api/machines/M1/{sensor}")
    return int(answer.json()["count"]) if answer.status_code == 200 else 0


def listens(gateway: Service) -> None:
    """Wait until the broker keeps what comes for the gateway."""
    ready(gateway)
    eventually(lambda: "\nmarketdata_mqtt_connected 1.0\n" in gateway.client.get("/metrics").text)


def all_counted(service: Service, number: int, sensor: str = "speed") -> None:
    """Wait until so many are, and see that there are no more."""
    eventually(lambda: count(service, sensor) >= number, 60)
    assert count(service, sensor) == number


def test_messages_of_a_broker_that_comes_and_goes_are_counted_once(
    brokers: Brokers, cluster: Callable[..., Cluster], tmp_path_factory: pytest.TempPathFactory
) -> None:
    broker = Mosquitto(tmp_path_factory.mktemp("mosquitto"))
    broker.start()
    made = cluster(brokers, partitions=2)
    listening = {"FEEDS__MQTT__URL": broker.url, "STORAGE__DURABILITY": "sync"}
    gateway = made.start("gateway", "gateway", **listening)
    other, _ = made.start("other", "gateway"), made.start("worker", "worker")
    for member in made.members.values():
        ready(member)
    listens(gateway)
    try:
        for round_ in range(3):
            with Machines(broker) as machines:
                # One value again and again is as many readings.
                machines.say_all("M1/speed", [7.5 + round_] * 200)
                machines.say_all("M1/speed", ["nonsense"])
            broker.stop()
            broker.start()
            all_counted(other, (round_ + 1) * 200)
        # What is none is kept by the gateway that it came to.
        letters = gateway.client.get("/api/readings/dead-letters").json()
        assert {letter["reason"] for letter in letters["items"]} == {"value must be a decimal number"}
        # Behind everything that the broker may repeat.
        with Machines(broker) as machines:
            machines.say_all("M1/mark", [1])
        all_counted(other, 1, "mark")
        all_counted(other, 600)
        # It goes on after a restart, with what has waited for it.
        assert gateway.terminate() == 0
        with Machines(broker) as machines:
            machines.say_all("M1/speed", [0.5] * 50)
        listens(made.start("gateway", "gateway", **listening))
        all_counted(other, 650)
    finally:
        broker.stop()
