"""Readings over MQTT, with a real broker that comes and goes."""

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import uvloop

from infrastructure.feeds.mqtt.broker_session import BrokerSession
from infrastructure.settings import MqttSettings
from support.canaries import CANARY
from support.mosquitto import PROGRAM, Machines, Mosquitto
from support.service import Service, eventually

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="mosquitto is not installed")
NOON = 1769860800000


@pytest.fixture
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    server = Mosquitto(tmp_path_factory.mktemp("mosquitto"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def listen(start: Callable[..., Service], broker: Mosquitto) -> Callable[..., Service]:
    """Starts services that listen to the broker, and waits until they do."""

    def starter(again: Service | None = None, **settings: str) -> Service:
        service = start(again=again, FEEDS__MQTT__URL=broker.url, **settings)
        eventually(lambda: metric(service, "marketdata_mqtt_connected") == 1)
        return service

    return starter


def metric(service: Service, name: str) -> float:
    lines = service.client.get("/metrics").text.splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith((f"{name} ", f"{name}{{")))


def sensor(service: Service, path: str) -> dict[str, Any]:
    answer = service.client.get(f"/api/machines/{path}")
    found: dict[str, Any] = answer.json() if answer.status_code == 200 else {}
    return found


def count(service: Service, path: str) -> int:
    found: int = sensor(service, path).get("count", 0)
    return found


def history(service: Service, path: str) -> list[float]:
    return [each["value"] for each in service.pages(f"/api/machines/{path}/history")]


def test_topic_names_the_sensor_and_the_payload_is_a_number_or_an_object(
    listen: Callable[..., Service], broker: Mosquitto
) -> None:
    service = listen()
    with Machines(broker) as machines:
        machines.say("cnc-001/temperature", "85.4")
        machines.say("cnc-001/temperature", b" -3e1\n", qos=0)
        stamped = {"value": "84.60", "unit": "°C", "quality": "uncertain", "timestamp": NOON, "id": "a"}
        machines.say("CNC-001/Temperature", stamped)
        machines.say("CNC-001/temperature", stamped)
        eventually(lambda: metric(service, "marketdata_mqtt_messages_total") == 4)
        found = eventually(lambda: (seen := sensor(service, "cnc-001/temperature")).get("count") == 3 and seen)
        assert (found["unit"], found["min"], found["max"]) == ("°C", -30.0, 85.4)
    assert sorted(history(service, "CNC-001/temperature")) == [-30.0, 84.6, 85.4]
    assert metric(service, "marketdata_readings_duplicates_total") == 1


def test_bad_messages_are_dead_letters_that_can_be_replayed(listen: Callable[..., Service], broker: Mosquitto) -> None:
    limited = {"FEEDS__MQTT__MAX_DEAD_LETTERS": "4", "READINGS__SENSOR_TYPES": '{"t":{"max":10}}'}
    service = listen(**limited)
    bad: list[tuple[str, Any]] = [
        ("A B/t", "1"),
        ("A/t", "NaN"),
        ("A/t", ""),
        ("A/t", {"value": 1, "machineId": "A"}),
        ("A/t", {"value": None}),
        ("A/t", {"value": 1, "timestamp": 5}),
        ("A/t", "11"),
    ]
    with Machines(broker) as machines:
        for name, payload in bad:
            machines.say_all(name, [payload])
        machines.say_all("A/t", ["1"])
    eventually(lambda: count(service, "A/t") == 1)
    assert metric(service, "marketdata_mqtt_bad_messages_total") == len(bad)
    path = "/api/readings/dead-letters"
    newest = service.client.get(path).json()
    assert (newest["total"], [each["payload"] for each in newest["items"]][:1]) == (4, ["11"])
    first = service.client.get(f"{path}?limit=3").json()
    rest = service.client.get(path, params={"cursor": first["nextCursor"]}).json()
    assert first["items"] + rest["items"] == newest["items"]
    assert newest["items"][0]["reason"] == "value must be at most 10 for sensors of the type t"
    dead_id = newest["items"][0]["id"]
    assert service.client.post(f"{path}/{dead_id}/replay").status_code == 400
    assert service.client.post(f"{path}/999/replay").status_code == 404
    assert service.terminate() == 0
    # The limit was wrong.
    again = listen(again=service, FEEDS__MQTT__MAX_DEAD_LETTERS="4")
    assert again.client.get(path).json() == newest
    assert again.client.post(f"{path}/{dead_id}/replay").status_code == 202
    assert eventually(lambda: sensor(again, "A/t").get("max") == 11.0)
    assert [each["id"] for each in again.client.get(path).json()["items"]] == [
        each["id"] for each in newest["items"][1:]
    ]


def test_what_comes_while_the_service_is_away_is_taken_when_it_is_back(
    listen: Callable[..., Service], broker: Mosquitto
) -> None:
    service = listen()
    with Machines(broker) as machines:
        machines.say_all("A/t", [1, 2])
        eventually(lambda: count(service, "A/t") == 2)
        assert service.terminate() == 0
        machines.say_all("A/t", [3, 4])
    again = listen(again=service)
    eventually(lambda: count(again, "A/t") == 4)
    assert history(again, "A/t") == [1.0, 2.0, 3.0, 4.0]


def test_broker_that_stops_comes_back_and_is_slow_loses_nothing(
    listen: Callable[..., Service], broker: Mosquitto
) -> None:
    service = listen(STORAGE__DURABILITY="sync")
    with Machines(broker) as machines:
        machines.say_all("A/t", list(range(50)))
    broker.stop()
    eventually(lambda: metric(service, "marketdata_mqtt_connected") == 0)
    broker.start()
    with Machines(broker) as machines:
        machines.say_all("A/t", list(range(50, 100)))
        eventually(lambda: count(service, "A/t") == 100, seconds=60)
        sent = [machines.say("A/t", at) for at in range(100, 150)]
        broker.pause()
        until = time.monotonic() + 0.5
        eventually(lambda: time.monotonic() > until)
        broker.go_on()
        for each in sent:
            each.wait_for_publish(20)
    eventually(lambda: count(service, "A/t") == 150, seconds=60)
    assert sorted(history(service, "A/t")) == [float(at) for at in range(150)]


def test_what_was_acknowledged_before_the_end_is_not_repeated_however_slow_the_broker_is(broker: Mosquitto) -> None:
    async def take(session: BrokerSession, number: int) -> list[bytes]:
        taken: list[bytes] = []
        while len(taken) < number:
            await session.wait()
            messages = session.take(number)
            session.acknowledge(messages)
            taken += [each.payload for each in messages]
        return taken

    async def main() -> None:
        settings = MqttSettings(url=broker.url)
        session = await BrokerSession(settings).__aenter__()
        with Machines(broker) as machines:
            await asyncio.to_thread(machines.say_all, "A/t", list(range(200)))
            broker.pause()
            sent = [machines.say("A/t", at) for at in range(200, 250)]
            await take(session, 200)
            leaving = asyncio.ensure_future(session.__aexit__(None, None, None))
            # Whoever does not wait for the broker is gone by then.
            await asyncio.wait([leaving], timeout=1)
            broker.go_on()
            await leaving
            for each in sent:
                await asyncio.to_thread(each.wait_for_publish, 20)
        async with BrokerSession(settings) as again:
            assert await take(again, 50) == [b"%d" % at for at in range(200, 250)]

    async def limited() -> None:
        await asyncio.wait_for(main(), 60)

    uvloop.run(limited())


def test_retained_messages_are_no_new_readings(listen: Callable[..., Service], broker: Mosquitto) -> None:
    with Machines(broker) as machines:
        machines.say("A/t", 1, retain=True).wait_for_publish(20)
        service = listen()
        eventually(lambda: metric(service, "marketdata_mqtt_retained_total") == 1)
        machines.say("A/t", 2, retain=True)
        eventually(lambda: count(service, "A/t") == 1)
    assert history(service, "A/t") == [2.0]


def some_are_taken(service: Service, least: int) -> None:
    eventually(lambda: metric(service, "marketdata_readings_processed_total") >= least)


def test_kills_under_load_lose_nothing_acknowledged_and_count_nothing_twice(
    listen: Callable[..., Service], broker: Mosquitto
) -> None:
    """Bare numbers, without times and ids: only what MQTT itself says tells a repetition from a reading."""
    kills, each = 20, 40
    service = listen(STORAGE__DURABILITY="sync")
    with Machines(broker) as machines:
        for number in range(kills):
            # The same value again and again too, which is no repetition.
            sent = [machines.say("A/t", at if at % 2 else -1) for at in range(number * each, (number + 1) * each)]
            some_are_taken(service, each // 4)
            service.kill()
            service = listen(again=service, STORAGE__DURABILITY="sync")
            for one in sent:
                one.wait_for_publish(20)
        eventually(lambda: count(service, "A/t") >= kills * each, seconds=60)
    wanted = sorted(float(at if at % 2 else -1) for at in range(kills * each))
    assert sorted(history(service, "A/t")) == wanted
    assert count(service, "A/t") == kills * each


def test_address_is_checked_and_secrets_are_not_told(tmp_path: Path, start: Callable[..., Service]) -> None:
    service = start(FEEDS__MQTT__URL="mqtt://127.0.0.1:1", FEEDS__MQTT__PASSWORD=CANARY)
    eventually(lambda: "no connection to the MQTT broker" in service.log.read_text())
    assert CANARY not in service.log.read_text()
    assert service.client.get("/health/ready").status_code == 200
