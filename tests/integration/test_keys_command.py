import re
import sqlite3
from collections.abc import Callable
from pathlib import Path

from support.service import Service, marketdata

KEY = re.compile(r"md_([0-9a-f]{16})_([A-Za-z0-9_-]{43})\n\Z")


def test_keys_are_created_listed_and_revoked_without_a_service(tmp_path: Path) -> None:
    created = marketdata("keys", "create", "--role", "feeder", "--prefix", "btc", "--days", "1", "desk 7", cwd=tmp_path)
    match = KEY.match(created.stdout)
    assert match, created.stderr
    listed = marketdata("keys", "list", cwd=tmp_path).stdout
    assert re.search(rf"{match.group(1)}  feeder  until 2\S+Z  2\S+Z  never +BTC\* +desk 7\n", listed)
    assert marketdata("keys", "revoke", match.group(1), cwd=tmp_path).stdout == f"{match.group(1)} is revoked\n"
    assert f"{match.group(1)}  feeder  revoked " in marketdata("keys", "list", cwd=tmp_path).stdout
    with sqlite3.connect(tmp_path / "data" / "marketdata.db") as connection:
        rows = connection.execute("SELECT * FROM api_key").fetchall()
    connection.close()
    assert match.group(2) not in str(rows)


def test_wrong_use_is_explained(tmp_path: Path) -> None:
    unknown = marketdata("keys", "revoke", "ffff", cwd=tmp_path)
    assert (unknown.returncode, unknown.stderr) == (1, "Error: No key has the id ffff.\n")
    limited = marketdata("keys", "create", "--role", "admin", "--prefix", "BTC", "x", cwd=tmp_path)
    assert (limited.returncode, "an admin is limited to no symbols" in limited.stderr) == (1, True)
    off = marketdata("keys", "list", cwd=tmp_path, STORAGE__ENABLED="false")
    assert (off.returncode, "storage.enabled is false" in off.stderr) == (1, True)


def test_keys_are_managed_beside_a_running_service_each_in_its_own_store(start: Callable[..., Service]) -> None:
    service = start("--simulation")
    folder = service.directory
    assert KEY.match(marketdata("keys", "create", "--role", "viewer", "x", "--simulation", cwd=folder).stdout)
    assert marketdata("keys", "list", "--simulation", cwd=folder).stdout.count("viewer") == 1
    assert marketdata("keys", "list", cwd=folder).stdout.count("viewer") == 0
    assert service.terminate() == 0
