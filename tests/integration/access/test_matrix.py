"""Every route and method, with every kind of credentials, in every spelling."""

import re
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import pytest
from litestar import Litestar, get
from litestar.routes import HTTPRoute
from litestar.testing import TestClient
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from api.app import create_app
from api.container import Container
from api.http.access import ACCESS, Access, Rule, guard_of
from application.access.directory import Directory
from domain.access.role import Permission, Role
from infrastructure.access.jwt_tokens import JwtTokens
from infrastructure.settings import Settings
from support.access import PASSWORD, bearer, text_of
from support.canaries import CANARY
from support.fakes import FakeClock
from support.service import Service, eventually, marketdata

from .conftest import KEYS

DOCUMENT = Path(__file__).parents[3] / "docs" / "access.md"
ADMIN = bearer(KEYS["admin"])
CREDENTIALS: dict[str, dict[str, str]] = {
    "none": {},
    "bad": bearer(KEYS["admin"], "t" * 43),
    **{name: bearer(key) for name, key in KEYS.items()},
}
# Keys of other symbols than AAPL, which the requests are about.
STRANGERS = {
    "limited feeder": Role.FEEDER,
    "limited viewer": Role.VIEWER,
    "limited operator": Role.OPERATOR,
}
STATUS_OF_NOBODY = {"none", "bad", "expired", "revoked"}
_QUOTE = '{"product":"AAPL","expiry":"2026-01-29","strike":1,"optionType":"CALL"}'
BODIES = {
    "/api/options/chains": (b'{"product":"AAPL","expiry":"2026-01-29","calls":[{"strike":1}]}', "application/json"),
    "/api/options/quotes": (_QUOTE.encode(), "application/json"),
    "/api/options/quotes/batch": (f"[{_QUOTE}]".encode(), "application/json"),
    "/api/prices": (b'{"symbol":"AAPL","price":1}', "application/json"),
    "/api/prices/batch": (b'[{"symbol":"AAPL","price":1}]', "application/json"),
    "/api/prices/stream": (b'{"symbol":"AAPL","price":1}\n', "application/x-ndjson"),
    "/api/trades": (b'{"symbol":"AAPL","side":"buy","quantity":1}', "application/json"),
    "/api/trades/batch": (b'[{"symbol":"AAPL","side":"buy","quantity":1}]', "application/json"),
    "/api/readings": (b'{"machineId":"AAPL","sensorType":"t","value":1}', "application/json"),
    "/api/readings/batch": (b'[{"machineId":"AAPL","sensorType":"t","value":1}]', "application/json"),
    "/api/benchmarks": (
        b'{"testType":"burst","testName":"a","totalTrades":1,"durationSeconds":1,"tradesPerSecond":1}',
        "application/json",
    ),
}


# What the subjects call their observations on /metrics.
ACCOUNTS = {"options": "option_quotes", "trades": "trades", "benchmarks": "benchmarks", "readings": "readings"}


def table() -> dict[tuple[str, str], Rule | None]:
    """The rule of every (method, path) of the service."""
    return {
        (method, route.path_format): handler.opt.get(ACCESS)
        for route in GATEWAY.app.routes
        # Of another kind there is none; a test sees to that.
        if isinstance(route, HTTPRoute)
        for method, (handler, _) in route.route_handler_map.items()
        if method != "OPTIONS"
    }


SETTINGS = Settings(auth={"enabled": True}, storage={"data_dir": "unused"})
GATEWAY: Any = create_app(SETTINGS, Container(settings=SETTINGS))
TABLE = table()


def concrete(path: str) -> str:
    names = {"symbol": "AAPL", "product": "AAPL", "contract": "C", "machine": "AAPL", "sensor": "t"}
    return path.format(**names, id="0" * 32, name="style.css")


def expected(rule: Rule | None, name: str) -> int | None:
    """401, 403, or None if the request is admitted."""
    if rule is Rule.OPEN:
        return None
    if name in STATUS_OF_NOBODY:
        return 401
    if rule is Rule.SIGNED_IN:
        return None
    assert rule is not None
    return None if (STRANGERS.get(name) or Role(name)).may(cast("Permission", rule.value)) else 403


def status(service: Service, method: str, path: str, headers: dict[str, str], known: str = "") -> tuple[int, Any]:
    """The status and headers of the answer; its body is read as far as it has an end."""
    body, media_type = BODIES.get(known or path, (b"", "")) if method == "POST" else (b"", "")
    address = urlsplit(service.url)
    connection = HTTPConnection(address.hostname or "", address.port, timeout=30)
    try:
        connection.putrequest(method, path, skip_accept_encoding=True)
        for name, value in {**headers, **({"Content-Type": media_type} if media_type else {})}.items():
            connection.putheader(name, value)
        if method == "POST":
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        answer = connection.getresponse()
        return answer.status, answer.headers
    finally:
        connection.close()


def test_every_route_has_a_rule() -> None:
    assert len(TABLE) > 20
    assert [route for route, rule in TABLE.items() if rule is None] == []
    # A mounted app or a WebSocket of the framework would be missing in the table.
    assert [route for route in GATEWAY.app.routes if not isinstance(route, HTTPRoute)] == []


def test_route_without_a_rule_is_for_nobody() -> None:
    directory = Directory(JwtTokens(), FakeClock())
    directory.load(KEYS.values())

    @get("/forgotten", sync_to_thread=False)
    def forgotten() -> str:
        return "secret"

    app = Litestar([forgotten], guards=[guard_of(Access(directory))], openapi_config=None)
    with TestClient(app) as client:
        for name, credentials in CREDENTIALS.items():
            answer = client.get("/forgotten", headers=credentials)
            assert answer.status_code >= 400, name
            assert "secret" not in answer.text


def test_fast_path_has_the_rules_of_the_routes() -> None:
    fast = GATEWAY.fast_path
    found = {("POST", path): fast.route("POST", path) for path in fast._posts}
    found |= {("GET", read.template): fast.route("GET", concrete(read.template)) for read in fast._reads}
    assert len(found) >= 3
    assert {key: route.rule for key, route in found.items()} == {key: TABLE[key] for key in found}


def test_document_has_the_rule_of_every_route() -> None:
    rows = re.findall(r"^\| `([A-Z]+) ([^`]+)` \| ([a-z ]+) \|", DOCUMENT.read_text(), re.MULTILINE)
    words = {Rule.OPEN: "everybody", Rule.SIGNED_IN: "every key"}
    told = {(method, path): word for method, path, word in rows}
    assert told == {
        (method, path): words.get(cast("Rule", rule)) or cast("Rule", rule).value.value
        for (method, path), rule in TABLE.items()
    }


def requests() -> Iterator[tuple[str, str, Rule | None]]:
    for (method, path), rule in TABLE.items():
        yield method, path, rule
        if method == "GET":
            yield "HEAD", path, rule


@pytest.mark.parametrize("name", CREDENTIALS)
def test_every_route_admits_whom_its_rule_says(guarded: Service, name: str) -> None:
    for method, path, rule in requests():
        # Twice: the second time some are recognised by their head.
        for _ in range(2):
            found, headers = status(guarded, method, concrete(path), CREDENTIALS[name], path)
            wanted = expected(rule, name)
            if path == "/" and wanted == 401:
                # A page, for people: they are shown where to sign in.
                assert (found, headers["Location"]) == (303, "sign-in")
                continue
            assert found < 500, (method, path, found)
            if rule is Rule.OPEN and path.startswith("/api/auth/"):
                # Passwords, invitations and refresh tokens are what these check.
                continue
            assert (found in (401, 403), found if wanted else None) == (wanted is not None, wanted), (
                method,
                path,
                found,
            )
            assert ("WWW-Authenticate" in headers) == (found == 401)
            if name in STRANGERS and wanted is None and "{symbol}" in path:
                assert found == 404, (method, path)


@pytest.mark.parametrize("path", BODIES)
def test_key_of_other_symbols_writes_nothing(guarded: Service, path: str) -> None:
    body, media_type = BODIES[path]
    headers = {**CREDENTIALS["limited feeder"], "Content-Type": media_type}
    before = accounts(guarded, path)
    refused = [guarded.client.post(path, content=body, headers=headers) for _ in range(2)]
    assert ["forbidden_symbol" in answer.text for answer in refused] == [True, True]
    after = accounts(guarded, path)
    assert (after[0] - before[0], after[1] - before[1]) == (0, 2)


def accounts(service: Service, path: str) -> tuple[float, float]:
    """What the subject of a path has accepted and rejected."""
    name = ACCOUNTS.get(path.split("/")[2], "ticks")
    lines = service.client.get("/metrics", headers=ADMIN).text.splitlines()
    values = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    accepted, rejected = (float(values[f"marketdata_{name}_{each}_total"]) for each in ("accepted", "rejected"))
    return accepted, rejected


def spellings(path: str) -> Iterator[str]:
    yield "/" + path
    yield path.replace("/", "//")
    yield path + "/"
    yield path + "//"
    yield path + ";x=1"
    yield path + "%20"
    yield path + "%00"
    yield path + "?"
    yield path + "?key=" + text_of(KEYS["admin"])
    yield path + "/."
    yield "/." + path
    yield "/x/.." + path
    yield path.upper()
    yield path.title()
    yield "/%" + f"{ord(path[1:2] or 'x'):02x}" + path[2:]
    yield path[:1] + path[1:].replace("/", "%2f")
    yield path[:1] + path[1:].replace("/", "%2F")
    yield path.replace("/", "\\")
    yield "http://127.0.0.1" + path
    yield path + "/../" + path.rpartition("/")[2]


@pytest.mark.parametrize("name", CREDENTIALS)
def test_no_spelling_of_a_path_gets_past_its_rule(guarded: Service, name: str) -> None:
    tried = 0
    for method, path, rule in requests():
        if rule is Rule.OPEN:
            continue
        for spelling in spellings(concrete(path)):
            found, _ = status(guarded, method, spelling.replace("\\", "%5c"), CREDENTIALS[name], path)
            # A spelling may also be of something that is open, such as a redirect.
            refused = (301, 303, 307, 308, 400, 401, 403, 404, 405)
            assert found in refused or (expected(rule, name) is None and found < 500), (method, spelling, found)
            tried += 1
    assert tried > 500


def test_methods_that_a_route_lacks_and_options_say_nothing_about_data(guarded: Service) -> None:
    for path in sorted({path for _, path in TABLE}):
        found, headers = status(guarded, "OPTIONS", concrete(path), {})
        assert (found, headers["Content-Length"] in (None, "0")) == (204, True)
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW"):
            # `batch` is a symbol too, and that of a GET without a key.
            if (method, path) not in TABLE:
                assert status(guarded, method, concrete(path), {})[0] in (400, 401, 405), (method, path)


@pytest.fixture(scope="module")
def cookie(guarded: Service) -> dict[str, str]:
    """The cookie of an admin."""
    invitation = marketdata("users", "create", "--role", "admin", "ada", cwd=guarded.directory).stdout.strip()
    sent = {"name": "ada", "invitation": invitation, "newPassword": PASSWORD}

    def signed_in() -> str | None:
        answer = guarded.client.post("/api/auth/invitation", json=sent)
        return answer.cookies.get("marketdata_access")

    token = eventually(signed_in)
    guarded.client.cookies.clear()
    return {"Cookie": f"marketdata_access={token}"}


def test_cookie_alone_changes_nothing(guarded: Service, cookie: dict[str, str]) -> None:
    for method, path, rule in requests():
        found, _ = status(guarded, method, concrete(path), cookie, path)
        if method in ("GET", "HEAD"):
            assert found not in (401, 403), (method, path)
        elif rule is not Rule.OPEN:
            assert found == 403, (method, path)
            with_header = {**cookie, "X-Marketdata-Request": "1"}
            assert status(guarded, method, concrete(path), with_header, path)[0] not in (401, 403), (method, path)


@pytest.mark.parametrize("name", CREDENTIALS)
def test_websocket_admits_whom_its_rule_says(guarded: Service, name: str) -> None:
    wanted = expected(TABLE["GET", "/ws"], name)
    address = guarded.url.replace("http", "ws") + "/ws"
    if wanted is None:
        with connect(address, additional_headers=CREDENTIALS[name]) as socket:
            socket.send('{"op":"ping"}')
            assert '"pong"' in str(socket.recv(timeout=30))
        return
    with pytest.raises(InvalidStatus) as refused:
        connect(address, additional_headers=CREDENTIALS[name])
    assert refused.value.response.status_code == wanted
    assert ("WWW-Authenticate" in refused.value.response.headers) == (wanted == 401)


def test_refusals_of_any_reason_are_the_same(guarded: Service) -> None:
    told = set()
    for name in sorted(STATUS_OF_NOBODY):
        answer = guarded.client.get("/api/prices", headers=CREDENTIALS[name])
        problem = answer.json()
        del problem["traceId"]
        told.add((answer.status_code, answer.headers["WWW-Authenticate"], str(problem)))
    assert len(told) == 1
    answer = guarded.client.get("/api/metrics", headers=bearer(KEYS["viewer"])).json()
    assert answer["detail"] == "This needs the role operator or admin."


def test_no_secret_is_in_the_log(guarded: Service) -> None:
    guarded.client.get("/api/prices?key=" + text_of(KEYS["admin"], CANARY + "x" * 37))
    guarded.client.get("/api/prices", headers={"Authorization": "Bearer c4n4ry"})
    guarded.client.get("/api/prices", headers=bearer(KEYS["admin"], CANARY + "y" * 37))
    assert '"status": 401' in guarded.log.read_text()
    for secret in (CANARY, "t" * 43):
        assert secret not in guarded.log.read_text()
