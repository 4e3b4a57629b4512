"""Connections whose other end is slow, silent, rude or in a hurry."""

import json
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from itertools import count

import pytest

from support.service import Service, assert_balanced

GOOD = b'{"symbol":"X","price":1}'
HEAD = b"POST /api/prices HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
WHOLE = HEAD + b"Content-Length: %d\r\n\r\n" % len(GOOD) + GOOD


@contextmanager
def connected(service: Service) -> Iterator[socket.socket]:
    host, port = service.url.removeprefix("http://").split(":")
    with closing(socket.create_connection((host, int(port)), timeout=30)) as connection:
        yield connection


def everything(connection: socket.socket) -> bytes:
    """What comes until the service closes the connection."""
    seen = b""
    while part := connection.recv(65_536):
        seen += part
    return seen


def sent_until_cut_off(connection: socket.socket, data: bytes) -> int:
    sent = 0
    while True:
        try:
            sent += connection.send(data)
        except (ConnectionResetError, BrokenPipeError):
            return sent


@pytest.mark.parametrize(
    "start_of_it",
    [
        b"POST /api/prices HT",
        HEAD + b"Content-Length: 24\r\n\r\n" + GOOD[:5],
        HEAD + b"Content-Length: 24\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n" + GOOD[:5],
        WHOLE + HEAD,
    ],
    ids=["head", "body", "no body", "chunk", "second head"],
)
def test_client_that_is_too_slow_is_told_and_let_go(start: Callable[..., Service], start_of_it: bytes) -> None:
    service = start(LIMITS__HEAD_SECONDS="0.3", LIMITS__BODY_SECONDS="0.3")
    with connected(service) as connection:
        connection.sendall(start_of_it)
        seen = everything(connection)
    head, _, body = seen[seen.index(b"HTTP/1.1 408 ") :].partition(b"\r\n\r\n")
    assert b"content-type: application/problem+json" in head
    assert b"connection: close" in head
    assert json.loads(body)["type"] == "urn:marketdata:problem:too-slow"
    assert service.settled()["accepted"] == start_of_it.count(WHOLE)


@pytest.mark.parametrize(
    "before", [b"", WHOLE, b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"], ids=["new", "short", "ordinary"]
)
def test_idle_connection_is_closed(start: Callable[..., Service], before: bytes) -> None:
    service = start(LIMITS__KEEP_ALIVE_SECONDS="0.5")
    with connected(service) as connection:
        connection.sendall(before)
        assert everything(connection).count(b"HTTP/1.1 ") == bool(before)


def test_what_is_no_http_is_told_so_as_a_problem(service: Service) -> None:
    with connected(service) as connection:
        connection.sendall(b"HELO there\r\n\r\n")
        head, _, body = everything(connection).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert json.loads(body)["type"] == "urn:marketdata:problem:malformed-request"


def test_requests_that_wait_for_room_are_answered_in_their_order(start: Callable[..., Service]) -> None:
    service = start(
        PROCESSING__CHANNEL_CAPACITY="1",
        PROCESSING__FULL_MODE="wait",
        PROCESSING__PARTITIONS="1",
        LIMITS__BODY_SECONDS="1",
    )
    bad = HEAD + b"Content-Length: 2\r\n\r\n{}"
    with connected(service) as connection:
        connection.sendall((WHOLE * 99 + bad) * 3 + WHOLE.replace(b"Host: x", b"Host: x\r\nConnection: close"))
        statuses = re.findall(rb"HTTP/1\.1 (\d+)", everything(connection))
    assert statuses == [*([b"202"] * 99 + [b"400"]) * 3, b"202"]
    accounts = service.settled()
    assert (accounts["processed"], accounts["rejected"]) == (298, 3)
    assert_balanced(accounts)


def test_body_in_many_pieces_is_one(service: Service) -> None:
    tick = b'{"symbol":"PIECES","price":7}'
    with connected(service) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(3):
            for byte in HEAD + b"Content-Length: %d\r\n\r\n" % len(tick) + tick:
                connection.sendall(bytes([byte]))
            answer = b""
            while not answer.endswith(b"}"):
                answer += connection.recv(65_536)
            assert answer.startswith(b"HTTP/1.1 202 ")
    service.settled()
    assert service.client.get("/api/prices/PIECES").json()["updateCount"] == 3


def test_traced_service_answers_the_short_way_too(start: Callable[..., Service]) -> None:
    service = start(TELEMETRY__TRACES_ENDPOINT="http://127.0.0.1:9/v1/traces", TELEMETRY__TRACES_SAMPLE_RATIO="1")
    with connected(service) as connection:
        connection.sendall(WHOLE * 20 + WHOLE.replace(b"Host: x", b"Host: x\r\nConnection: close"))
        assert everything(connection).count(b"HTTP/1.1 202 ") == 21
    assert service.settled()["processed"] == 21
    # Each has a span of its own, so none is gathered with others.
    count = 'marketdata_message_duration_seconds_count{message="ProcessPriceUpdate",outcome="ok"} 21.0'
    assert count in service.client.get("/metrics").text


def test_head_without_end_is_refused(service: Service) -> None:
    with connected(service) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
        seen = b""
        connection.settimeout(0.05)
        for number in count():
            try:
                connection.sendall(b"x-%d: %b\r\n" % (number, b"a" * 10_000))
                seen += connection.recv(65_536)
            except TimeoutError:
                continue
            except OSError:
                break
            if seen:
                break
    assert number < 100
    assert seen.startswith(b"HTTP/1.1 431 ")


def test_client_that_reads_no_answers_is_not_read_from_and_let_go(start: Callable[..., Service]) -> None:
    service = start(LIMITS__BODY_SECONDS="1")
    host, port = service.url.removeprefix("http://").split(":")
    with closing(socket.socket()) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect((host, int(port)))
        connection.settimeout(30)
        # Sending stops for a while, and then the connection is cut off.
        assert (
            sent_until_cut_off(connection, b"GET /schema/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 1000) < 100_000_000
        )
    resident = re.search(r"^process_resident_memory_bytes (\S+)", service.client.get("/metrics").text, re.MULTILINE)
    assert resident is not None
    assert float(resident.group(1)) < 400_000_000
