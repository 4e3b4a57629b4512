from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from support.canaries import leaks
from support.service import ANSWERS, LOGS, Service


@pytest.fixture(scope="session", autouse=True)
def _no_secret_is_told() -> Iterator[None]:
    """Fails at the end if a service has logged a secret, or told one in a problem."""
    send = httpx.Client.send

    def watched(client: httpx.Client, request: httpx.Request, **more: Any) -> httpx.Response:
        answer = send(client, request, **more)
        if answer.headers.get("content-type", "").startswith("application/problem"):
            ANSWERS.append(answer.read().decode())
        return answer

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(httpx.Client, "send", watched)
        yield
    told = [*ANSWERS, *(log.read_text(errors="replace") for log in LOGS if log.exists())]
    assert [leak for text in told for leak in leaks(text)] == []


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One service for all tests of a file; each uses symbols of its own."""
    with Service(tmp_path_factory.mktemp("service")) as running:
        yield running


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Service]]:
    """Starts services of a test's own, configured by environment variables."""
    running: list[Service] = []

    def starter(*arguments: str, again: Service | None = None, **variables: str) -> Service:
        """again: one that has ended, on whose data the new one goes on."""
        directory = tmp_path / str(len(running)) if again is None else again.directory
        directory.mkdir(exist_ok=True)
        running.append(Service(directory, *arguments, **variables))
        return running[-1]

    yield starter
    for each in running:
        each.__exit__(None, None, None)
