"""Services with sign-in, and keys for them."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.sides import Side, sides

SIGN_IN = {"AUTH__ENABLED": "true", "STORAGE__ENABLED": "true"}


def new_key(directory: str, role: str) -> str:
    """A key for a service that has its data there, whether it is running or not."""
    command = [str(Path(sys.executable).with_name("marketdata")), "keys", "create", "--role", role, "benchmark"]
    environment = os.environ | {"MARKETDATA_STORAGE__DATA_DIR": directory}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.strip()


def bearer(key: str) -> str:
    """The header of a request, with its line end."""
    return f"Authorization: Bearer {key}\r\n"


@contextmanager
def guarded(role: str, **variables: str) -> Iterator[tuple[Side, str, str]]:
    """A service with sign-in, a key for it, and where it has its data."""
    with TemporaryDirectory(prefix="marketdata-guarded-") as directory:
        key = new_key(directory, role)
        own = {"sign-in": {**SIGN_IN, "STORAGE__DATA_DIR": directory, **variables}}
        with sides("sign-in", own=own) as (side,):
            yield side, key, directory
