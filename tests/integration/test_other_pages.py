"""Pages of other origins, and of names that lead here though they are not ours: neither may write, nor watch."""

import re
import socket
from collections.abc import Callable
from contextlib import closing

import httpx
import pytest

from api.app import describe
from api.container import Container
from infrastructure.settings import Settings
from support.service import Service, marketdata

EVIL = "evil.example.org"
EVERYWHERE = "0.0.0.0"  # noqa: S104  # as in the image
FOREIGN = {"Origin": f"https://{EVIL}"}
OPERATIONS = [
    (method.upper(), path.replace("{symbol}", "AAPL").replace("{id}", "none"))
    for path, operations in describe(Container(settings=Settings()))[0]["paths"].items()
    for method in operations
]
# What the document does not have.
MORE = [
    *(("GET", path) for path in ("/docs", "/dashboard/main.js", "/no/such", "//api/prices", "/api/%70rices")),
    ("HEAD", "/api/prices"),
    ("OPTIONS", "/api/prices"),
    ("OPTIONS", "/no/such"),
    ("PUT", "/api/prices"),
    ("PATCH", "/"),
    ("POST", "/no/such"),
]


def kind_of(answer: httpx.Response) -> str:
    return str(answer.json()["type"]).removeprefix("urn:marketdata:problem:")


def exchanged(service: Service, request: bytes) -> bytes:
    host, port = service.url.removeprefix("http://").split(":")
    with closing(socket.create_connection((host, int(port)), timeout=30)) as connection:
        connection.sendall(request)
        seen = b""
        while part := connection.recv(65_536):
            seen += part
        return seen


@pytest.mark.parametrize(("method", "path"), [*OPERATIONS, *MORE])
def test_no_route_answers_to_a_name_that_is_not_its_own(service: Service, method: str, path: str) -> None:
    for host in (EVIL, f"{EVIL}:8000", "localhost.evil.example.org", "127.0.0.1.evil.example.org", "10.0.0.1", ""):
        answer = service.client.request(method, path, headers={"Host": host})
        assert answer.status_code == 421, host
        assert "access-control-allow-origin" not in answer.headers
        if method != "HEAD":
            assert kind_of(answer) == "forbidden-host"


@pytest.mark.parametrize(("method", "path"), [each for each in [*OPERATIONS, *MORE] if each[0] not in ("GET", "HEAD")])
def test_nothing_with_effects_is_done_for_a_page_of_another_origin(service: Service, method: str, path: str) -> None:
    if method == "OPTIONS":
        return
    for origin in (FOREIGN["Origin"], "null", "", "file://", "http://127.0.0.1:1", f"{service.url}.{EVIL}"):
        body = b'{"symbol":"FOREIGN","price":1}'
        headers = {"Origin": origin, "Content-Type": "application/json"}
        answer = service.client.request(method, path, content=body, headers=headers)
        assert (answer.status_code, kind_of(answer)) == (403, "foreign-origin"), origin
    assert service.client.get("/api/prices/FOREIGN").status_code == 404


def test_pages_of_the_service_itself_may_write(service: Service) -> None:
    port = service.url.rpartition(":")[2]
    for name in ("127.0.0.1", "localhost", "LOCALHOST", "127.9.9.9", "[::1]"):
        headers = {"Host": f"{name}:{port}", "Origin": f"http://{name.lower()}:{port}"}
        answer = service.client.post("/api/prices", json={"symbol": "OWN", "price": 1}, headers=headers)
        assert answer.status_code == 202, name


def test_allowed_hosts_and_origins_may_write(start: Callable[..., Service]) -> None:
    service = start(SERVER__ALLOWED_HOSTS="prices.example.org", SERVER__ALLOWED_ORIGINS="https://desk.example.org")
    for origin in ("https://prices.example.org", "https://desk.example.org"):
        headers = {"Host": "Prices.Example.org", "Origin": origin}
        assert service.client.post("/api/prices", json={"symbol": "A", "price": 1}, headers=headers).status_code == 202
    assert service.client.get("/", headers={"Host": EVIL}).status_code == 421


@pytest.mark.parametrize(
    ("allowed", "statuses"),
    [
        ("", {"10.1.2.3:8000": 200, "[2001:db8::1]": 200, "localhost": 200, EVIL: 421}),
        (EVIL, {EVIL: 200, "other.example.org": 421}),
        ("*", {EVIL: 200, "other.example.org": 200, f"x@{EVIL}": 421}),
    ],
    ids=["default", "name", "any"],
)
def test_on_other_addresses_every_address_is_its_own(
    start: Callable[..., Service], allowed: str, statuses: dict[str, int]
) -> None:
    service = start(SERVER__HOST=EVERYWHERE, SERVER__ALLOWED_HOSTS=allowed, AUTH__ALLOW_ANONYMOUS_NETWORK="true")
    for host, status in statuses.items():
        assert service.client.get("/health/live", headers={"Host": host}).status_code == status, host


def test_a_page_of_another_origin_does_not_watch(service: Service) -> None:
    answer = service.client.get("/api/stream", headers=FOREIGN)
    assert (answer.status_code, kind_of(answer)) == (403, "foreign-origin")
    with service.client.stream("GET", "/api/stream", headers={"Origin": service.url}) as events:
        assert events.status_code == 200


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("http://evil.example.org/api/prices", 421),
        ("http://x@evil.example.org/api/prices", 421),
        ("HTTP://EVIL.EXAMPLE.ORG/api/prices", 421),
        ("http://x/api/prices", 202),
    ],
)
def test_a_target_that_is_a_whole_address_must_be_of_ours(service: Service, target: str, status: int) -> None:
    body = b'{"symbol":"WHOLE","price":1}'
    head = f"POST {target} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nConnection: close\r\n"
    request = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
    assert exchanged(service, request).startswith(b"HTTP/1.1 %d " % status)


def test_a_request_must_name_one_host(service: Service) -> None:
    for hosts in (b"", b"Host: x\r\nHost: x\r\n"):
        for path in (b"/api/prices/A", b"/health/live"):
            answer = exchanged(service, b"GET %b HTTP/1.1\r\n%bConnection: close\r\n\r\n" % (path, hosts))
            assert answer.startswith(b"HTTP/1.1 400 ")
            assert b"The request does not name one host." in answer


@pytest.mark.parametrize("media_type", [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
@pytest.mark.parametrize("path", ["/api/prices", "/api/prices/batch", "/api/prices/stream"])
def test_what_a_form_can_send_is_not_read(service: Service, path: str, media_type: str | None) -> None:
    headers = {} if media_type is None else {"Content-Type": media_type}
    answer = service.client.post(path, content=b'{"symbol":"FORM","price":1}', headers=headers)
    assert (answer.status_code, kind_of(answer)) == (415, "unsupported-media-type")
    assert service.client.get("/api/prices/FORM").status_code == 404


def test_an_allowed_host_is_a_name(service: Service) -> None:
    for wrong in ("https://prices.example.org", "prices.example.org:443", "*.example.org"):
        ended = marketdata("serve", cwd=service.directory, SERVER__ALLOWED_HOSTS=wrong)
        assert ended.returncode == 2
        assert re.search(r"server\.allowed_hosts.*must be a name", ended.stderr), ended.stderr
