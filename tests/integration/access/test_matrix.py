"""Every route and method, with every kind of credentials, in every spelling."""

import re
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from api.app import create_app
from api.container import Container
from api.http.access import ACCESS, Rule
from domain.access.role import Permission, Role
from infrastructure.settings import Settings
from support.access import bearer, text_of
from support.service import Service

from .conftest import KEYS

DOCUMENT = Path(__file__).parents[3] / "docs" / "access.md"
ADMIN = bearer(KEYS["admin"])
CREDENTIALS: dict[str, dict[str, str]] = {
    "none": {},
    "bad": bearer(KEYS["admin"], "t" * 43),
    **{name: bearer(KEYS[name]) for name in ("expired", "revoked", *(role.value for role in Role))},
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
}


def table() -> dict[tuple[str, str], Rule | None]:
    """The rule of every (method, path) of the service."""
    settings = Settings(auth={"enabled": True}, storage={"data_dir": "unused"})
    app = cast("Litestar", create_app(settings, Container(settings=settings)).app)
    return {
        (method, route.path_format): handler.opt.get(ACCESS)
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for method, (handler, _) in route.route_handler_map.items()
        if method != "OPTIONS"
    }


TABLE = table()


def concrete(path: str) -> str:
    return path.format(symbol="AAPL", product="AAPL", contract="C", id="0" * 32, name="style.css")


def expected(rule: Rule | None, name: str) -> int | None:
    """401, 403, or None if the request is admitted."""
    if rule is Rule.OPEN:
        return None
    if name in STATUS_OF_NOBODY:
        return 401
    if rule is Rule.SIGNED_IN:
        return None
    assert rule is not None
    return None if Role(name).may(cast("Permission", rule.value)) else 403


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


def test_no_spelling_of_a_path_gets_past_its_rule(guarded: Service) -> None:
    tried = 0
    for (method, path), rule in TABLE.items():
        if rule is Rule.OPEN:
            continue
        for spelling in spellings(concrete(path)):
            for credentials in ({}, CREDENTIALS["bad"]):
                found, _ = status(guarded, method, spelling.replace("\\", "%5c"), credentials, path)
                # A spelling may also be of something that is open, such as a redirect.
                assert found in (301, 303, 307, 308, 400, 401, 404, 405), (method, spelling, found)
                tried += 1
    assert tried > 500


def test_methods_that_a_route_lacks_and_options_say_nothing_about_data(guarded: Service) -> None:
    for path in sorted({path for _, path in TABLE}):
        found, headers = status(guarded, "OPTIONS", concrete(path), {})
        assert (found, headers["Content-Length"] in (None, "0")) == (204, True)
        for method in ("PUT", "PATCH", "TRACE", "BREW"):
            assert status(guarded, method, concrete(path), {})[0] in (400, 405), (method, path)


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
    guarded.client.get("/api/prices?key=" + text_of(KEYS["admin"], "c4n4ry" + "x" * 37))
    guarded.client.get("/api/prices", headers={"Authorization": "Bearer c4n4ry"})
    guarded.client.get("/api/prices", headers=bearer(KEYS["admin"], "c4n4ry" + "y" * 37))
    assert '"status": 401' in guarded.log.read_text()
    for secret in ("c4n4ry", "s" * 43, "t" * 43):
        assert secret not in guarded.log.read_text()
