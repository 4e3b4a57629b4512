"""Ticks in one request without end."""

import json
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import count

import pytest

from support.service import Service, assert_balanced, eventually

PATH = "/api/prices/stream"
NDJSON = {"Content-Type": "application/x-ndjson"}


def lines(symbol: str, prices: Iterator[object] | range, start_ms: int = 10**12) -> Iterator[bytes]:
    for at, price in enumerate(prices):
        yield json.dumps({"symbol": symbol, "price": price, "timestamp": start_ms + at}).encode() + b"\n"


def opened(service: Service, query: str = "") -> socket.socket:
    host, port = service.url.removeprefix("http://").split(":")
    connection = socket.create_connection((host, int(port)), timeout=30)
    head = f"POST {PATH}{query} HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\n"
    connection.sendall(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode())
    return connection


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def read_until(connection: socket.socket, wanted: bytes) -> bytes:
    seen = b""
    while wanted not in seen:
        part = connection.recv(65_536)
        assert part, seen
        seen += part
    return seen


def test_ticks_are_taken_while_the_stream_goes_on(service: Service) -> None:
    with closing(opened(service)) as connection:
        connection.sendall(chunk(b'{"symbol":"FLOW","price":1}\n{"symbol":"FLOW","pri'))
        eventually(lambda: service.client.get("/api/prices/FLOW").status_code == 200)
        connection.sendall(chunk(b'ce":2}\n'))
        eventually(lambda: service.client.get("/api/prices/FLOW").json()["updateCount"] == 2)
        connection.sendall(chunk(b'{"symbol":"FLOW","price":3}') + b"0\r\n\r\n")
        answer = read_until(connection, b"]}")
    assert answer.startswith(b"HTTP/1.1 202 ")
    assert answer.endswith(b'{"accepted":3,"rejected":0,"errors":[]}')


@pytest.mark.parametrize("step", [1, 2, 7, 40])
def test_where_the_body_is_cut_makes_no_difference(service: Service, step: int) -> None:
    symbol = f"CUT{step}"
    body = (
        b"".join(lines(symbol, range(1, 20)))
        + b'\r\n  \n{"symbol":1}\nnot json\n'
        + b"".join(lines(symbol, range(1, 3)))
    )
    answer = service.client.post(
        PATH, content=(body[at : at + step] for at in range(0, len(body), step)), headers=NDJSON
    )
    assert answer.status_code == 202
    told = answer.json()
    assert (told["accepted"], told["rejected"]) == (21, 2)
    assert [(error["index"], error["code"]) for error in told["errors"]] == [
        (19, "wrong_type"),
        (19, "missing"),
        (20, "malformed"),
    ]
    service.settled()
    assert service.client.get(f"/api/prices/{symbol}").json()["updateCount"] == 21


def test_more_ticks_than_a_batch_may_have_are_taken(start: Callable[..., Service]) -> None:
    service = start(PROCESSING__MAX_BATCH_SIZE="7")
    answer = service.client.post(PATH, content=b"".join(lines("MANY", range(1, 1001))), headers=NDJSON)
    assert answer.json() == {"accepted": 1000, "rejected": 0, "errors": []}
    assert service.settled()["processed"] == 1000


@pytest.mark.parametrize("end", ["", "\n"])
def test_more_ticks_on_one_line_than_a_batch_may_have_are_one_bad_tick(start: Callable[..., Service], end: str) -> None:
    service = start(PROCESSING__MAX_BATCH_SIZE="7")
    good = '{"symbol":"ONE","price":1}'
    answer = service.client.post(PATH, content=f"{good}\n{good * 20}{end}", headers=NDJSON)
    assert (answer.status_code, answer.json()["accepted"], answer.json()["rejected"]) == (202, 1, 1)
    assert [(error["index"], error["code"]) for error in answer.json()["errors"]] == [(1, "malformed")]


def test_line_without_end_is_one_bad_tick_and_the_next_one_is_read(service: Service) -> None:
    before = service.accounts()["rejected"]

    def body() -> Iterator[bytes]:
        yield b'{"symbol":"LONG","price":1}\n{"symbol":"'
        for _ in range(50):
            yield b"X" * 10_000
        yield b'","price":1}\n{"symbol":"LONG","price":2}\n'

    told = service.client.post(PATH, content=body(), headers=NDJSON).json()
    assert (told["accepted"], told["rejected"]) == (2, 1)
    assert [(error["index"], error["code"]) for error in told["errors"]] == [(1, "too_long")]
    assert service.accounts()["rejected"] == before + 1


def test_only_the_first_hundred_errors_are_told(service: Service) -> None:
    told = service.client.post(PATH, content=(b"{}\n" for _ in range(300)), headers=NDJSON).json()
    assert (told["accepted"], told["rejected"], len(told["errors"])) == (0, 300, 100)


def test_empty_stream_is_an_empty_account(service: Service) -> None:
    assert service.client.post(PATH, headers=NDJSON).json() == {"accepted": 0, "rejected": 0, "errors": []}


@pytest.mark.parametrize(
    ("query", "headers", "status"),
    [
        ("", {"Content-Type": "application/json"}, 415),
        ("", {}, 415),
        ("?progress=maybe", NDJSON, 400),
        ("?speed=1", NDJSON, 400),
    ],
)
def test_wrong_request_is_refused_before_anything_is_read(
    service: Service, query: str, headers: dict[str, str], status: int
) -> None:
    answer = service.client.post(PATH + query, content=b'{"symbol":"NEVER","price":1}\n', headers=headers)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert service.client.get("/api/prices/NEVER").status_code == 404


def test_progress_comes_while_the_stream_goes_on_and_the_account_last(service: Service) -> None:
    with closing(opened(service, "?progress=true")) as connection:
        connection.sendall(chunk(b'{"symbol":"PROG","price":1}\n'))
        told = read_until(connection, b'{"accepted":1,"rejected":0}\n')
        assert told.startswith(b"HTTP/1.1 202 ")
        connection.sendall(chunk(b'{"symbol":"PROG","price":2}\n') + b"0\r\n\r\n")
        read_until(connection, b'{"accepted":2,"rejected":0,"errors":[]}\n')


def test_client_that_leaves_has_given_what_it_sent_in_whole_lines(service: Service) -> None:
    with closing(opened(service)) as connection:
        connection.sendall(chunk(b'{"symbol":"LEFT","price":1}\n{"symbol":"LEFT","price":2}'))
        eventually(lambda: service.client.get("/api/prices/LEFT").status_code == 200)
    gone = 'marketdata_http_request_duration_seconds_count{method="POST",route="/api/prices/stream",status="499"}'
    eventually(lambda: gone in service.client.get("/metrics").text)
    assert service.client.get("/api/prices/LEFT").json()["updateCount"] == 1


@pytest.mark.parametrize("mode", ["drop_oldest", "drop_newest", "reject", "wait"])
def test_sender_that_is_too_fast_is_held_up_and_nothing_is_dropped(start: Callable[..., Service], mode: str) -> None:
    service = start(PROCESSING__CHANNEL_CAPACITY="50", PROCESSING__FULL_MODE=mode, PROCESSING__PARTITIONS="2")
    body = b"".join(b"".join(lines(symbol, range(1, 10_001))) for symbol in ("A", "B"))
    told = service.client.post(PATH, content=body, headers=NDJSON).json()
    assert told == {"accepted": 20_000, "rejected": 0, "errors": []}
    accounts = service.settled()
    assert (accounts["processed"], accounts["dropped"]) == (20_000, 0)
    assert_balanced(accounts)


def test_end_of_the_service_is_told_with_the_account(start: Callable[..., Service]) -> None:
    service = start(PROCESSING__SHUTDOWN_DEADLINE_SECONDS="4")
    with closing(opened(service)) as connection:
        connection.sendall(chunk(b'{"symbol":"END","price":1}\n'))
        eventually(lambda: service.client.get("/api/prices/END").status_code == 200)
        assert service.terminate() == 0
        answer = read_until(connection, b"}")
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"1 ticks were accepted" in answer


def test_silent_stream_is_ended(start: Callable[..., Service]) -> None:
    service = start(LIMITS__STREAM_IDLE_SECONDS="1", LIMITS__BODY_SECONDS="0.5")
    with closing(opened(service)) as silent, closing(opened(service)) as talking:
        for _ in count():
            talking.sendall(chunk(b'{"symbol":"TALK","price":1}\n'))
            silent.settimeout(0.2)
            try:
                answer = silent.recv(65_536)
                break
            except TimeoutError:
                continue
        assert answer.startswith(b"HTTP/1.1 408 ")
        talking.sendall(b"0\r\n\r\n")
        assert read_until(talking, b"]}").startswith(b"HTTP/1.1 202 ")


def test_curl_sends_a_file_that_has_no_end_yet(service: Service) -> None:
    curl = subprocess.Popen(
        ["curl", "-sN", "-X", "POST", "-H", "Content-Type: application/x-ndjson", "-T", "-", service.url + PATH],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert curl.stdin is not None
    curl.stdin.write(b'{"symbol":"TAIL","price":1}\n')
    curl.stdin.flush()
    eventually(lambda: service.client.get("/api/prices/TAIL").status_code == 200)
    curl.stdin.write(b'{"symbol":"TAIL","price":2}\n')
    told, _ = curl.communicate(timeout=30)
    assert json.loads(told) == {"accepted": 2, "rejected": 0, "errors": []}
