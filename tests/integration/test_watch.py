"""`marketdata watch` in terminals and in pipes."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Timer

import pytest

from support.service import MARKETDATA, Service, environment, eventually, marketdata

SECONDS = 30
# Nobody listens there.
NOWHERE = "http://127.0.0.1:9"


@contextmanager
def watching(*arguments: str) -> "Iterator[subprocess.Popen[str]]":
    """`marketdata watch`, piped; killed at a deadline, so that nobody waits for its next line for ever."""
    watch = subprocess.Popen(
        [MARKETDATA, "watch", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    deadline = Timer(SECONDS, watch.kill)
    deadline.start()
    try:
        yield watch
    finally:
        deadline.cancel()
        watch.kill()
        watch.communicate()


def post(service: Service, symbol: str, *prices: float) -> None:
    batch = [{"symbol": symbol, "price": price} for price in prices]
    service.client.post("/api/prices/batch", json=batch, headers={"Prefer": "durable"}).raise_for_status()


def test_watch_ends_quietly_when_the_reader_of_its_pipe_has_gone(service: Service) -> None:
    post(service, "HEAD", 1)
    with watching("HEAD", "--url", service.url) as watch:
        assert watch.stdout is not None
        assert watch.stderr is not None
        assert watch.stdout.readline().split()[1:] == ["HEAD", "1.0"]
        watch.stdout.close()

        def has_ended_after_one_more() -> bool:
            post(service, "HEAD", 1)
            return watch.poll() is not None

        eventually(has_ended_after_one_more)
        assert (watch.returncode, watch.stderr.read()) == (0, f"connected to {service.url}\n")


def test_watch_prints_the_messages_of_the_stream_as_json(service: Service) -> None:
    post(service, "JSON", 100)
    with watching("JSON", "--json", "--url", service.url) as watch:
        assert watch.stdout is not None
        snapshot = json.loads(watch.stdout.readline())
        assert (snapshot["type"], snapshot["last"]) == ("snapshot", True)
        assert snapshot["prices"][0]["currentPrice"] == 100
        # Together, so that they are within the window.
        post(service, "JSON", 100, 110)
        messages = [json.loads(watch.stdout.readline()) for _ in range(2)]
        told = {message["type"]: message for message in messages}
        assert told["prices"]["prices"][0]["updateCount"] == 3
        assert told["move"]["move"]["peakPercent"] == 10


def test_watch_once_prints_what_is_there_and_ends(service: Service, tmp_path: Path) -> None:
    post(service, "ONCE1", 1.5)
    post(service, "ONCE2", 0.0000001)
    once = ("watch", "--once", "--url", service.url)
    ended = marketdata(*once, "ONCE*", cwd=tmp_path)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert [line.split()[1:] for line in ended.stdout.splitlines()] == [["ONCE1", "1.5"], ["ONCE2", "0.0000001"]]
    ended = marketdata(*once, "ONCE1", "--json", cwd=tmp_path)
    assert [item["symbol"] for item in json.loads(ended.stdout)["prices"]] == ["ONCE1"]
    none = marketdata(*once, "NEVER", cwd=tmp_path)
    assert (none.returncode, none.stdout, none.stderr) == (0, "", "no prices yet\n")
    # More symbols than the client subscribes to at once.
    many = marketdata(*once, *(f"X{at}" for at in range(600)), "ONCE1", cwd=tmp_path)
    assert (many.returncode, many.stdout.split()[1:]) == (0, ["ONCE1", "1.5"])


def test_watch_once_prints_a_table_on_a_terminal(service: Service) -> None:
    post(service, "LONG:SYMBOL-OF-A-TERMINAL", 123456.789)
    command = ["watch", "LONG*", "--once", "--url", service.url]
    with on_terminal(*command, columns=40) as (watch, terminal):
        seen, status = rest_of(watch, terminal)
    assert status == 0
    assert re.search(r"LONG:SYMBOL-OF-A-TERMINAL +123456\.789", seen)
    assert "Average" not in seen


@pytest.mark.parametrize("how", [(), ("--once",), ("--json",)])
def test_watch_without_retries_fails_where_nobody_listens(how: tuple[str, ...], tmp_path: Path) -> None:
    ended = marketdata("watch", "--no-retry", *how, "--url", NOWHERE, cwd=tmp_path)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == f"Error: no connection to {NOWHERE}: connection refused\n"


def test_watch_without_retries_fails_when_the_connection_is_lost(start: Callable[..., Service]) -> None:
    service = start()
    post(service, "LOST", 1)
    with watching("LOST", "--no-retry", "--url", service.url) as watch:
        assert watch.stdout is not None
        watch.stdout.readline()
        service.kill()
        _, errors = watch.communicate(timeout=SECONDS)
        assert watch.returncode == 1
        assert f"Error: no connection to {service.url}: the connection was lost" in errors


def test_watch_says_in_plain_words_that_it_retries() -> None:
    with watching("--url", NOWHERE) as watch:
        assert watch.stderr is not None
        assert re.fullmatch(r"connection refused; retrying in \d\.\d s\n", watch.stderr.readline())


@pytest.mark.parametrize("url", ["127.0.0.1:8000", "http://127.0.0.1:99999", "http://[::1", "ftp://x", "http://"])
def test_watch_says_what_is_wrong_with_an_address(tmp_path: Path, url: str) -> None:
    ended = marketdata("watch", "--url", url, cwd=tmp_path)
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"Error: {url} is not a market data service: ")
    assert "Traceback" not in ended.stderr


def test_watch_prints_lines_where_it_is_piped(start: Callable[..., Service]) -> None:
    service = start()
    service.client.post("/api/prices", json={"symbol": "PIPE", "price": 100}, headers={"Prefer": "durable"})
    with watching("PIPE", "--url", service.url) as watch:
        assert watch.stdout is not None
        assert watch.stdout.readline().split()[1:] == ["PIPE", "100.0"]
        service.client.post("/api/prices/batch", json=[{"symbol": "PIPE", "price": price} for price in (100, 106)])
        lines = [watch.stdout.readline().split()[1:] for _ in range(2)]
        assert sorted(lines) == [["PIPE", "106.0"], ["PIPE", "106.0", "+6.00%", "critical", "opened"]]
        watch.terminate()
        assert watch.wait(timeout=SECONDS) == 0


@contextmanager
def on_terminal(*arguments: str, columns: int) -> "Iterator[tuple[subprocess.Popen[bytes], int]]":
    """A command on a terminal of its own, and our side of that."""
    ours, theirs = pty.openpty()
    command = subprocess.Popen(
        [MARKETDATA, *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment() | {"COLUMNS": str(columns), "LINES": "30", "TERM": "xterm"},
        # Where the tests run in the background, SIGINT is ignored, and that would be inherited.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509  # no threads of the child yet
    )
    os.close(theirs)
    try:
        yield command, ours
    finally:
        command.kill()
        command.wait()
        os.close(ours)


def test_watch_shows_a_live_table_and_survives_a_restart(start: Callable[..., Service]) -> None:
    service = start()
    post(service, "TTY", 100, 104)
    seen = ""

    def wait_for(text: str) -> None:
        nonlocal seen
        deadline = time.monotonic() + SECONDS
        while text not in seen:
            assert time.monotonic() < deadline, seen[-2000:]
            ready, _, _ = select.select([terminal], [], [], SECONDS)
            assert ready, seen[-2000:]
            seen += os.read(terminal, 65536).decode(errors="replace")
        seen = seen[seen.index(text) + len(text) :]

    with on_terminal("watch", "TTY", "--url", service.url, columns=80) as (watch, terminal):
        wait_for("connected to")
        wait_for("104")
        post(service, "TTY", 104, 90.5)
        wait_for("▼ -12.98%")
        service.kill()
        wait_for("no connection to")
        start("--no-simulation", "--port", service.url.rpartition(":")[2], again=service)
        wait_for("connected to")
        watch.send_signal(signal.SIGINT)
        assert rest_of(watch, terminal)[1] == 0


def rest_of(process: "subprocess.Popen[bytes]", terminal: int) -> tuple[str, int]:
    """What a process still writes to its terminal until it ends, and its exit status."""
    seen = b""
    deadline = time.monotonic() + SECONDS
    with suppress(OSError):
        # Raised once the other side of the terminal is closed.
        while time.monotonic() < deadline and select.select([terminal], [], [], SECONDS)[0]:
            seen += os.read(terminal, 65536)
    return seen.decode(errors="replace"), process.wait(timeout=SECONDS)
