import json
import socket
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from support.service import Service, assert_balanced, eventually

ROOT = Path(__file__).parents[2]
MODES = ["drop_oldest", "drop_newest", "reject", "wait"]
BATCH = [{"symbol": f"S{i % 10}", "price": 100 + i % 7} for i in range(2000)]


@pytest.mark.parametrize("mode", ["drop_oldest", "drop_newest"])
def test_dropping_modes_accept_everything_and_count_what_they_let_go(start: Callable[..., Service], mode: str) -> None:
    service = start(
        PROCESSING__CHANNEL_CAPACITY="100",
        PROCESSING__FULL_MODE=mode,
        PROCESSING__PARTITIONS="3",
        PROCESSING__MAX_HOLD_SECONDS="0",
    )
    answer = service.client.post("/api/prices/batch", json=BATCH)
    assert (answer.status_code, answer.json()["accepted"]) == (202, 2000)
    accounts = service.settled()
    assert_balanced(accounts)
    assert accounts["dropped"] == 1700
    assert accounts["processed"] == 300


def test_rejecting_mode_says_so_and_when_to_try_again(start: Callable[..., Service]) -> None:
    service = start(
        PROCESSING__CHANNEL_CAPACITY="100",
        PROCESSING__FULL_MODE="reject",
        PROCESSING__PARTITIONS="1",
        PROCESSING__MAX_HOLD_SECONDS="0",
    )
    answer = service.client.post("/api/prices/batch", json=BATCH)
    assert answer.status_code == 202
    assert (answer.json()["accepted"], answer.json()["rejected"]) == (100, 1900)
    assert answer.json()["errors"][0]["code"] == "queue_full"
    assert answer.json()["errors"][0]["index"] == 100
    accounts = service.settled()
    assert_balanced(accounts)
    assert (accounts["processed"], accounts["rejected"]) == (100, 1900)


def whole_answer(client: socket.socket) -> str:
    """An answer with a JSON object for its body."""
    received = b""
    while not received.endswith(b"}"):
        received += client.recv(65536)
    return received.decode()


def test_full_queue_answers_503_and_when_to_try_again(start: Callable[..., Service]) -> None:
    service = start(
        PROCESSING__CHANNEL_CAPACITY="1",
        PROCESSING__FULL_MODE="reject",
        PROCESSING__PARTITIONS="1",
        PROCESSING__MAX_HOLD_SECONDS="0",
    )
    tick = json.dumps({"symbol": "A", "price": 1})
    # Both requests are in the server's hands before the worker has its next turn.
    head = f"POST /api/prices HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(tick)}"
    request = f"{head}\r\n\r\n{tick}".encode()
    host, port = service.url.removeprefix("http://").split(":")

    def refused() -> str:
        with ExitStack() as stack:
            clients = [stack.enter_context(socket.create_connection((host, int(port)))) for _ in range(50)]
            for client in clients:
                client.sendall(request)
            answers = [whole_answer(client) for client in clients]
        return next((answer for answer in answers if answer.startswith("HTTP/1.1 503")), "")

    answer = eventually(refused)
    assert "retry-after: 1" in answer.lower()
    assert "application/problem+json" in answer
    assert '"urn:marketdata:problem:unavailable"' in answer
    assert_balanced(service.settled())


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_holds_senders_that_wait_for_their_answers_and_takes_everything_in_its_time(
    start: Callable[..., Service], mode: str
) -> None:
    service = start(
        PROCESSING__CHANNEL_CAPACITY="10",
        PROCESSING__FULL_MODE=mode,
        PROCESSING__PARTITIONS="2",
        PROCESSING__MAX_HOLD_SECONDS="60",
    )

    def post(_: int) -> int:
        return httpx.post(f"{service.url}/api/prices/batch", json=BATCH, timeout=60).status_code

    with ThreadPoolExecutor(4) as senders:
        running = [senders.submit(post, i) for i in range(8)]
        while not all(each.done() for each in running):
            assert_balanced(service.accounts())
        assert [each.result() for each in running] == [202] * 8
    accounts = service.settled()
    assert (accounts["processed"], accounts["dropped"], accounts["rejected"]) == (16_000, 0, 0)


def test_symbol_over_the_limit_is_refused_clearly_while_known_ones_go_on(start: Callable[..., Service]) -> None:
    service = start(PROCESSING__MAX_SYMBOLS="2")
    for symbol in ("A", "B", "A"):
        assert service.post({"symbol": symbol, "price": 1}).status_code == 202
    answer = service.post({"symbol": "C", "price": 1})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"] == "symbol_limit"
    assert "limit of 2 symbols" in answer.json()["detail"]
    answer = service.client.post("/api/prices/batch", json=[{"symbol": "C", "price": 1}, {"symbol": "B", "price": 1}])
    assert (answer.json()["accepted"], answer.json()["rejected"]) == (1, 1)
    accounts = service.settled()
    assert (accounts["activeSymbols"], accounts["processed"], accounts["rejected"]) == (2, 4, 2)
    assert service.client.get("/api/prices/C").status_code == 404


def test_accounts_balance_whenever_they_are_looked_at_under_load(start: Callable[..., Service]) -> None:
    service = start(PROCESSING__CHANNEL_CAPACITY="500", PROCESSING__PARTITIONS="2", PROCESSING__MAX_HOLD_SECONDS="0")

    def post(_: int) -> int:
        return httpx.post(f"{service.url}/api/prices/batch", json=BATCH, timeout=60).status_code

    with ThreadPoolExecutor(4) as senders:
        running = [senders.submit(post, i) for i in range(20)]
        while not all(each.done() for each in running):
            assert_balanced(service.accounts())
        assert {each.result() for each in running} == {202}
    accounts = service.settled()
    assert_balanced(accounts)
    assert accounts["received"] == 40_000


@pytest.mark.parametrize("load", ["batches", "singles"])
def test_flooded_from_many_connections_nothing_is_lost_and_everything_accounted_for(tmp_path: Path, load: str) -> None:
    figures = tmp_path / "overload.json"
    # It ends with an error where an account does not agree with what was sent, or a closed loop lost a tick.
    command = [sys.executable, "-m", "benchmarks.overload", "--seconds", "1", "--loads", load, "--json", str(figures)]
    subprocess.run([*command, "--connections", "64"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    rows = json.loads(figures.read_text())["rows"]
    assert {(row["mode"], row["loop"]) for row in rows} == {
        (mode, loop) for mode in MODES for loop in ("closed", "open")
    }
    for row in rows:
        assert row["processed"] > 0
        assert set(row["answers"]) <= {"202", "503"}
        if row["loop"] == "closed":
            assert (set(row["answers"]), row["dropped"], row["rejected"]) == ({"202"}, 0, 0)
            assert row["processed"] == row["accepted"]
