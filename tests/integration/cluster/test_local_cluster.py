"""`make cluster`: a cluster with simulated prices on this machine, until Ctrl+C."""

import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import httpx
from deploy.kafka.broker import Brokers

from support.service import environment, eventually

ROOT = Path(__file__).parents[3]
MEMBERS = 5


def free_ports() -> int:
    """The first of as many free ports in a row as there are members."""
    for first in range(21_000, 32_000, MEMBERS):
        probes = [socket.socket() for _ in range(MEMBERS)]
        try:
            for at, probe in enumerate(probes):
                probe.bind(("127.0.0.1", first + at))
            return first
        except OSError:
            continue
        finally:
            for probe in probes:
                probe.close()
    raise AssertionError("no ports are free")


def answered(url: str) -> httpx.Response | None:
    with suppress(httpx.HTTPError):
        answer = httpx.get(url, timeout=5)
        return answer if answer.status_code == 200 else None
    return None


def test_one_command_shows_a_cluster_and_ends_it(brokers: Brokers) -> None:
    """brokers: to be skipped where there cannot be any."""
    first = free_ports()
    command = [sys.executable, "-m", "deploy.local_cluster", "--port", str(first)]
    running = subprocess.Popen(command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, text=True)
    try:
        assert running.stdout is not None
        shown: list[str] = []
        while not shown or "Ctrl+C" not in shown[-1]:
            shown.append(running.stdout.readline())
            assert shown[-1], "it has ended"
        urls = [word for line in shown for word in line.split() if word.startswith("http://")]
        assert len(urls) == MEMBERS
        for gateway in (f"http://127.0.0.1:{first + at}" for at in range(2)):
            # The five simulated symbols, whichever gateway is asked.
            eventually(lambda url=gateway: (a := answered(f"{url}/api/prices")) and len(a.json()["items"]) == 5, 120)  # type: ignore[misc]  # bound at once
            assert answered(gateway) is not None
        for at in range(2, MEMBERS):
            assert answered(f"http://127.0.0.1:{first + at}/health") is not None
        running.send_signal(signal.SIGINT)
        assert running.wait(90) == 0
        assert all(answered(f"http://127.0.0.1:{first + at}/health") is None for at in range(MEMBERS))
    finally:
        running.terminate()
        running.wait(90)
        if running.stdout is not None:
            running.stdout.close()
