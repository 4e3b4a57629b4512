"""The owners of partitions write one history, and every gateway answers from it."""

from collections.abc import Callable
from itertools import count
from typing import Any

from deploy.kafka.broker import Brokers

from support.cluster import Cluster, processed, ready
from support.postgres import Postgres
from support.service import Service, eventually

T0 = 1769860800000
SYMBOLS = [f"S{number}" for number in range(12)]
_NUMBERS = count()


def batch(number: int) -> list[dict[str, Any]]:
    """A tick of every symbol, now and then with a jump."""
    return [
        {
            "symbol": symbol,
            "price": 100 + (5 if (number + at) % 9 == 0 else 0),
            "timestamp": T0 + number * 400,
            "volume": 2,
            "id": str(number),
        }
        for at, symbol in enumerate(SYMBOLS)
    ]


def send(service: Service, numbers: range) -> None:
    for number in numbers:
        answer = service.client.post("/api/prices/batch", json=batch(number), headers={"Prefer": "durable"})
        assert answer.status_code == 200, answer.text


def history_of(service: Service) -> dict[str, Any]:
    """Everything that is known of the past, without the places in the log."""
    found: dict[str, Any] = {}
    for symbol in SYMBOLS:
        found[f"ticks {symbol}"] = list(service.pages(f"/api/prices/{symbol}/ticks"))
        for interval in ("1s", "1m"):
            path = f"/api/prices/{symbol}/candles"
            found[f"{interval} {symbol}"] = list(service.pages(path, interval=interval))
    anomalies = list(service.pages("/api/anomalies"))
    found["anomalies"] = anomalies
    for each in anomalies:
        found[each["id"]] = service.client.get(f"/api/anomalies/{each['id']}").json()
    return found


def of_database(postgres: Postgres) -> dict[str, str]:
    return {"STORAGE__URL": postgres.database(f"cluster{next(_NUMBERS)}")}


def test_a_cluster_has_the_history_of_one_process_whoever_is_killed(
    brokers: Brokers, cluster: Callable[..., Cluster], postgres: Postgres, start: Callable[..., Service]
) -> None:
    alone = start(PROCESSING__FULL_MODE="wait")
    send(alone, range(60))
    expected = history_of(alone)
    assert len(expected["anomalies"]) > 20
    made = cluster(brokers, **of_database(postgres))
    for name, role in (("gateway", "gateway"), ("worker-1", "worker"), ("worker-2", "worker")):
        made.start(name, role)
    for member in made.members.values():
        ready(member)
    gateway = made.members["gateway"]
    send(gateway, range(25))
    made.members["worker-1"].kill()
    send(gateway, range(20, 45))
    ready(made.start("worker-1", "worker"))
    made.members["worker-2"].kill()
    send(gateway, range(45, 60))
    ready(made.start("worker-2", "worker"))
    processed(gateway, 60 * len(SYMBOLS))
    eventually(lambda: len(list(gateway.pages("/api/prices/S0/ticks"))) == 60, 60)
    eventually(lambda: history_of(gateway) == expected, 60)
    # Also what only the database knows: another gateway, and without events of the topics beyond what it keeps.
    late = made.start("late", "gateway", PROCESSING__RECENT_ANOMALIES_CAPACITY="3")
    ready(late)
    assert history_of(late) == expected


def test_a_symbol_is_forgotten_in_the_history_too(
    brokers: Brokers, cluster: Callable[..., Cluster], postgres: Postgres
) -> None:
    made = cluster(brokers, **of_database(postgres))
    member = made.start("only")
    ready(member)
    send(member, range(3))
    processed(member, 3 * len(SYMBOLS))
    eventually(lambda: len(list(member.pages("/api/prices/S1/ticks"))) == 3)
    assert member.client.delete("/api/prices/S1").status_code == 204
    assert member.client.get("/api/prices/S1/ticks").status_code == 404
    send(member, range(3, 4))
    eventually(lambda: len(list(member.pages("/api/prices/S2/ticks"))) == 4)
    eventually(lambda: len(list(member.pages("/api/prices/S1/ticks"))) == 1)


def test_without_the_database_owners_go_on_and_write_later(
    brokers: Brokers, cluster: Callable[..., Cluster], postgres: Postgres
) -> None:
    made = cluster(brokers, **of_database(postgres))
    member = made.start("only")
    ready(member)
    send(member, range(2))
    processed(member, 2 * len(SYMBOLS))
    eventually(lambda: len(list(member.pages("/api/prices/S3/ticks"))) == 2)
    postgres.stop()
    try:
        send(member, range(2, 6))
        processed(member, 6 * len(SYMBOLS))
        assert member.client.get("/api/prices/S3").json()["updateCount"] == 6
        eventually(lambda: member.client.get("/health/ready").status_code == 503)
        assert "history cannot be written" in member.client.get("/health").json()["checks"]["cluster"]
    finally:
        postgres.start()
    ready(member)
    eventually(lambda: len(list(member.pages("/api/prices/S3/ticks"))) == 6)
    send(member, range(4))
    assert processed(member, 10 * len(SYMBOLS))["processed"] == 6 * len(SYMBOLS)


def test_a_cluster_without_a_database_says_that_it_keeps_no_history(
    brokers: Brokers, cluster: Callable[..., Cluster]
) -> None:
    member = cluster(brokers).start("only")
    ready(member)
    send(member, range(1))
    processed(member, len(SYMBOLS))
    answer = member.client.get("/api/prices/S1/ticks")
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:marketdata:problem:history-disabled")
    assert "storage.url is not set" in answer.json()["detail"]
