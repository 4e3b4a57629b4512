"""Rules on a cluster: made at any gateway, in force with every owner, and each alert raised and delivered once."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

from deploy.kafka.broker import Brokers

from support.cluster import Cluster, ready
from support.postgres import Postgres
from support.receiver import Receiver
from support.service import Service, eventually
from support.watcher import Watcher

DURABLE = {"Prefer": "durable"}
T0 = 1769860800000
SYMBOLS = [f"R{number}" for number in range(6)]
HIGH = {
    "id": "high",
    "name": "High",
    "subject": "prices",
    "keys": ["R*"],
    "severity": "critical",
    "condition": {"level": {"above": 102}},
    "cooldownSeconds": 0,
}


def started(made: Cluster, *members: tuple[str, str]) -> list[Service]:
    for name, role in members:
        made.start(name, role)
    for member in made.members.values():
        ready(member)
    return [made.members[name] for name, role in members if role != "worker"]


def prices(number: int) -> list[dict[str, Any]]:
    """Up and down, so that alerts come and go; each with an id."""
    return [
        {"symbol": symbol, "price": 100 + (number + at) % 5, "timestamp": T0 + number * 1000 + at, "id": str(number)}
        for at, symbol in enumerate(SYMBOLS)
    ]


def post(service: Service, path: str, body: Any) -> None:
    answer = service.client.post(path, json=body, headers=DURABLE)
    assert answer.status_code in (200, 201), answer.text


def alerts(service: Service, **filters: str) -> list[dict[str, Any]]:
    return sorted(service.pages("/api/alerts", **filters), key=lambda alert: str(alert["id"]))


def knows(service: Service, expected: list[dict[str, Any]]) -> bool:
    return alerts(service) == expected


def is_stale(service: Service, machine: str) -> bool:
    return bool(service.client.get(f"/api/machines/{machine}").json().get("status") == "stale")


def test_alerts_are_those_of_one_process_whoever_is_killed(
    brokers: Brokers, cluster: Callable[..., Cluster], postgres: Postgres, start: Callable[..., Service]
) -> None:
    alone = start(PROCESSING__FULL_MODE="wait")
    post(alone, "/api/rules", HIGH)
    for number in range(12):
        post(alone, "/api/prices/batch", prices(number))
    alone.settled()
    expected = alerts(alone)
    assert len(expected) > 10
    made = cluster(brokers, STORAGE__URL=postgres.database("ruled"))
    gateways = started(
        made, ("gateway-1", "gateway"), ("gateway-2", "gateway"), ("worker-1", "worker"), ("worker-2", "worker")
    )
    # Made at one, and known at the other once it is in force.
    post(gateways[0], "/api/rules", HIGH)
    eventually(lambda: gateways[1].client.get("/api/rules/high").json().get("revision") == 1)
    for number in range(4):
        post(gateways[number % 2], "/api/prices/batch", prices(number))
    made.members["worker-1"].kill()
    for number in range(3, 8):
        post(gateways[number % 2], "/api/prices/batch", prices(number))
    ready(made.start("worker-1", "worker"))
    for number in range(7, 12):
        post(gateways[number % 2], "/api/prices/batch", prices(number))
    for gateway in gateways:
        eventually(partial(knows, gateway, expected), 90)
    published = [name for name in made.events() if name.startswith("Alert ")]
    changes = sum(1 if alert["state"] == "raised" else 2 for alert in expected)
    # Each change once: raised, and resolved.
    assert len(published) == changes
    assert {name.split()[1] for name in published} == {alert["id"] for alert in expected}
    # One that knows only what is published and stored.
    late = made.start("late", "gateway")
    ready(late)
    assert alerts(late) == expected
    assert late.client.get("/api/rules").json()["items"][0]["id"] == "high"


def test_an_alert_is_acknowledged_and_resolved_at_any_gateway(
    brokers: Brokers, cluster: Callable[..., Cluster]
) -> None:
    first, second = started(
        cluster(brokers, partitions=2), ("gateway-1", "gateway"), ("gateway-2", "gateway"), ("worker", "worker")
    )
    post(first, "/api/rules", HIGH)
    with Watcher(first) as here, Watcher(second) as there:
        for watcher in (here, there):
            watcher.say("subscribe", symbols=["*"], channels=["alerts"])
            watcher.until("subscribed")
        post(first, "/api/prices", {"symbol": "R1", "price": 105, "timestamp": T0})
        raised = [watcher.until("alert")["alert"] for watcher in (here, there)]
        assert raised[0] == raised[1]
        path = f"/api/alerts/{raised[0]['id']}"
        answer = second.client.post(f"{path}/acknowledge")
        assert (answer.status_code, answer.json()["state"]) == (200, "acknowledged")
        assert here.until("alert")["alert"]["state"] == "acknowledged"
        assert there.until("alert")["alert"]["state"] == "acknowledged"
        assert first.client.post(f"{path}/acknowledge").status_code == 409
        assert first.client.post(f"{path}/resolve").json()["state"] == "resolved"
        assert there.until("alert")["alert"]["state"] == "resolved"
        assert second.client.post(f"{path}/resolve").status_code == 409
    # It was resolved by hand: not raised again, and one of another key is.
    post(first, "/api/prices", {"symbol": "R1", "price": 106, "timestamp": T0 + 1})
    post(second, "/api/prices", {"symbol": "R2", "price": 106, "timestamp": T0 + 1})
    eventually(lambda: [each["key"] for each in alerts(second, state="raised")] == ["R2"])
    # Of two who have read the same rule, one changes it.
    higher = {**HIGH, "condition": {"level": {"above": 103}}}
    changed = [each.client.put("/api/rules/high", json=higher, headers={"If-Match": '"1"'}) for each in (first, second)]
    assert sorted(answer.status_code for answer in changed) == [200, 409], [answer.text for answer in changed]
    assert second.client.post("/api/rules", json=HIGH).status_code == 409
    # Without its rule no alert stays open.
    assert second.client.delete("/api/rules/high").status_code == 204
    assert first.client.get("/api/rules/high").status_code == 404
    eventually(lambda: alerts(first, state="raised") == [])


def test_silence_is_noticed_and_shows_in_the_state_of_a_machine(
    brokers: Brokers, cluster: Callable[..., Cluster], postgres: Postgres
) -> None:
    made = cluster(brokers, partitions=2, STORAGE__URL=postgres.database("silent"))
    gateway, _ = started(made, ("gateway", "gateway"), ("other", "gateway"), ("worker", "worker"))
    # Those that there are from the start.
    standard = ["readings-deviation", "readings-stale"]
    eventually(lambda: [each["id"] for each in gateway.client.get("/api/rules").json()["items"]] == standard)
    silent = {
        "id": "silent",
        "name": "S",
        "subject": "readings",
        "keys": ["M1*"],
        "condition": {"stale": {"afterSeconds": 0.5}},
    }
    post(gateway, "/api/rules", silent)
    post(gateway, "/api/readings", {"machineId": "M1", "sensorType": "speed", "value": 1})
    for member in (gateway, made.members["other"]):
        eventually(partial(is_stale, member, "M1"), 60)
    made.members["worker"].kill()
    post(gateway, "/api/readings", {"machineId": "M1", "sensorType": "speed", "value": 1})
    ready(made.start("worker", "worker"))
    eventually(lambda: len(alerts(gateway, ruleId="silent")) == 2, 90)
    # They are stored, although no reading came with them.
    forgetful = made.start("forgetful", "gateway", PROCESSING__RECENT_ANOMALIES_CAPACITY="1")
    ready(forgetful)
    eventually(lambda: alerts(forgetful, ruleId="silent") == alerts(gateway, ruleId="silent"), 60)


async def test_one_member_delivers_and_another_one_when_it_is_gone(
    brokers: Brokers, cluster: Callable[..., Cluster], postgres: Postgres
) -> None:
    async with Receiver() as receiver:
        channel = {"kind": "webhook", "url": f"http://127.0.0.1:{receiver.port}/", "secret": "s" * 32}
        made = cluster(
            brokers,
            partitions=2,
            STORAGE__URL=postgres.database("delivering"),
            NOTIFICATIONS__CHANNELS=json.dumps({"ops": channel, "more": channel}),
            NOTIFICATIONS__ALLOW_PRIVATE_TARGETS="true",
        )
        await asyncio.to_thread(started, made, ("one", "all"), ("two", "all"))
        one, two = made.members["one"], made.members["two"]
        await asyncio.to_thread(post, one, "/api/rules", {**HIGH, "notify": ["ops", "more"]})
        many = [{"symbol": f"R{number}", "price": 105, "timestamp": T0} for number in range(20)]
        await asyncio.to_thread(post, two, "/api/prices/batch", many)
        async with asyncio.timeout(60):
            while len(receiver.received) < 40:
                receiver.arrived.clear()
                await receiver.arrived.wait()
        # Both look all the time, for both channels, and one sends.
        assert [count for _, count in Counter(each.key for each in receiver.received).items()] == [2] * 20
        for member in (one, two):
            assert "deliveries cannot be read" not in member.log.read_text()
        one.kill()
        await asyncio.to_thread(post, two, "/api/prices", {"symbol": "RA", "price": 105, "timestamp": T0})
        await arrived(receiver, 21)
        two.kill()
        await asyncio.to_thread(lambda: ready(made.start("one")))
        await asyncio.to_thread(
            post, made.members["one"], "/api/prices", {"symbol": "RB", "price": 105, "timestamp": T0}
        )
        await arrived(receiver, 22)
        found = {each.key: json.loads(each.body)["alert"]["key"] for each in receiver.received}
        assert {"RA", "RB"} < set(found.values())


async def arrived(receiver: Receiver, count: int) -> None:
    """Wait until so many deliveries have arrived. One comes again if its member is killed before it has noted that."""
    async with asyncio.timeout(90):
        while len({each.key for each in receiver.received}) < count:
            receiver.arrived.clear()
            await receiver.arrived.wait()
