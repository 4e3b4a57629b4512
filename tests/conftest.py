import os

import pytest
import structlog
from hypothesis import settings

# How long an example takes says nothing here; in CI every run tries the same ones.
settings.register_profile("marketdata", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("marketdata")


@pytest.fixture(scope="session", autouse=True)
def _quiet() -> None:
    """Nobody reads the log of a test, and writing tracebacks takes most of its time."""

    def drop(*_: object) -> structlog.typing.EventDict:
        raise structlog.DropEvent

    structlog.configure(processors=[drop])
