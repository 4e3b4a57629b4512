from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.access.role import Role
from support.access import api_key, put_keys
from support.fakes import START_US
from support.service import Service

# By name, each with a key of its own.
KEYS = {role.value: api_key(number, role) for number, role in enumerate(Role, 1)} | {
    "expired": api_key(11, Role.ADMIN, expires_us=START_US + 1),
    "revoked": api_key(12, Role.ADMIN, revoked_us=START_US + 1),
    "limited feeder": api_key(13, Role.FEEDER, prefixes=("BTC", "EUR/")),
    "limited operator": api_key(15, Role.OPERATOR, prefixes=("BTC", "EUR/")),
    "limited viewer": api_key(14, Role.VIEWER, prefixes=("BTC", "EUR/")),
}


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with sign-in on, and KEYS."""
    folder: Path = tmp_path_factory.mktemp("guarded")
    put_keys(folder / "data", *KEYS.values())
    with Service(folder, AUTH__ENABLED="true") as running:
        yield running
