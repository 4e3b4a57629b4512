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

    def starter(*arguments: str, **variables: str) -> Service:
        directory = tmp_path / str(len(running))
        directory.mkdir()
        running.append(Service(directory, *arguments, **variables))
        return running[-1]

    yield starter
    for each in running:
        each.__exit__(None, None, None)
