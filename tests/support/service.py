"""The real service, in its own process on a free loopback port."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self

import httpx

from support.canaries import leaks

# Where secrets are looked for when all tests have run: the logs, and the problems of every answer.
LOGS: set[Path] = set()
ANSWERS: list[str] = []
MARKETDATA = str(Path(sys.executable).with_name("marketdata"))


def eventually(check: Callable[[], Any], seconds: float = 20.0) -> Any:
    """Poll until the check returns something truthy, and return it. Fails at the deadline."""
    deadline = time.monotonic() + seconds
    while not (answer := check()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)
    return answer


def environment(**variables: str) -> dict[str, str]:
    """This environment without the service's settings, plus the given ones: PROCESSING__PARTITIONS="2"."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MARKETDATA_")}
    return clean | {f"MARKETDATA_{name}": value for name, value in variables.items()}


class Service:
    """`marketdata serve --port 0 --no-simulation` and a client for it."""

    program: tuple[str, ...] = (MARKETDATA, "serve")
    more_environment: ClassVar[Mapping[str, str]] = {}

    def __init__(self, directory: Path, *arguments: str, **variables: str) -> None:
        self.directory = directory
        self.log = directory / "service.log"
        LOGS.add(self.log)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*self.program, "--port", "0", *(arguments or ("--no-simulation",))],
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=directory,
                # Requests written by hand say `Host: x`.
                env={**environment(**{"SERVER__ALLOWED_HOSTS": "x"} | variables), **self.more_environment},
                text=True,
            )
        assert self.process.stdout is not None
        greeting = self.process.stdout.readline()
        assert greeting.startswith("marketdata listens on"), self.log.read_text()
        self.url = greeting.split()[-1]
        self.client = httpx.Client(base_url=self.url, timeout=30)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.client.close()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()

    def kill(self) -> None:
        """Send SIGKILL."""
        self.process.kill()
        self.process.wait()

    def terminate(self) -> int:
        """Send SIGTERM and return the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)

    def post(self, tick: object) -> httpx.Response:
        return self.client.post("/api/prices", json=tick)

    def accounts(self) -> dict[str, Any]:
        answer: dict[str, Any] = self.client.get("/api/metrics").json()
        return answer

    def settled(self) -> dict[str, Any]:
        """The accounts once nothing is queued."""
        answer: dict[str, Any] = eventually(lambda: (seen := self.accounts())["queued"] == 0 and seen)
        return answer

    def pages(self, path: str, **parameters: str) -> Iterator[dict[str, Any]]:
        """All items of a paginated list."""
        while True:
            page = self.client.get(path, params={"limit": "1000", **parameters}).json()
            yield from page["items"]
            if page["nextCursor"] is None:
                return
            parameters["cursor"] = page["nextCursor"]


def assert_balanced(accounts: dict[str, Any]) -> None:
    assert accounts["received"] == accounts["accepted"] + accounts["rejected"] + accounts["duplicates"]
    kept = accounts["processed"] + accounts["dropped"] + accounts["queued"] + accounts["failed"]
    assert accounts["accepted"] == kept


def marketdata(*arguments: str, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a `marketdata` command to its end."""
    done = subprocess.run(
        [MARKETDATA, *arguments], capture_output=True, text=True, cwd=cwd, env=environment(**variables), check=False
    )
    # New keys and invitations are printed, once.
    assert leaks(done.stderr if arguments[0] in ("keys", "users") else done.stdout + done.stderr) == []
    return done
