"""Trades and benchmarks over ZeroMQ, from publishers with nothing but pyzmq."""

import json
import random
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import zmq

from support.publisher import Publisher, free_address
from support.service import Service, eventually, marketdata


@pytest.fixture(scope="module")
def address() -> str:
    return free_address()


@pytest.fixture
def listen(start: Callable[..., Service], address: str) -> Callable[..., Service]:
    return lambda **more: start(FEEDS__ZEROMQ__BIND=address, **more)


def count(service: Service, symbol: str = "DEFAULT") -> int:
    answer = service.client.get(f"/api/trades/{symbol}")
    return int(answer.json()["tradeCount"]) if answer.status_code == 200 else 0


def bad(service: Service) -> dict[str, float]:
    lines = service.client.get("/metrics").text.splitlines()
    found = [line.split('"') for line in lines if line.startswith("marketdata_zeromq_bad_messages_total{")]
    return {kind: float(rest.split()[1]) for _, kind, rest in found}


def test_every_message_is_counted(listen: Callable[..., Service], address: str) -> None:
    service = listen()
    with Publisher(address) as publisher:
        for at in range(5000):
            publisher.trade(at % 7 + 0.1, "buy" if at % 2 else "sell")
        publisher.trade(1, symbol="eurusd", price=1.25, venue="X", id="one")
        publisher.trade(1, symbol="eurusd", price=1.25, venue="X", id="one")
    eventually(lambda: count(service) == 5000)
    found = service.client.get("/api/trades/DEFAULT").json()
    assert (found["buyCount"], found["sellCount"]) == (2500, 2500)
    assert found["totalVolume"] == pytest.approx(sum(at % 7 + 0.1 for at in range(5000)))
    assert found["latencyMicros"]["count"] + found["latencyMicros"]["negative"] == 5000
    eventually(lambda: count(service, "EURUSD") == 1)
    assert bad(service) == {}


def test_benchmarks_and_their_status_are_recorded(listen: Callable[..., Service], address: str) -> None:
    service = listen()
    latency = {"count": 9, "min_us": 1.0, "max_us": 9.0, "mean_us": 4.0, "p50_us": 4.0, "p95_us": 8.0, "p99_us": 9.0}
    run = {
        "type": "benchmark",
        "test_type": "sustained",
        "test_name": "soak",
        "timestamp": time.time(),
        "config": {"rate": 1000},
        "total_trades": 9,
        "duration_seconds": 0.5,
        "trades_per_second": 18.0,
        "queue_full_count": 2,
        "error_count": 1,
        "latency_stats": latency,
    }
    status = {"type": "benchmark_status", "status": "completed", "test_name": "soak", "timestamp": time.time()}
    with Publisher(address) as publisher:
        publisher.socket.send_string(json.dumps(status | {"message": "done"}))
        publisher.socket.send_string(json.dumps(run))
    (item,) = eventually(lambda: service.client.get("/api/benchmarks/summary").json()["items"])
    assert (item["testName"], item["status"]["status"], item["p99"]["last"]) == ("soak", "completed", 9.0)
    metrics = service.client.get("/metrics").text
    assert 'benchmark_latency_p99_microseconds{test_name="soak",test_type="sustained"} 9.0' in metrics
    assert 'benchmark_errors_total{error_type="publish",test_name="soak",test_type="sustained"} 1.0' in metrics


def test_service_and_publisher_may_be_killed_in_any_order(listen: Callable[..., Service], address: str) -> None:
    first = listen()
    with Publisher(address) as publisher:
        for _ in range(100):
            publisher.trade(1)
        eventually(lambda: count(first) == 100)
        # A stop takes what has been sent.
        assert first.terminate() == 0
        # While there is no service, the publisher keeps what it sends.
        for _ in range(50):
            publisher.trade(1)
        second = listen()
        eventually(lambda: count(second) == 50)
        second.kill()
        for _ in range(25):
            publisher.trade(1)
        third = listen()
        eventually(lambda: count(third) == 25)
    with Publisher(address) as another:
        another.trade(1)
        eventually(lambda: count(third) == 26)
    assert third.terminate() == 0


def test_slow_service_holds_the_publisher_and_loses_nothing(listen: Callable[..., Service], address: str) -> None:
    """The workers wait for the storage, which has no room; the queue is full, and drops nothing."""
    service = listen(
        FEEDS__ZEROMQ__HIGH_WATER_MARK="10",
        PROCESSING__CHANNEL_CAPACITY="10",
        PROCESSING__PARTITIONS="1",
        PROCESSING__FULL_MODE="drop_oldest",
    )
    with Publisher(address, high_water_mark=10) as publisher:
        publisher.trade(1)
        eventually(lambda: count(service) == 1)
        # The service does not run, as if it were busy.
        service.process.send_signal(19)
        # Padded, so that the buffers of TCP hold few.
        frame = json.dumps({"type": "trade", "side": "buy", "qty": 1, "ts": time.time(), "pad": "x" * 30_000}).encode()
        sent = 1
        refused_at = time.monotonic()
        while time.monotonic() < refused_at + 1.0:
            if publisher.accepts(frame):
                sent += 1
                refused_at = time.monotonic()
        assert sent < 5000
        service.process.send_signal(18)
        eventually(lambda: count(service) == sent)
    assert "marketdata_trades_dropped_total 0.0" in service.client.get("/metrics").text


def hostile(source: random.Random) -> Iterator[list[bytes]]:
    """Messages that are none, in one frame or more."""
    good = {"type": "trade", "side": "buy", "qty": 1, "ts": time.time()}
    kinds: list[Callable[[], list[bytes]]] = [
        lambda: [source.randbytes(source.randrange(200))],
        lambda: [b"", json.dumps(good).encode()],
        lambda: [json.dumps(good).encode()] * 3,
        lambda: [json.dumps(good | {"qty": float("nan")}).encode()],
        lambda: [json.dumps(good | {"qty": -1}).encode()],
        lambda: [json.dumps(good | {"qty": "1e999"}).encode()],
        lambda: [json.dumps(good | {"qty": None}).encode()],
        lambda: [json.dumps(good | {"side": "hold"}).encode()],
        lambda: [json.dumps(good | {"ts": source.choice([0, -1, 1e13, 1e300, "now", None])}).encode()],
        lambda: [json.dumps(good | {"symbol": "A B"}).encode()],
        lambda: [json.dumps(good | {"price": 0}).encode()],
        lambda: [json.dumps(good | {"type": source.choice(["order", "", None, 5])}).encode()],
        lambda: [json.dumps({"type": "benchmark", "test_name": "x" * 999}).encode()],
        lambda: [json.dumps({"type": "benchmark_status", "status": "lost", "test_name": "a"}).encode()],
        lambda: [b'{"type":"trade","side":"buy","qty":1,"ts":1e9,"symbol":"\xff"}'],
        lambda: [b"[" * 50_000],
        lambda: [source.choice([b"null", b"[]", b"1", b'"trade"', b"{}", b"", b"{", b"true"])],
    ]
    for _ in range(10_000):
        yield source.choice(kinds)()


def test_ten_thousand_hostile_messages_end_nothing(listen: Callable[..., Service], address: str) -> None:
    service = listen()
    with Publisher(address) as publisher:
        publisher.trade(1)
        # Longer than may be: ZeroMQ disconnects who sends it, and the publisher connects again.
        with Publisher(address, LINGER=1000) as other:
            other.socket.send(b"x" * 10_000_000)
        for frames in hostile(random.Random(1)):
            publisher.socket.send_multipart(frames)
        publisher.trade(1)
        eventually(lambda: count(service) == 2, seconds=60)
    found = bad(service)
    assert sum(found.values()) == 10_000
    assert found.keys() == {"not_json", "not_utf8", "multipart", "invalid", "unknown_type", "refused"}
    # Each kind once.
    assert service.log.read_text().count("bad message over ZeroMQ") == len(found)
    assert service.client.get("/health/ready").status_code == 200
    assert [each["symbol"] for each in service.client.get("/api/trades").json()["items"]] == ["DEFAULT"]


def test_only_publishers_with_a_known_key_of_curve_may_connect(start: Callable[..., Service], address: str) -> None:
    server_public, server_secret = zmq.curve_keypair()
    public, secret = zmq.curve_keypair()
    other_public, other_secret = zmq.curve_keypair()
    service = start(
        FEEDS__ZEROMQ__BIND=address,
        FEEDS__ZEROMQ__CURVE_SECRET_KEY=server_secret.decode(),
        FEEDS__ZEROMQ__CURVE_CLIENTS=public.decode(),
    )

    def keys(own_public: bytes, own_secret: bytes) -> dict[str, Any]:
        return {"CURVE_SERVERKEY": server_public, "CURVE_PUBLICKEY": own_public, "CURVE_SECRETKEY": own_secret}

    with (
        Publisher(address, LINGER=0) as plain,
        Publisher(address, LINGER=0, **keys(other_public, other_secret)) as stranger,
        Publisher(address, **keys(public, secret)) as known,
    ):
        plain.trade(1, symbol="PLAIN")
        stranger.trade(1, symbol="STRANGER")
        known.trade(1, symbol="KNOWN")
        eventually(lambda: count(service, "KNOWN") == 1)
    assert [each["symbol"] for each in service.client.get("/api/trades").json()["items"]] == ["KNOWN"]
    assert server_secret.decode() not in service.log.read_text()


def test_network_address_needs_keys_or_the_word_that_it_is_meant(tmp_path: Any) -> None:
    ended = marketdata("serve", "--port", "0", cwd=tmp_path, FEEDS__ZEROMQ__BIND="tcp://0.0.0.0:5555")
    assert ended.returncode == 2
    assert "auth.allow_anonymous_network" in ended.stderr
