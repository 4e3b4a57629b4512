"""What a revoked key ends, and what a restart does not."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from domain.access.role import Role
from support.access import api_key, bearer, put_keys, revoke_key
from support.service import Service, eventually, marketdata
from support.watcher import Watcher

FEEDER, VIEWER = api_key(1, Role.FEEDER), api_key(2, Role.VIEWER)
ANY_ADDRESS = "0.0.0.0"  # noqa: S104  # what a service is refused, or told to mean
TICK = {"symbol": "A", "price": 1}
FIRST_KEY = re.compile(r"    (md_[0-9a-f]{16}_[A-Za-z0-9_-]{43})\n")


@pytest.fixture
def guarded(start: Callable[..., Service], tmp_path: Path) -> Service:
    put_keys(tmp_path / "0" / "data", FEEDER, VIEWER)
    return start(AUTH__ENABLED="true")


def test_requests_that_are_recognised_by_their_head_are_refused_too(guarded: Service) -> None:
    for _ in range(3):
        assert guarded.client.post("/api/prices", json=TICK, headers=bearer(FEEDER)).status_code == 202
        assert guarded.client.get("/api/prices/A", headers=bearer(VIEWER)).status_code in (200, 404)
    revoke_key(guarded.directory / "data", FEEDER)
    eventually(lambda: guarded.client.post("/api/prices", json=TICK, headers=bearer(FEEDER)).status_code == 401, 5)
    assert guarded.client.get("/api/prices/A", headers=bearer(VIEWER)).status_code == 200
    assert guarded.terminate() == 0


def test_subscribers_are_disconnected(guarded: Service) -> None:
    with (
        Watcher(guarded, additional_headers=bearer(VIEWER)) as watcher,
        guarded.client.stream("GET", "/api/stream", headers=bearer(VIEWER)) as events,
    ):
        watcher.say("ping")
        watcher.until("pong")
        revoke_key(guarded.directory / "data", VIEWER)
        with pytest.raises(ConnectionClosed) as closed:
            watcher.until("never")
        assert closed.value.rcvd is not None
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1008, "the key is not valid any more")
        assert b"".join(events.iter_bytes()).startswith(b"retry: 1000")


def test_stream_of_ticks_ends_and_says_what_was_accepted(guarded: Service) -> None:
    line = b'{"symbol":"A","price":1}\n'

    def lines() -> Iterator[bytes]:
        yield line
        eventually(lambda: guarded.client.get("/api/prices/A", headers=bearer(VIEWER)).status_code == 200)
        revoke_key(guarded.directory / "data", FEEDER)
        eventually(lambda: guarded.client.post("/api/prices", json=TICK, headers=bearer(FEEDER)).status_code == 401)
        yield line

    headers = {**bearer(FEEDER), "Content-Type": "application/x-ndjson"}
    with httpx.Client(base_url=guarded.url, timeout=30) as sender:
        answer = sender.post("/api/prices/stream", content=lines(), headers=headers)
    assert answer.status_code == 401
    assert "1 ticks were accepted" in answer.json()["detail"]


def first_key(service: Service) -> str | None:
    """The key that a start has printed."""
    assert service.process.stdout is not None
    printed = ""
    for line in service.process.stdout:
        printed += line
        if line.startswith("Ctrl+C"):
            break
    match = FIRST_KEY.search(printed)
    return match.group(1) if match else None


def test_first_start_prints_an_admin_key_once_and_keys_survive_a_restart(start: Callable[..., Service]) -> None:
    service = start(AUTH__ENABLED="true")
    key = first_key(service)
    assert key is not None
    header = {"Authorization": f"Bearer {key}"}
    assert service.client.get("/api/prices").status_code == 401
    assert service.client.post("/api/prices", json=TICK, headers=header).status_code == 202
    assert service.client.get("/metrics", headers=header).status_code == 200
    assert service.terminate() == 0
    assert key.rpartition("_")[2] not in service.log.read_text()
    again = start(AUTH__ENABLED="true", again=service)
    assert first_key(again) is None
    assert again.client.get("/metrics", headers=header).status_code == 200
    listed = marketdata("keys", "list", cwd=service.directory).stdout
    assert re.search(rf"{key[3:19]}  admin  valid .*Z  20.*  all +first admin\n", listed)


def test_network_address_without_sign_in_is_refused_unless_it_is_meant(tmp_path: Path) -> None:
    refused = marketdata("serve", "--host", ANY_ADDRESS, "--port", "0", cwd=tmp_path)
    assert refused.returncode == 2
    assert "auth.enabled = true" in refused.stderr
    assert "auth.allow_anonymous_network = true" in refused.stderr
    nowhere = marketdata("serve", "--port", "0", cwd=tmp_path, AUTH__ENABLED="true", STORAGE__ENABLED="false")
    assert (nowhere.returncode, "storage.enabled is false" in nowhere.stderr) == (2, True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("variables", [{"AUTH__ALLOW_ANONYMOUS_NETWORK": "true"}, {"AUTH__ENABLED": "true"}])
def test_network_address_is_served_where_it_is_meant(start: Callable[..., Service], variables: dict[str, str]) -> None:
    service = start("--host", ANY_ADDRESS, **variables)
    assert service.client.get("/health/live").status_code == 200
