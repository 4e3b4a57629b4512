"""Many clients that are slow on purpose: each is let go in its time, and holds nobody else up."""

import re
import socket
from collections.abc import Callable
from contextlib import ExitStack

import pytest

from support.service import Service, assert_balanced, eventually

EACH = 167
SCRAPE = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST /api/prices HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n"


def opened(service: Service, stack: ExitStack) -> socket.socket:
    host, port = service.url.removeprefix("http://").split(":")
    connection = stack.enter_context(socket.socket())
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect((host, int(port)))
    connection.setblocking(False)
    return connection


def metric(service: Service, name: str) -> float:
    found = re.search(rf"^{re.escape(name)} (\S+)", service.client.get("/metrics").text, re.MULTILINE)
    return 0.0 if found is None else float(found.group(1))


def dribble(connections: list[socket.socket], data: bytes) -> None:
    for connection in connections:
        try:
            connection.send(data)
        except OSError:
            # Closed, or full.
            continue


def test_slow_clients_of_three_kinds_are_closed_while_others_are_served(start: Callable[..., Service]) -> None:
    service = start(LIMITS__HEAD_SECONDS="2", LIMITS__BODY_SECONDS="2", LIMITS__KEEP_ALIVE_SECONDS="60")
    with ExitStack() as stack:
        heads, bodies, deaf = ([opened(service, stack) for _ in range(EACH)] for _ in range(3))
        dribble(heads, b"GET / HTTP/1.1\r\nHost: x\r\n")
        dribble(bodies, POST)
        assert metric(service, "marketdata_connections") == 3 * EACH + 1
        dribble(deaf, SCRAPE * 2000)

        posted = 0

        def only_this_one() -> bool:
            nonlocal posted
            posted += 1
            dribble(heads, b"x")
            dribble(bodies, b" ")
            assert service.post({"symbol": "GOOD", "price": 1}).status_code == 202
            return metric(service, "marketdata_connections") == 1

        eventually(only_this_one, seconds=60)
        for connection in (*heads, *bodies):
            connection.setblocking(True)
            assert connection.recv(4096).startswith(b"HTTP/1.1 408 ")
    # Each was answered until its buffers were full, and no more.
    answered = metric(
        service, 'marketdata_http_request_duration_seconds_count{method="GET",route="/metrics",status="200"}'
    )
    assert answered < EACH * 200
    accounts = service.settled()
    assert_balanced(accounts)
    assert accounts["received"] == accounts["processed"] == posted
    assert service.client.get("/api/prices/GOOD").json()["updateCount"] == posted
    assert '"level": "error"' not in service.log.read_text()


@pytest.mark.parametrize(
    ("limit", "kind"), [("LIMITS__MAX_CONNECTIONS", "all"), ("LIMITS__MAX_CONNECTIONS_PER_ADDRESS", "address")]
)
def test_connections_over_a_limit_are_refused_and_one_that_leaves_makes_room(
    start: Callable[..., Service], limit: str, kind: str
) -> None:
    service = start(**{limit: "3"})
    with ExitStack() as stack:
        # The client itself has one.
        assert metric(service, "marketdata_connections") == 1
        others = [opened(service, stack) for _ in range(2)]
        assert eventually(lambda: metric(service, "marketdata_connections") == 3)
        refused = opened(service, stack)
        refused.setblocking(True)
        answer = b""
        while part := refused.recv(4096):
            answer += part
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"retry-after: 1" in answer
        assert b"urn:marketdata:problem:unavailable" in answer
        assert metric(service, f'marketdata_connections_refused_total{{limit="{kind}"}}') == 1
        others[0].close()
        assert eventually(lambda: metric(service, "marketdata_connections") == 2)


def test_a_watcher_is_a_connection_until_it_leaves(start: Callable[..., Service]) -> None:
    service = start()
    handshake = (
        b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    with ExitStack() as stack:
        for _ in range(3):
            watcher = opened(service, stack)
            watcher.setblocking(True)
            watcher.sendall(handshake)
            assert watcher.recv(1024).startswith(b"HTTP/1.1 101 ")
        assert metric(service, "marketdata_connections") == 4
    eventually(lambda: metric(service, "marketdata_connections") == 1)
