"""The service over TLS, with a certificate made here."""

import os
import shutil
import socket
import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from websockets.sync.client import connect

from support.canaries import CANARY
from support.service import Service, eventually, marketdata

PASSWORD = f"{CANARY}-5d1f"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a certificate, its key with and without a password, and another key."""
    openssl = shutil.which("openssl")
    if openssl is None:
        if os.environ.get("CI"):
            pytest.fail("openssl is missing")
        pytest.skip("openssl is missing")
    folder = tmp_path_factory.mktemp("tls")
    new_key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")
    for name in ("own", "other"):
        names = ("-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost")
        made = (openssl, "req", "-x509", *new_key, *names, "-keyout", f"{name}.key", "-out", f"{name}.pem")
        subprocess.run(made, cwd=folder, check=True, capture_output=True)
    locked = (openssl, "ec", "-in", "own.key", "-aes256", "-passout", f"pass:{PASSWORD}", "-out", "locked.key")
    subprocess.run(locked, cwd=folder, check=True, capture_output=True)
    return folder


def test_everything_works_over_tls(start: Callable[..., Service], files: Path) -> None:
    service = start(
        SERVER__TLS_CERTIFICATE=str(files / "own.pem"),
        SERVER__TLS_KEY=str(files / "locked.key"),
        SERVER__TLS_KEY_PASSWORD=PASSWORD,
    )
    assert service.url.startswith("https://127.0.0.1:")
    trust = ssl.create_default_context(cafile=files / "own.pem")
    with httpx.Client(base_url=service.url, verify=trust, timeout=30) as client:
        # The fast path, and what the framework answers.
        for _ in range(3):
            posted = client.post("/api/prices", json={"symbol": "TLS", "price": 1})
            assert (posted.status_code, posted.headers["strict-transport-security"]) == (202, "max-age=31536000")
        eventually(lambda: client.get("/api/prices/TLS").status_code == 200)
        assert client.get("/api/prices/TLS").json()["updateCount"] == 3
        assert client.get("/health/live").headers["strict-transport-security"] == "max-age=31536000"
        own = {"Origin": service.url}
        assert client.post("/api/prices", json={"symbol": "TLS", "price": 1}, headers=own).status_code == 202
        with client.stream("GET", "/api/stream?symbols=TLS") as events:
            assert next(events.iter_lines()).startswith("retry:")
        with connect(f"{service.url.replace('https', 'wss')}/ws", ssl=trust) as watcher:
            watcher.send('{"op":"ping","id":"1"}')
            assert "pong" in str(watcher.recv(timeout=20)) + str(watcher.recv(timeout=20))
        assert client.get("/api/prices", headers={"Host": "evil.example.org"}).status_code == 421
    with socket.create_connection(("127.0.0.1", int(service.url.rpartition(":")[2])), timeout=20) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert not plain.recv(1024).startswith(b"HTTP/1.1 200")
    assert service.terminate() == 0
    log = service.log.read_text()
    assert '"level": "error"' not in log
    assert PASSWORD not in log


def test_cookies_are_sent_over_tls_only(start: Callable[..., Service], files: Path) -> None:
    tls = {"SERVER__TLS_CERTIFICATE": str(files / "own.pem"), "SERVER__TLS_KEY": str(files / "own.key")}
    service = start(**tls, AUTH__ENABLED="true")
    invitation = marketdata("users", "create", "--role", "viewer", "ada", cwd=service.directory).stdout.strip()
    sent = {"name": "ada", "invitation": invitation, "newPassword": f"{PASSWORD} of ada"}
    trust = ssl.create_default_context(cafile=files / "own.pem")
    with httpx.Client(base_url=service.url, verify=trust, timeout=30) as person:
        # A running service notices an invitation after a moment.
        eventually(lambda: person.post("/api/auth/invitation", json=sent).status_code == 200)
        renewed = person.post("/api/auth/refresh", headers={"X-Marketdata-Request": "1"})
        cookies = renewed.headers.get_list("set-cookie")
        assert [("HttpOnly" in each, "secure" in each.lower()) for each in cookies] == [(True, True)] * 2
        assert person.get("/api/auth/me").json()["name"] == "ada"
    assert service.terminate() == 0


@pytest.mark.parametrize(
    ("certificate", "key", "password", "reason"),
    [
        ("gone.pem", "own.key", "", "server.tls_certificate: "),
        ("own.pem", "gone.key", "", "server.tls_key: "),
        ("own.pem", "other.key", "", "server.tls_key does not belong to server.tls_certificate"),
        ("own.key", "own.key", "", "server.tls_certificate, server.tls_key: they are not"),
        ("own.pem", "locked.key", "", "server.tls_key_password is wrong"),
        ("own.pem", "locked.key", f"{PASSWORD}x", "server.tls_key_password is wrong"),
    ],
)
def test_a_certificate_that_cannot_be_used_stops_the_start(
    files: Path, tmp_path: Path, certificate: str, key: str, password: str, reason: str
) -> None:
    ended = marketdata(
        "serve",
        "--port",
        "0",
        cwd=tmp_path,
        SERVER__TLS_CERTIFICATE=str(files / certificate),
        SERVER__TLS_KEY=str(files / key),
        SERVER__TLS_KEY_PASSWORD=password,
    )
    assert ended.returncode == 1
    assert reason in ended.stderr
    assert "Traceback" not in ended.stderr
    assert PASSWORD not in ended.stderr


def test_a_certificate_needs_a_key(tmp_path: Path) -> None:
    ended = marketdata("serve", cwd=tmp_path, SERVER__TLS_CERTIFICATE="own.pem")
    assert ended.returncode == 2
    assert "tls_certificate and tls_key belong together" in ended.stderr


@pytest.mark.parametrize("form", [(), ("--json",)], ids=["table", "json"])
def test_the_password_of_the_key_is_masked(tmp_path: Path, form: tuple[str, ...]) -> None:
    shown = marketdata("settings", *form, cwd=tmp_path, SERVER__TLS_KEY_PASSWORD=PASSWORD).stdout
    assert "server.tls_key_password" in shown
    assert "********" in shown
    assert PASSWORD not in shown
