import json
import signal
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from infrastructure.settings import Settings
from support.service import Service, eventually, marketdata

BATCH = [{"symbol": f"S{i % 10}", "price": 100 + i % 7} for i in range(1000)]


def test_sigterm_under_load_processes_everything_accepted_and_ends_with_0(start: Callable[..., Service]) -> None:
    service = start(TELEMETRY__LOG_FORMAT="json")
    accepted = [0]
    gone = threading.Event()

    def feed() -> None:
        with httpx.Client(base_url=service.url, timeout=30) as client:
            while not gone.is_set():
                try:
                    answer = client.post("/api/prices/batch", json=BATCH)
                except httpx.HTTPError:
                    return
                if answer.status_code == 202:
                    accepted[0] += answer.json()["accepted"]

    feeders = [threading.Thread(target=feed) for _ in range(3)]
    for feeder in feeders:
        feeder.start()
    eventually(lambda: accepted[0] > 20_000)
    start_time = time.monotonic()
    status = service.terminate()
    took = time.monotonic() - start_time
    gone.set()
    for feeder in feeders:
        feeder.join()
    assert status == 0
    assert took < Settings().processing.shutdown_deadline_seconds
    last = json.loads(service.log.read_text().splitlines()[-1])
    assert last["event"] == "stopped"
    assert last["processed"] == last["accepted"] >= accepted[0]
    assert last["unprocessed"] == 0


def test_sigint_ends_with_0_too(start: Callable[..., Service]) -> None:
    service = start()
    service.process.send_signal(signal.SIGINT)
    assert service.process.wait(30) == 0


def test_open_connections_do_not_hold_up_the_end(start: Callable[..., Service]) -> None:
    service = start(PROCESSING__SHUTDOWN_DEADLINE_SECONDS="4")
    host, port = service.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as idle, socket.create_connection((host, int(port))) as half:
        half.sendall(b"POST /api/prices HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        assert service.client.get("/health/live").status_code == 200
        assert idle.fileno() > 0
        assert service.terminate() == 0


def test_a_host_that_does_not_exist_is_named(tmp_path: Path) -> None:
    ended = marketdata(
        "serve", "--host", "300.1.1.1", "--port", "0", cwd=tmp_path, AUTH__ALLOW_ANONYMOUS_NETWORK="true"
    )
    assert ended.returncode == 1
    assert '"server.host": "300.1.1.1"' in ended.stderr
    # Nothing has been made, and nothing is said to have started.
    assert not (tmp_path / "data").exists()
    assert "started" not in ended.stderr


def test_the_start_is_logged_once_it_listens(start: Callable[..., Service]) -> None:
    service = start()
    service.terminate()
    events = [json.loads(line)["event"] for line in service.log.read_text().splitlines()]
    assert events[0] == "started"
    started = json.loads(service.log.read_text().splitlines()[0])
    assert started["storage"] == str(service.directory / "data")
    assert started["port"] == int(service.url.rpartition(":")[2])


def test_port_in_use_ends_the_start_with_a_reason(start: Callable[..., Service]) -> None:
    service = start()
    port = service.url.rpartition(":")[2]
    ended = marketdata("serve", "--port", port, "--no-simulation", cwd=service.log.parent, STORAGE__DATA_DIR="other")
    assert ended.returncode == 1
    (line,) = [json.loads(each) for each in ended.stderr.splitlines()]
    assert line["reason"] == "Address already in use"
    assert (line["server.host"], line["server.port"]) == ("127.0.0.1", int(port))
    assert ended.stdout == ""
    assert service.client.get("/health/live").status_code == 200
