"""A subject that the service has never heard of needs a line in the registry, and nothing else.

Counters are submitted, logged, recovered after a kill, watched live and accounted for, beside prices.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.counters.service import CountingService
from support.service import Service, eventually, marketdata
from support.watcher import Watcher

DURABLE = {"Prefer": "durable"}
T0 = 1769860800000


@pytest.fixture
def service(tmp_path: Path) -> Iterator[CountingService]:
    with CountingService(tmp_path) as running:
        yield running


def count(service: Service, *amounts: int, counter: str = "A", first: int = 0, durable: bool = False) -> dict[str, Any]:
    body = [
        {"counter": counter, "amount": amount, "timestamp": T0 + at, "id": f"{counter}-{at}"}
        for at, amount in enumerate(amounts, first)
    ]
    answer: dict[str, Any] = service.client.post("/api/counters", json=body, headers=DURABLE if durable else {}).json()
    return answer


def metric(service: Service, name: str) -> float:
    lines = service.client.get("/metrics").text.splitlines()
    return float(next(line for line in lines if line.startswith(f"{name} ")).split()[1])


def accounts(service: Service) -> dict[str, float]:
    names = ("received", "accepted", "rejected", "duplicates", "processed", "dropped", "failed", "late")
    found = {name: metric(service, f"marketdata_counts_{name}_total") for name in names}
    return found | {"queued": metric(service, "marketdata_counts_queued")}


def total(service: Service, counter: str = "A") -> int:
    answer = service.client.get(f"/api/counters/{counter}")
    return int(answer.json()["total"]) if answer.status_code == 200 else 0


def test_it_is_submitted_and_accounted_for_beside_prices(service: CountingService) -> None:
    service.post({"symbol": "A", "price": 100})
    assert count(service, 1, 2, 3) == {"accepted": 3, "duplicates": 0}
    assert count(service, 2, 3, 4, first=1) == {"accepted": 1, "duplicates": 2}
    eventually(lambda: total(service) == 10)
    answer = service.client.post("/api/counters", json=[{"counter": "A", "amount": 0, "timestamp": T0}])
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "not_positive")
    found = accounts(service)
    assert found["received"] == found["accepted"] + found["rejected"] + found["duplicates"]
    assert found["accepted"] == found["processed"] + found["dropped"] + found["queued"] + found["failed"]
    assert (found["accepted"], found["rejected"], found["duplicates"]) == (4, 1, 2)
    # Prices have accounts of their own.
    assert service.settled()["received"] == 1
    assert metric(service, "marketdata_ticks_received_total") == 1


def test_it_is_logged_and_recovered_after_a_kill(tmp_path: Path) -> None:
    with CountingService(tmp_path, STORAGE__CHECKPOINT_INTERVAL_SECONDS="0.2") as service:
        # Some of it in checkpoints, some in the log only.
        assert count(service, 1, 2, 3, durable=True)["accepted"] == 3
        assert count(service, 1, counter="B", durable=True)["accepted"] == 1
        for at in range(3, 40):
            assert count(service, 5, first=at, durable=True)["accepted"] == 1
            service.client.post("/api/prices", json={"symbol": "A", "price": 100 + at}, headers=DURABLE)
        before = service.client.get("/api/prices/A").json()
        service.kill()
    with CountingService(tmp_path) as service:
        assert (total(service), total(service, "B")) == (6 + 37 * 5, 1)
        assert service.client.get("/api/prices/A").json() == before
        # Ids are remembered over the kill.
        assert count(service, 5, 5, first=39) == {"accepted": 1, "duplicates": 1}
        eventually(lambda: total(service) == 6 + 38 * 5)
        assert service.terminate() == 0
    with CountingService(tmp_path) as service:
        assert total(service) == 6 + 38 * 5


def test_it_is_watched_live_on_channels_of_its_own(service: CountingService) -> None:
    count(service, 4)
    with Watcher(service) as watcher, Watcher(service) as of_prices:
        of_prices.say("subscribe", symbols=["*"])
        assert of_prices.read()["subscriptions"].keys() >= {"prices", "anomalies"}
        watcher.say("subscribe", symbols=["*"], channels=["counters", "milestones"])
        watcher.until("subscribed")
        assert watcher.until("snapshot")["counters"] == [{"counter": "A", "total": 4}]
        count(service, 3, 4, first=1)
        assert watcher.until("milestone")["milestone"] == {"counter": "A", "total": 11}
        assert watcher.until("counters")["counters"] == [{"counter": "A", "total": 11}]
        service.post({"symbol": "P", "price": 1})
        of_prices.until("prices")
        # Who named no channel hears of prices only.
        assert {message["type"] for message in of_prices.seen} == {"subscribed", "snapshot", "prices"}


def test_rules_are_about_its_values_and_about_a_figure_that_it_names(tmp_path: Path) -> None:
    def rule(rule_id: str, condition: dict[str, Any]) -> dict[str, Any]:
        return {"id": rule_id, "name": rule_id, "subject": "counters", "keys": ["A"], "condition": condition}

    with CountingService(tmp_path) as service:
        for given in (rule("amount", {"level": {"above": 4}}), rule("total", {"total": {"above": 10}})):
            assert service.client.post("/api/rules", json=given).status_code == 201
        wrong = service.client.post("/api/rules", json=rule("x", {"spread": {"above": 1}})).json()["errors"][0]
        assert "total" in wrong["message"]
        count(service, 3, 3, 4, durable=True)
        assert service.client.get("/api/alerts").json()["items"] == []
        count(service, 1, first=3, durable=True)
        service.kill()
    with CountingService(tmp_path) as service:
        count(service, 5, first=4, durable=True)
        found = {each["ruleId"]: each for each in service.pages("/api/alerts")}
        assert {(name, each["value"], each["explanation"]) for name, each in found.items()} == {
            ("amount", 5.0, "value 5 is above 4"),
            ("total", 11.0, "total 11 is above 10"),
        }
        # A price of the same name is another matter.
        service.client.post("/api/prices", json={"symbol": "A", "price": 100}, headers=DURABLE)
        assert len(list(service.pages("/api/alerts"))) == 2


def test_it_is_in_the_document(service: CountingService) -> None:
    document = service.client.get("/schema/openapi.json").json()
    assert document["paths"]["/api/counters"]["post"]["operationId"] == "count"
    assert document["components"]["schemas"]["CounterView"]["properties"].keys() == {"counter", "total"}
    channels = service.client.get("/schema/asyncapi.json").json()["components"]["schemas"]["Subscribe"]
    assert {"counters", "milestones", "prices"} <= set(channels["properties"]["channels"]["items"]["enum"])


def test_a_store_with_a_subject_that_is_not_known_is_refused(tmp_path: Path) -> None:
    with CountingService(tmp_path) as service:
        count(service, 1, durable=True)
        assert service.terminate() == 0
    ended = marketdata("serve", "--port", "0", "--no-simulation", cwd=tmp_path)
    assert ended.returncode == 1
    assert "is of 'counters', which this version of marketdata does not know" in ended.stderr
