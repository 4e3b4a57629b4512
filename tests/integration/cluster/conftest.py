import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from deploy.kafka.broker import Brokers
from deploy.kafka.jars import NoBroker, NotFetched, jars

from support.cluster import Cluster


def skip_without_broker() -> None:
    try:
        jars()
    except NotFetched as missing:
        # Without a network, also in CI, which says so before the tests.
        pytest.skip(str(missing))
    except NoBroker as missing:
        if "CI" in os.environ:
            # There it is installed first.
            raise
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def brokers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Brokers]:
    """One broker, for all tests that do not end it."""
    skip_without_broker()
    with Brokers(tmp_path_factory.mktemp("kafka")) as running:
        yield running


@pytest.fixture
def own_brokers(tmp_path: Path) -> Iterator[Callable[..., Brokers]]:
    """Starts brokers that a test may end."""
    skip_without_broker()
    started: list[Brokers] = []

    def start(count: int = 1) -> Brokers:
        started.append(Brokers(tmp_path / f"kafka-{len(started)}", count))
        return started[-1].__enter__()

    yield start
    for each in started:
        each.__exit__(None, None, None)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Callable[..., Cluster]]:
    """Makes clusters whose members end with the test."""
    made: list[Cluster] = []

    def make(brokers: Brokers, **more: Any) -> Cluster:
        made.append(Cluster(tmp_path, brokers, **more))
        return made[-1]

    yield make
    for each in made:
        each.__exit__(None, None, None)
