from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.service import Service


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
