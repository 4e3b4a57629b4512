"""Trades, benchmarks, options and readings on a cluster: the answers of one process, whoever is killed."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import cycle
from typing import Any

from deploy.kafka.broker import Brokers

from support.cluster import Cluster, ready
from support.option_chains import EXPIRY, T0_US, chain_body
from support.postgres import Postgres
from support.service import Service, eventually
from support.watcher import Watcher

DURABLE = {"Prefer": "durable"}
T0_MS = T0_US // 1000
SYMBOLS = [f"T{number}" for number in range(6)]
SENSORS = ["CNC-001/TEMPERATURE", "CNC-001/VIBRATION", "PUMP-7/TEMPERATURE"]
PRODUCTS = ["NIFTY", "BANK", "SPOTLESS"]
ANALYSES = (
    "chain",
    "expiries",
    "pcr",
    "max-pain",
    "open-interest",
    "straddle",
    "greeks",
    "volatility-surface",
    "chain?windowMinutes=2",
    "contracts/{product}-100-CALL",
)
ROUNDS = 6
_EVENTS = {"execution", "regression"}
_AGE = re.compile(rb'"staleness":[0-9.e+]+')


def posts(number: int) -> Iterator[tuple[str, Any]]:
    """What is posted in one round, each observation with an id, so that it can be posted twice."""
    at_ms = T0_MS + number * 45_000
    yield (
        "/api/trades/batch",
        [
            {
                "symbol": symbol,
                "side": "buy" if (number + at) % 3 else "sell",
                "quantity": "0.1234567890123456789" if at == 1 else 0.1 * (number + at + 1),
                "price": 100 + number if at % 2 else None,
                "venue": "XNAS" if at == 2 else None,
                "timestamp": at_ms + at,
                "id": f"{number}",
            }
            for at, symbol in enumerate(SYMBOLS)
        ],
    )
    yield (
        "/api/readings/batch",
        [
            {
                "machineId": key.partition("/")[0],
                "sensorType": key.partition("/")[2],
                "value": "-0.1234567890123456789" if at == 1 else -1.5 * (number + at),
                "unit": "C" if at else None,
                "quality": "bad" if (number + at) % 4 == 3 else "good",
                "timestamp": at_ms + at - (90_000 if number == 4 else 0),
                "id": f"{number}",
            }
            for at, key in enumerate(SENSORS)
        ],
    )
    for product in PRODUCTS:
        spot = None if product == "SPOTLESS" else 100.0 + number
        body = chain_body(product, spot, at_ms)
        for name in ("calls", "puts"):
            for each in body[name]:
                contract = f"{product}-{each['strike']}-{name[:-1].upper()}"
                each |= {"id": f"{contract} {number}", "symbol": contract}
        yield "/api/options/chains", body


def runs() -> Iterator[tuple[str, Any]]:
    for number, throughput in enumerate((50, 52, 51, 20)):
        yield (
            "/api/benchmarks",
            {
                "testType": "burst",
                "testName": "loop",
                "totalTrades": 100,
                "durationSeconds": 2,
                "tradesPerSecond": throughput,
                "timestamp": T0_MS + number,
                "config": {"n": number},
                "latencyStats": {"count": 100, "p99Us": 10, "minUs": 1},
            },
        )


def send(services: Sequence[Service], bodies: Iterator[tuple[str, Any]]) -> None:
    for service, (path, body) in zip(cycle(services), bodies, strict=False):
        answer = service.client.post(path, json=body, headers=DURABLE)
        assert answer.status_code == 200, answer.text


def past(service: Service, path: str) -> list[Any]:
    """What is stored; nothing as long as nothing is known."""
    found: list[Any] = service.client.get(path).json().get("items", [])
    return found


def answers(service: Service) -> dict[str, Any]:
    """The bytes of every answer about the present, and what is known of the past without places in the log."""
    paths = ["/api/trades", "/api/benchmarks", "/api/benchmarks/summary", "/api/options", "/api/machines"]
    paths += [f"/api/trades/{symbol}" for symbol in SYMBOLS]
    paths += [f"/api/machines/{key}" for key in ("CNC-001", *SENSORS)]
    paths += [f"/api/options/{product}/{path.format(product=product)}" for product in PRODUCTS for path in ANALYSES]
    found: dict[str, Any] = {}
    for path in paths:
        answer = service.client.get(path)
        # How old it is depends on when it is asked for; and while nothing is known, on the request.
        found[path] = _AGE.sub(b"", answer.content) if answer.status_code == 200 else answer.status_code
    pasts = [f"/api/trades/{symbol}/{path}" for symbol in SYMBOLS for path in ("history", "candles?interval=1m")]
    pasts += [f"/api/machines/{key}/{path}" for key in SENSORS for path in ("history", "rollups?interval=1m")]
    pasts += [f"/api/options/{product}/history?interval={each}" for product in PRODUCTS for each in ("1m", "5m")]
    for path in pasts:
        answer = service.client.get(path)
        found[path] = answer.json()["items"] if answer.status_code == 200 else answer.status_code
    return found


def differences(service: Service, expected: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    found = answers(service)
    return {path: (expected[path], found[path]) for path in expected if expected[path] != found[path]}


def same(service: Service, expected: dict[str, Any]) -> None:
    """Wait until a gateway answers as expected."""
    with suppress(AssertionError):
        eventually(lambda: not differences(service, expected), 60)
    assert differences(service, expected) == {}


def test_all_subjects_answer_as_in_one_process_whoever_is_killed(
    brokers: Brokers, cluster: Callable[..., Cluster], postgres: Postgres, start: Callable[..., Service]
) -> None:
    alone = start(PROCESSING__FULL_MODE="wait")
    for number in range(ROUNDS):
        send([alone], posts(number))
    send([alone], runs())
    alone.settled()
    expected = answers(alone)
    assert not [path for path, answer in expected.items() if isinstance(answer, int)]
    assert expected["/api/trades/T1"].count(b"1234567890123456789") > 0
    assert len(expected["/api/options/NIFTY/history?interval=1m"]) > 2
    made = cluster(brokers, STORAGE__URL=postgres.database("subjects"))
    for name in ("gateway-1", "gateway-2"):
        made.start(name, "gateway")
    for name in ("worker-1", "worker-2"):
        made.start(name, "worker")
    for member in made.members.values():
        ready(member)
    gateways = [made.members["gateway-1"], made.members["gateway-2"]]
    for number in range(2):
        send(gateways, posts(number))
    made.members["worker-1"].kill()
    # Some of it for the second time: the owners know the ids.
    for number in range(1, 4):
        send(gateways, posts(number))
    ready(made.start("worker-1", "worker"))
    for number in range(3, ROUNDS):
        send(gateways, posts(number))
    send(gateways[:1], runs())
    for gateway in gateways:
        same(gateway, expected)
    # One that knows only what is published and stored.
    late = made.start("late", "gateway")
    ready(late)
    same(late, expected)


def heard(watcher: Watcher, kinds: set[str]) -> None:
    """Read until there was a message of each type."""

    def look() -> bool:
        missing = kinds - {each["type"] for each in watcher.seen}
        if missing:
            watcher.read()
        return not missing

    eventually(look, 90)


def test_what_changes_is_watched_at_any_gateway(brokers: Brokers, cluster: Callable[..., Cluster]) -> None:
    made = cluster(brokers, partitions=2)
    for name, role in (("gateway-1", "gateway"), ("gateway-2", "gateway"), ("worker", "worker")):
        made.start(name, role)
    for member in made.members.values():
        ready(member)
    first, second = made.members["gateway-1"], made.members["gateway-2"]
    with Watcher(first) as here, Watcher(second) as there:
        for watcher in (here, there):
            for symbols, channels in ((["T1"], ["executions"]), (["*"], ["regressions"])):
                watcher.say("subscribe", symbols=symbols, channels=channels)
                watcher.until("subscribed")
        # The second round is one of duplicates.
        for number in (0, 0, 1):
            send([first], posts(number))
        send([second], runs())
        for watcher in (here, there):
            # Each subject comes on its own way, so the order of its messages only is sure.
            heard(watcher, _EVENTS)
            while len(executions := [each for each in watcher.seen if each["type"] == "execution"]) < 2:
                watcher.read()
            moments = [each["execution"]["timestamp"] for each in executions]
            assert moments == ["2026-01-28T04:30:00.001Z", "2026-01-28T04:30:45.001Z"]
    with Watcher(first) as here, Watcher(second) as there:
        for watcher in (here, there):
            watcher.say("subscribe", symbols=["NIFTY*"], channels=["quotes", "chains"])
            watcher.until("subscribed")
        send([second], posts(2))
        for watcher in (here, there):
            changed = watcher.until("chains")["chains"]
            assert [(each["chain"], each["summary"]["spotPrice"]) for each in changed] == [(f"NIFTY-{EXPIRY}", 102)]
            heard(watcher, {"quotes"})


def test_a_product_and_the_trades_of_a_symbol_are_forgotten(
    brokers: Brokers, cluster: Callable[..., Cluster], postgres: Postgres
) -> None:
    made = cluster(brokers, STORAGE__URL=postgres.database("forgotten_subjects"))
    member = made.start("only")
    ready(member)
    for number in range(3):
        send([member], posts(number))
    eventually(
        lambda: past(member, "/api/options/BANK/history") and len(past(member, "/api/trades/T1/history")) == 3, 90
    )
    for path in ("/api/options/NIFTY", "/api/trades/T1"):
        assert member.client.delete(path).status_code == 204
    assert member.client.get("/api/options/NIFTY/chain").status_code == 404
    assert member.client.get("/api/trades/T1").status_code == 404
    assert [each["symbol"] for each in member.pages("/api/trades")] == [each for each in SYMBOLS if each != "T1"]
    send([member], posts(3))
    eventually(lambda: member.client.get("/api/trades/T1").status_code == 200, 90)
    assert member.client.get("/api/trades/T1").json()["tradeCount"] == 1
    eventually(lambda: len(past(member, "/api/trades/T1/history")) == 1, 90)
