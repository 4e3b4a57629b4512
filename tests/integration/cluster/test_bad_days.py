"""What a cluster does while a member or the broker is away, and what a member that comes back may still do."""

from collections.abc import Callable
from contextlib import suppress
from itertools import cycle
from pathlib import Path

import httpx
from deploy.kafka.broker import Brokers

from support.cluster import Cluster, owners, processed, ready
from support.service import Service, assert_balanced, eventually

DURABLE = {"Prefer": "durable"}
T0 = 1769860800000


def post(gateway: Service, number: int, symbol: str = "A", durable: bool = True) -> httpx.Response:
    tick = {"symbol": symbol, "price": 100, "timestamp": T0 + number, "id": str(number)}
    return gateway.client.post("/api/prices", json=tick, headers=DURABLE if durable else {})


def has_failed_over(gateway: Service, owner: str) -> bool:
    found = owners(gateway)
    return len(found) == 4 and set(found.values()) == {owner}


def test_a_worker_that_comes_back_too_late_publishes_nothing(brokers: Brokers, cluster: Callable[..., Cluster]) -> None:
    made = cluster(brokers)
    gateway = made.start("gateway", "gateway")
    made.start("frozen", "worker")
    ready(made.members["frozen"])
    ready(gateway)
    for number in range(10):
        assert post(gateway, number, f"S{number}").status_code == 200
    eventually(lambda: has_failed_over(gateway, "frozen"))
    processed(gateway, 10)
    made.freeze("frozen")
    # What it has in its sockets when it goes on.
    for number in range(10, 20):
        assert post(gateway, number, f"S{number % 10}").status_code == 200
    made.start("next", "worker")
    eventually(lambda: has_failed_over(gateway, "next"), 60)
    for number in range(20, 30):
        assert post(gateway, number, f"S{number % 10}").status_code == 200
    processed(gateway, 30)
    made.thaw("frozen")
    # It may get partitions again, but only after it has given up those that it had.
    eventually(lambda: "frozen" in owners(gateway).values() or made.members["frozen"].process.poll() is not None, 60)
    for number in range(30, 40):
        assert post(gateway, number, f"S{number % 10}").status_code == 200
    accounts = processed(gateway, 40)
    assert_balanced(accounts)
    assert accounts["processed"] == 40
    items = gateway.client.get("/api/prices").json()["items"]
    assert [item["updateCount"] for item in items] == [4] * 10


def test_without_a_broker_ticks_wait_in_a_bounded_spool(own_brokers: Callable[..., Brokers], tmp_path: Path) -> None:
    brokers = own_brokers()
    with Cluster(tmp_path, brokers, CLUSTER__SPOOL_MAX_TICKS="5", PROCESSING__MAX_HOLD_SECONDS="1") as made:
        member = made.start("only")
        ready(member)
        assert post(member, 0).status_code == 200
        processed(member, 1)
        brokers.all[0].kill()
        # Accepted, and confirmed later; who wants to know it now is told that it is not.
        assert post(member, 1, durable=False).status_code == 202
        answer = post(member, 2)
        assert (answer.status_code, answer.json()["type"]) == (507, "urn:marketdata:problem:storage-failed")
        found = [post(member, number, durable=False).status_code for number in range(3, 10)]
        assert found == [202, 202, 202, 503, 503, 503, 503]
        refused = post(member, 9, durable=False)
        assert refused.headers["Retry-After"] == "1"
        # What is known is answered, with its age.
        shown = member.client.get("/api/prices/A")
        assert (shown.status_code, shown.json()["updateCount"]) == (200, 1)
        eventually(lambda: int(member.client.get("/api/prices/A").headers["Age"]) >= 2)
        assert member.client.get("/health").json()["cluster"]["unconfirmed"] == 5
        brokers.all[0].start()
        brokers.all[0].wait()
        accounts = processed(member, 6)
        assert_balanced(accounts)
        for number in range(10):
            eventually(lambda asked=number: post(member, asked).status_code == 200)  # type: ignore[misc]  # bound at once
        accounts = processed(member, 16)
        assert (accounts["processed"], accounts["duplicates"]) == (10, 6)


def test_without_an_owner_ticks_are_queued_and_counted(brokers: Brokers, cluster: Callable[..., Cluster]) -> None:
    made = cluster(brokers)
    gateway = made.start("gateway", "gateway")
    ready(gateway)
    for number in range(3):
        assert post(gateway, number).status_code == 200
    accounts = gateway.accounts()
    assert_balanced(accounts)
    assert (accounts["accepted"], accounts["queued"], accounts["processed"]) == (3, 3, 0)
    made.start("worker", "worker")
    assert processed(gateway, 3)["processed"] == 3


def test_a_gateway_that_joins_late_answers_the_same(brokers: Brokers, cluster: Callable[..., Cluster]) -> None:
    made = cluster(brokers)
    gateway = made.start("gateway", "gateway")
    made.start("worker", "worker")
    ready(gateway)
    assert post(gateway, 0).status_code == 200
    processed(gateway, 1)
    late = made.start("late", "gateway")
    ready(late)
    assert late.client.get("/api/prices/A").content == gateway.client.get("/api/prices/A").content


def test_all_members_restart_one_after_the_other_under_load(brokers: Brokers, cluster: Callable[..., Cluster]) -> None:
    made = cluster(brokers)
    roles = {"gateway-1": "gateway", "gateway-2": "gateway", "worker-1": "worker", "worker-2": "worker"}
    for name, role in roles.items():
        made.start(name, role)
    for member in made.members.values():
        ready(member)
    sent = 0

    def send() -> None:
        """A tick that is confirmed, at the latest when it is sent again."""
        nonlocal sent
        gateways = cycle(("gateway-1", "gateway-2"))

        def is_confirmed() -> bool:
            with suppress(httpx.HTTPError):
                return post(made.members[next(gateways)], sent, f"S{sent % 7}").status_code == 200
            return False

        eventually(is_confirmed, 60)
        sent += 1

    for name, role in roles.items():
        for _ in range(20):
            send()
        made.members[name].process.terminate()
        for _ in range(20):
            send()
        assert made.members[name].process.wait(60) == 0
        ready(made.start(name, role))
    gateway = made.members["gateway-1"]
    accounts = processed(gateway, sent)
    assert_balanced(accounts)
    assert accounts["processed"] == sent
    # The other one is told by itself.
    processed(made.members["gateway-2"], sent)
    items = made.members["gateway-2"].client.get("/api/prices").json()["items"]
    assert sum(item["updateCount"] for item in items) == sent


def test_two_members_of_one_name_do_not_both_work(brokers: Brokers, cluster: Callable[..., Cluster]) -> None:
    made = cluster(brokers)
    first = made.start("twin")
    ready(first)
    second = made.start("twin")
    eventually(lambda: first.client.get("/health/ready").status_code == 503, 60)
    assert "another member has its name" in first.client.get("/health").json()["checks"]["cluster"]
    ready(second)
    first.__exit__(None, None, None)
