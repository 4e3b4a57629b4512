"""The servers under measurement: all run at once, on the first core; the load comes from the second."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

_START_SECONDS = 30
_SETTLE_SECONDS = 30

SERVICE = "marketdata"
BARE = "bare ASGI"
FASTAPI = "FastAPI by hand"


@dataclass(frozen=True)
class Side:
    name: str
    port: int
    pid: int

    def get(self, path: str, header: str = "") -> bytes:
        """header: one more, with its line end."""
        name, _, value = header.strip().partition(": ")
        more = {name: value} if name else {}
        asked = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers=more)
        with urllib.request.urlopen(asked) as answer:
            body: bytes = answer.read()
            return body

    def metrics(self, header: str = "") -> dict[str, Any]:
        """The side's accounts, once nothing is queued."""
        deadline = time.monotonic() + _SETTLE_SECONDS
        while True:
            metrics: dict[str, Any] = json.loads(self.get("/api/metrics", header))
            if metrics["queued"] == 0:
                return metrics
            if time.monotonic() > deadline:
                raise RuntimeError(f"{self.name} does not come to rest: {metrics}")
            time.sleep(0.002)

    def cpu_seconds(self) -> float:
        """The side's user and system time so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mib(pid: int) -> float:
    """The resident memory of a process, in MiB."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096 / 2**20


def pin(core: int) -> None:
    """Pin this process to a core, if the machine has that core and allows it."""
    if hasattr(os, "sched_setaffinity") and core < (os.cpu_count() or 1):
        os.sched_setaffinity(0, {core})


@contextmanager
def sides(*names: str, own: Mapping[str, dict[str, str]] | None = None, **variables: str) -> Iterator[list[Side]]:
    """Start the named sides; an unknown name is a service.

    variables: settings of every service. own: settings of single services, by name.
    """
    with ExitStack() as stack:
        started = [stack.enter_context(_side(name, variables | (own or {}).get(name, {}))) for name in names]
        pin(1)
        yield started


@contextmanager
def _side(name: str, variables: dict[str, str]) -> Iterator[Side]:
    port = _free_port()
    commands = {
        SERVICE: [str(Path(sys.executable).with_name("marketdata")), "serve", "--no-simulation", "--port", str(port)],
        BARE: [sys.executable, "-m", "benchmarks.servers.bare_asgi", str(port)],
        FASTAPI: [sys.executable, "-m", "benchmarks.servers.fastapi_service", str(port)],
    }
    command = commands.get(name, commands[SERVICE])
    # The other sides store nothing. A service with storage has its own store while it runs.
    directory = TemporaryDirectory(prefix="marketdata-bench-")
    given = {"STORAGE__DATA_DIR": directory.name, "STORAGE__ENABLED": "false"} | variables
    environment = os.environ | {f"MARKETDATA_{key}": value for key, value in given.items()}
    process = subprocess.Popen(
        command,
        env=environment,
        preexec_fn=lambda: pin(0),  # noqa: PLW1509  # single-threaded
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(port, process)
        yield Side(name, port, process.pid)
    finally:
        process.terminate()
        process.wait()
        directory.cleanup()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except ConnectionRefusedError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("a side does not start") from None
            time.sleep(0.05)
