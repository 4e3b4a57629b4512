"""People: invited on the command line, signed in over HTTP and on the page."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from domain.access.role import Role
from support.access import api_key, bearer, put_keys
from support.canaries import CANARY
from support.service import Service, eventually, marketdata

from .test_hostile_tokens import BEARERS

PASSWORD = f"{CANARY} horse battery"
HEADER = {"X-Marketdata-Request": "1"}
# A key with the name of an account.
NAMESAKE = replace(api_key(7, Role.ADMIN), name="vic")


@pytest.fixture(scope="module")
def invited(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A service, and the invitations of ada, an admin, and vic, a viewer."""
    folder: Path = tmp_path_factory.mktemp("accounts")
    put_keys(folder / "data", api_key())
    invitations = {
        name: marketdata("users", "create", "--role", role, name, cwd=folder).stdout.strip()
        for name, role in (("ada", "admin"), ("vic", "viewer"))
    }
    put_keys(folder / "data", NAMESAKE)
    with Service(folder, AUTH__ENABLED="true") as service:
        yield service, invitations


@pytest.fixture(scope="module")
def service(invited: tuple[Service, dict[str, str]]) -> Service:
    """With both invitations accepted."""
    running, invitations = invited
    for name, invitation in invitations.items():
        sent = {"name": name, "invitation": invitation, "newPassword": PASSWORD}
        with httpx.Client(base_url=running.url, timeout=30) as person:
            assert person.post("/api/auth/invitation", json=sent).status_code == 200
            assert person.get("/api/auth/me").json()["name"] == name
            assert person.post("/api/auth/invitation", json=sent).status_code == 401
    return running


@contextmanager
def signed_in(service: Service, name: str = "vic") -> Iterator[httpx.Client]:
    with httpx.Client(base_url=service.url, timeout=30) as person:
        answer = person.post("/api/auth/sign-in", json={"name": name, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        yield person


def test_cookies_are_out_of_reach_for_scripts_and_other_sites(service: Service) -> None:
    answer = httpx.post(f"{service.url}/api/auth/sign-in", json={"name": "vic", "password": PASSWORD})
    access, refresh = answer.headers.get_list("set-cookie")
    for cookie in (access, refresh):
        assert "HttpOnly" in cookie
        assert "samesite=strict" in cookie.lower()
        assert "secure" not in cookie.lower()
    assert re.search(r"^marketdata_access=\S+; .*Max-Age=300.*Path=/(;|$)", access)
    assert re.search(r"^marketdata_refresh=\S+; .*Path=/api/auth(;|$)", refresh)
    assert answer.json() == {"name": "vic", "role": "viewer", "symbols": []}
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_key_with_the_name_of_an_account_cannot_change_its_password(service: Service) -> None:
    body = {"password": PASSWORD, "newPassword": f"{CANARY} another one"}
    answer = httpx.post(f"{service.url}/api/auth/password", json=body, headers=bearer(NAMESAKE))
    assert (answer.status_code, answer.json()["type"]) == (401, "urn:marketdata:problem:wrong-password")
    with signed_in(service) as viewer:
        assert viewer.get("/api/auth/me").json()["name"] == "vic"


def test_role_decides_what_a_person_may_do(service: Service) -> None:
    with signed_in(service) as viewer, signed_in(service, "ada") as admin:
        assert viewer.get("/api/prices").status_code == 200
        assert viewer.get("/").status_code == 200
        assert viewer.get("/api/metrics").status_code == 403
        tick = {"symbol": "PERSON", "price": 1}
        assert viewer.post("/api/prices", json=tick, headers=HEADER).status_code == 403
        for _ in range(3):
            assert admin.post("/api/prices", json=tick, headers=HEADER).status_code == 202
        assert admin.get("/metrics").status_code == 200


def test_page_of_another_origin_cannot_change_anything(service: Service) -> None:
    with signed_in(service, "ada") as admin:
        for method, path in (
            ("POST", "/api/prices"),
            ("POST", "/api/prices/batch"),
            ("DELETE", "/api/prices/PERSON"),
            ("POST", "/api/auth/refresh"),
            ("POST", "/api/auth/sign-out"),
            ("POST", "/api/auth/password"),
        ):
            answer = admin.request(method, path, content=b'{"symbol":"X","price":1}')
            assert answer.status_code == 403, path
            assert answer.json()["type"].endswith(":cross-site"), path
        foreign = {"Origin": "https://evil.example.org", **HEADER}
        for path in ("/api/prices", "/api/auth/sign-in", "/api/auth/invitation", "/api/auth/refresh"):
            answer = admin.post(path, json={"name": "vic", "password": PASSWORD}, headers=foreign)
            assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (403, "foreign-origin"), path
        own = {"Origin": service.url, **HEADER}
        assert admin.post("/api/prices", json={"symbol": "PERSON", "price": 1}, headers=own).status_code == 202
        form = {"name": "vic", "password": PASSWORD}
        for content in ({"data": form}, {"content": b'{"name":"vic","password":"x"}'}):
            assert httpx.post(f"{service.url}/api/auth/sign-in", **content).status_code == 415
        assert admin.get("/api/auth/me").json()["name"] == "ada"


def test_refresh_rotates_and_reuse_signs_out(service: Service) -> None:
    with signed_in(service) as person:
        first = person.cookies["marketdata_refresh"]
        assert person.post("/api/auth/refresh", headers=HEADER).status_code == 200
        second = person.cookies["marketdata_refresh"]
        assert person.post("/api/auth/refresh", headers=HEADER).status_code == 200
        assert len({first, second, person.cookies["marketdata_refresh"]}) == 3
        copied = {**HEADER, "Cookie": f"marketdata_refresh={first}"}
        assert httpx.post(f"{service.url}/api/auth/refresh", headers=copied).status_code == 401
        assert person.get("/api/auth/me").status_code == 401
        assert person.post("/api/auth/refresh", headers=HEADER).status_code == 401


def test_sign_out_ends_the_session_and_what_it_watches(service: Service) -> None:
    with signed_in(service) as person:
        access = person.cookies["marketdata_access"]
        cookie = {"Cookie": f"marketdata_access={access}"}
        with connect(service.url.replace("http", "ws") + "/ws", additional_headers=cookie) as socket:
            socket.send('{"op":"ping"}')
            assert '"pong"' in str(socket.recv(timeout=30))
            assert person.post("/api/auth/sign-out", headers=HEADER).status_code == 204
            with pytest.raises(ConnectionClosed):
                socket.recv(timeout=30)
        assert "marketdata_access" not in person.cookies
        assert httpx.get(f"{service.url}/api/prices", headers=cookie).status_code == 401


def test_sign_out_ends_event_streams_too(service: Service) -> None:
    with signed_in(service) as person, person.stream("GET", "/api/stream") as events:
        assert events.status_code == 200
        lines = events.iter_lines()
        assert next(lines).startswith("retry:")
        assert person.post("/api/auth/sign-out", headers=HEADER).status_code == 204
        # To its end.
        for _ in lines:
            continue


def test_page_of_another_origin_cannot_watch_with_the_cookie(service: Service) -> None:
    with signed_in(service) as person:
        headers = {"Cookie": f"marketdata_access={person.cookies['marketdata_access']}", "Origin": "https://x.example"}
        assert httpx.get(f"{service.url}/api/stream", headers=headers).status_code == 403
        with pytest.raises(InvalidStatus) as refused:
            connect(service.url.replace("http", "ws") + "/ws", additional_headers=headers)
        assert refused.value.response.status_code == 403


def test_signing_in_makes_new_tokens_whatever_cookies_were_sent(service: Service) -> None:
    chosen = {"Cookie": f"marketdata_access=x; marketdata_refresh={'0' * 16}_{'x' * 43}"}
    told = [
        httpx.post(f"{service.url}/api/auth/sign-in", json={"name": "vic", "password": PASSWORD}, headers=chosen)
        for _ in range(2)
    ]
    sessions = {answer.cookies["marketdata_refresh"].partition("_")[0] for answer in told}
    assert len(sessions) == 2
    assert "0" * 16 not in sessions
    assert httpx.get(f"{service.url}/api/auth/me", headers=chosen).status_code == 401


def test_restart_keeps_people_signed_in(start: Callable[..., Service]) -> None:
    first = start(AUTH__ENABLED="true")
    invitation = marketdata("users", "create", "--role", "viewer", "eve", cwd=first.directory).stdout.strip()
    sent = {"name": "eve", "invitation": invitation, "newPassword": PASSWORD}
    eventually(lambda: first.client.post("/api/auth/invitation", json=sent).status_code == 200)
    cookies = dict(first.client.cookies)
    assert first.terminate() == 0
    again = start(AUTH__ENABLED="true", AUTH__SECURE_COOKIES="true", again=first)
    again.client.cookies.update(cookies)
    assert again.client.get("/api/auth/me").json()["name"] == "eve"
    renewed = again.client.post("/api/auth/refresh", headers=HEADER)
    assert all("secure" in cookie.lower() for cookie in renewed.headers.get_list("set-cookie"))
    listed = marketdata("users", "list", cwd=first.directory).stdout
    assert re.search(r"eve   viewer  active  2\S+Z\n", listed)
    assert marketdata("users", "disable", "eve", cwd=first.directory).stdout == "eve is disabled\n"
    again.client.cookies.update(cookies)
    eventually(lambda: again.client.get("/api/auth/me").status_code == 401, 5)
    sign_in = {"name": "eve", "password": PASSWORD}
    assert again.client.post("/api/auth/sign-in", json=sign_in).status_code == 401
    log = again.log.read_text()
    for event in ("account invited", "invitation accepted", "account disabled", "sign-in failed"):
        assert event in log
    for secret in (PASSWORD, invitation, *cookies.values()):
        assert secret not in log


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'{"name":"vic"}',
        b'{"name":1,"password":"c4n4ry"}',
        b'{"name":"vic","password":"c4n4ry","x":1}',
        b"[" * 4000,
        b'{"name":"vic","password":"' + b"c4n4ry" * 1000 + b'"}',
        b"\xff",
        b'{"name":"\\ud800","password":"c4n4ry"}',
    ],
)
def test_bodies_that_make_no_sense_are_refused_without_a_word_of_them(service: Service, body: bytes) -> None:
    for route in ("sign-in", "invitation"):
        json = {"Content-Type": "application/json"}
        answer = httpx.post(f"{service.url}/api/auth/{route}", content=body, headers=json)
        assert answer.status_code in (400, 413), answer.text
        assert "c4n4ry" not in answer.text
    assert "c4n4ry" not in service.log.read_text()


def test_no_hostile_token_is_accepted_as_a_cookie(service: Service) -> None:
    with signed_in(service, "ada") as admin:
        good = admin.cookies["marketdata_access"]
    head, claims, signature = good.split(".")
    more = {
        "no signature": f"{head}.{claims}.",
        "signature of another": f"{head}.{claims}.{signature[::-1]}",
        "claims of another": f"{head}.{claims[::-1]}.{signature}",
        "padding": good + "=",
        "quotes": f'"{good}"',
        "in capitals": good.upper(),
    }
    for name, token in {**BEARERS, **more}.items():
        for cookie in (f"marketdata_access={token}", f"x=y; marketdata_access={token}; z"):
            try:
                sent = cookie.encode("latin-1")
            except UnicodeEncodeError:
                sent = cookie.encode()
            try:
                answer = httpx.get(f"{service.url}/api/prices", headers=[(b"Cookie", sent)])
            except httpx.LocalProtocolError:
                continue
            assert answer.status_code in (400, 401, 431), name
    for cookie in (f"marketdata_access={good}; marketdata_access=x", f"marketdata_access=x; marketdata_access={good}"):
        assert httpx.get(f"{service.url}/api/prices", headers={"Cookie": cookie}).status_code == 401
    # A token of a person is not a key.
    assert httpx.get(f"{service.url}/api/prices", headers={"Authorization": f"Bearer {good}"}).status_code == 401
    # Beside a key that is wrong, a good cookie does not help.
    both = {"Authorization": "Bearer x", "Cookie": f"marketdata_access={good}"}
    assert httpx.get(f"{service.url}/api/prices", headers=both).status_code == 401


def test_guessing_is_slowed_down(service: Service) -> None:
    wrong = {"name": "guessed", "password": "x"}
    answers = [httpx.post(f"{service.url}/api/auth/sign-in", json=wrong) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [401] * 5
    # The wait doubles, so that it is soon longer than a slow machine takes.
    while answers[-1].status_code == 401 and len(answers) < 15:
        answers.append(httpx.post(f"{service.url}/api/auth/sign-in", json=wrong))
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["Retry-After"]) >= 1


def test_whoever_is_not_signed_in_is_shown_the_page_for_it(service: Service) -> None:
    with httpx.Client(base_url=service.url, follow_redirects=True) as stranger:
        page = stranger.get("/")
        assert page.url.path == "/sign-in"
        policy = page.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "<script>" not in page.text
        assert " style=" not in page.text
        for name in re.findall(r'(?:src|href)="(dashboard/[^"]+)"', page.text):
            assert stranger.get(f"/{name}").status_code == 200
