"""What members do together: any gateway takes and answers, and the owner of a partition decides."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from deploy.kafka.broker import Brokers

from support.cluster import Cluster, owners, processed, ready
from support.service import Service, assert_balanced, eventually, marketdata
from support.watcher import Watcher

DURABLE = {"Prefer": "durable"}


@pytest.fixture(scope="module")
def two_gateways(brokers: Brokers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """One cluster for all tests of this file; each uses symbols of its own."""
    with Cluster(tmp_path_factory.mktemp("members"), brokers) as made:
        for name, role in (("gateway-1", "gateway"), ("gateway-2", "gateway"), ("worker-1", "worker"), ("both", "all")):
            made.start(name, role)
        for member in made.members.values():
            ready(member)
        yield made


def counted(service: Service, before: dict[str, Any], ticks: int) -> dict[str, int]:
    """What the accounts have gained, once so many ticks are taken in."""
    accounts = processed(service, before["received"] + ticks)
    assert_balanced(accounts)
    return {name: accounts[name] - before[name] for name in ("received", "accepted", "duplicates", "processed")}


def test_any_gateway_takes_and_answers(two_gateways: Cluster) -> None:
    gateways = [two_gateways.members[name] for name in ("gateway-1", "gateway-2", "both")]
    before = gateways[0].accounts()
    for at in range(30):
        tick = {"symbol": f"S{at % 5}", "price": 100 + at, "timestamp": 1769860800000 + at}
        answer = gateways[at % 3].client.post("/api/prices", json=tick, headers=DURABLE)
        assert (answer.status_code, answer.json()) == (200, {"accepted": 1})
    for gateway in gateways:
        assert counted(gateway, before, 30)["processed"] == 30
    pages = [gateway.client.get("/api/prices?symbols=S0,S1,S2,S3,S4") for gateway in gateways]
    assert [item["updateCount"] for item in pages[0].json()["items"]] == [6] * 5
    assert pages[0].content == pages[1].content == pages[2].content
    assert all(int(page.headers["Age"]) < 10 for page in pages)
    anomalies = [gateway.client.get("/api/anomalies?symbol=S0").content for gateway in gateways]
    assert anomalies[0] == anomalies[1] == anomalies[2]
    assert anomalies[0].count(b'"direction":"up"') == 5


def test_the_owner_decides_what_is_a_duplicate(two_gateways: Cluster) -> None:
    first, second = two_gateways.members["gateway-1"], two_gateways.members["gateway-2"]
    before = first.accounts()
    for gateway in (first, second, first):
        answer = gateway.client.post("/api/prices", json={"symbol": "A", "price": 1, "id": "x"}, headers=DURABLE)
        # A gateway counts what it took.
        assert (answer.status_code, answer.json()) == (200, {"accepted": 1})
    assert counted(second, before, 3) == {"received": 3, "accepted": 1, "duplicates": 2, "processed": 1}
    assert second.client.get("/api/prices/A").json()["updateCount"] == 1


def test_an_idempotency_key_holds_on_every_gateway(two_gateways: Cluster) -> None:
    first, second = two_gateways.members["gateway-1"], two_gateways.members["gateway-2"]
    before = first.accounts()
    batch = [{"symbol": f"K{name}", "price": 1} for name in "ABCDE"]
    headers = {"Idempotency-Key": "once"}
    answer = first.client.post("/api/prices/batch", json=batch, headers=headers)
    assert answer.status_code == 202
    eventually(lambda: second.client.post("/api/prices/batch", json=batch, headers=headers).status_code == 202)
    again = second.client.post("/api/prices/batch", json=batch, headers=headers)
    assert again.content == answer.content
    assert again.headers["Idempotency-Replayed"] == "true"
    other = second.client.post("/api/prices/batch", json=batch[:2], headers=headers)
    assert (other.status_code, other.json()["type"]) == (422, "urn:marketdata:problem:key-reused")
    assert counted(first, before, 5)["received"] == 5


def test_watchers_of_all_gateways_see_every_change(two_gateways: Cluster) -> None:
    first, second = two_gateways.members["gateway-1"], two_gateways.members["gateway-2"]
    with Watcher(first) as one, Watcher(second) as other:
        for watcher in (one, other):
            watcher.say("subscribe", symbols=["W"], channels=["prices", "anomalies", "moves"])
            watcher.until("subscribed")
        for at, price in enumerate((100, 104)):
            tick = {"symbol": "W", "price": price, "timestamp": 1769860800000 + at}
            (first, second)[at].client.post("/api/prices", json=tick, headers=DURABLE)
        found = [watcher.until("anomaly")["anomaly"] for watcher in (one, other)]
        assert found[0] == found[1]
        assert found[0]["newPrice"] == 104
        for watcher in (one, other):
            assert watcher.price_of("W", 2)["currentPrice"] == 104


def has_no_anomalies(gateway: Service) -> bool:
    return not gateway.client.get("/api/anomalies?symbol=GONE").json()["items"]


def test_a_symbol_is_forgotten_everywhere(two_gateways: Cluster) -> None:
    first, second = two_gateways.members["gateway-1"], two_gateways.members["gateway-2"]
    for price in (100, 110):
        first.client.post("/api/prices", json={"symbol": "GONE", "price": price}, headers=DURABLE)
    eventually(lambda: second.client.get("/api/anomalies?symbol=GONE").json()["items"])
    assert second.client.delete("/api/prices/GONE").status_code == 204
    assert second.client.get("/api/prices/GONE").status_code == 404
    eventually(lambda: first.client.get("/api/prices/GONE").status_code == 404)
    for gateway in (first, second):
        eventually(partial(has_no_anomalies, gateway))
    # It begins anew.
    first.client.post("/api/prices", json={"symbol": "GONE", "price": 5}, headers=DURABLE)
    eventually(lambda: second.client.get("/api/prices/GONE").status_code == 200)
    assert second.client.get("/api/prices/GONE").json()["updateCount"] == 1


def test_symbols_beyond_the_limit_are_rejected_by_the_owner(brokers: Brokers, cluster: Callable[..., Cluster]) -> None:
    member = cluster(brokers, partitions=1, PROCESSING__MAX_SYMBOLS="2").start("only")
    ready(member)
    for name in ("A", "B", "C", "A"):
        member.client.post("/api/prices", json={"symbol": name, "price": 1}, headers=DURABLE)
    accounts = eventually(lambda: (seen := member.accounts())["rejected"] and seen["queued"] == 0 and seen)
    assert (accounts["received"], accounts["processed"], accounts["rejected"]) == (4, 3, 1)
    assert_balanced(accounts)
    assert [item["symbol"] for item in member.client.get("/api/prices").json()["items"]] == ["A", "B"]


def test_health_metrics_and_status_tell_owners_and_lag(two_gateways: Cluster) -> None:
    first, worker = two_gateways.members["gateway-1"], two_gateways.members["worker-1"]
    eventually(lambda: set(owners(first).values()) == {"worker-1", "both"})
    health = worker.client.get("/health").json()
    assert health["cluster"]["role"] == "worker"
    assert {each["owner"] for each in health["cluster"]["partitions"]} == {"worker-1"}
    assert health["cluster"]["lastRebalance"] is not None
    assert "marketdata_cluster_read_model_age_seconds" in first.client.get("/metrics").text
    assert "marketdata_cluster_owned_partitions" in worker.client.get("/metrics").text
    # A worker serves its operators only.
    assert worker.client.get("/api/prices").status_code == 404
    assert worker.client.post("/api/prices", json={"symbol": "A", "price": 1}).status_code == 404
    shown = two_gateways.command("status")
    assert shown.returncode == 0, shown.stderr
    assert "2 workers" in shown.stdout
    assert [line.split()[1] for line in shown.stdout.splitlines() if line.startswith("prices[")] == [
        owner for _, owner in sorted(owners(first).items())
    ]


def test_a_member_with_another_number_of_partitions_refuses_to_start(
    brokers: Brokers, cluster: Callable[..., Cluster]
) -> None:
    made = cluster(brokers, partitions=4)
    settings = {**made.settings, "CLUSTER__MEMBER": "odd", "PROCESSING__PARTITIONS": "3"}
    ended = marketdata("serve", "--port", "0", cwd=made._directory, **settings)
    assert ended.returncode == 1
    assert ".prices.log has 4 partitions, and processing.partitions is 3" in ended.stderr
    settings = {**made.settings, "CLUSTER__MEMBER": "odd", "CLUSTER__NAME": "elsewhere"}
    ended = marketdata("serve", "--port", "0", cwd=made._directory, **settings)
    assert ended.returncode == 1
    assert "topic elsewhere.prices.log does not exist; `marketdata cluster create-topics` creates it" in ended.stderr
    assert made.command("create-topics").stdout == "every topic exists\n"
    other = made.command("create-topics", "--replication-factor", "1", CLUSTER__NAME="elsewhere")
    assert other.stdout.splitlines() == [
        *(
            f"created elsewhere.{subject}.{each}"
            for subject in ("prices", "trades", "benchmarks", "options", "readings")
            for each in ("log", "state", "events", "checkpoint")
        ),
        "created elsewhere.observed",
        "created elsewhere.rules",
        "created elsewhere.answers",
    ]
