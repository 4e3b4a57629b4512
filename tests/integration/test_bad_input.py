"""Bad input gets a clear problem+json, changes nothing, and leaves the connection usable."""

import json
import re
import socket
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from support.bodies import BATCHES, GOOD, JSON, NDJSON, TICKS
from support.service import Service, assert_balanced, eventually


def assert_problem(answer: httpx.Response, status: int, code: str | None) -> None:
    assert answer.status_code == status, answer.text[:500]
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert {"type", "title", "status", "detail", "instance", "traceId"} <= set(problem)
    assert problem["status"] == status
    assert problem["instance"] == answer.url.raw_path.decode().partition("?")[0]
    assert re.fullmatch("[0-9a-f]{32}", problem["traceId"])
    assert len(answer.content) < 30_000
    assert not re.search("Traceback|msgspec|litestar|pyarrow|\\.py|/src/", answer.text)
    if code is not None:
        assert problem["errors"][0]["code"] == code
        assert set(problem["errors"][0]) <= {"field", "code", "message", "index"}


def state(service: Service) -> Any:
    accounts = service.settled()
    assert_balanced(accounts)
    return accounts["processed"], accounts["activeSymbols"], service.client.get("/api/prices").text


@pytest.mark.parametrize("name", TICKS)
def test_bad_tick(service: Service, name: str) -> None:
    body, status, code = TICKS[name]
    before = state(service)
    answer = service.client.post("/api/prices", content=body, headers={"Content-Type": JSON})
    assert_problem(answer, status, code)
    assert state(service) == before


@pytest.mark.parametrize("name", BATCHES)
def test_bad_batch(service: Service, name: str) -> None:
    media_type, body, status, code = BATCHES[name]
    before = state(service)
    answer = service.client.post("/api/prices/batch", content=body, headers={"Content-Type": media_type})
    assert_problem(answer, status, code)
    assert state(service) == before


@pytest.mark.parametrize("path", ["/api/prices", "/api/prices/batch"])
@pytest.mark.parametrize(
    "media_type", ["text/plain", "application/x-www-form-urlencoded", "application/xml", "json", "", None]
)
def test_wrong_media_type(service: Service, path: str, media_type: str | None) -> None:
    before = state(service)
    headers = {} if media_type is None else {"Content-Type": media_type}
    answer = service.client.post(path, content=GOOD, headers=headers)
    assert_problem(answer, 415, None)
    assert "application/json" in answer.json()["detail"]
    assert state(service) == before


def test_chunked_body_over_the_limit(service: Service) -> None:
    before = state(service)
    answer = service.client.post(
        "/api/prices", content=(b" " * 100_000 for _ in range(60)), headers={"Content-Type": JSON}
    )
    assert_problem(answer, 413, None)
    assert state(service) == before


def test_rejected_ticks_are_counted_and_unreadable_bodies_are_none(service: Service) -> None:
    def rejected() -> int:
        return int(service.accounts()["rejected"])

    before = rejected()
    service.client.post("/api/prices", content=b"{", headers={"Content-Type": JSON})
    assert rejected() == before
    service.post({"symbol": "X", "price": 0})
    service.post({"symbol": "X"})
    assert rejected() == before + 2
    service.client.post("/api/prices/batch", json=[{"symbol": "X", "price": 0}, 7, {}])
    assert rejected() == before + 5


def test_connection_goes_on_after_every_kind_of_refusal(service: Service) -> None:
    bodies = [TICKS[name][0] for name in ("half a body", "symbol of 5 MB", "price 0", "invalid UTF-8")]
    with httpx.Client(base_url=service.url, limits=httpx.Limits(max_connections=1)) as client:
        port = None
        for body in bodies:
            answer = client.post("/api/prices", content=body, headers={"Content-Type": JSON})
            assert answer.status_code in (400, 413)
            stream = answer.extensions["network_stream"]
            here = stream.get_extra_info("client_addr")
            assert port in (None, here)
            port = here


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/api/prices?limit=0", "limit"),
        ("/api/prices?limit=x", "limit"),
        ("/api/prices?limit=10001", "limit"),
        ("/api/prices?limit=-1", "limit"),
        ("/api/prices?cursor=x", "cursor"),
        ("/api/prices?symbols=A%20B", "symbols"),
        ("/api/prices?simbols=A", "simbols"),
        ("/api/anomalies?direction=sideways", "direction"),
        ("/api/anomalies?severity=9", "severity"),
        ("/api/anomalies?since=yesterday", "since"),
        ("/api/anomalies?since=--5", "since"),
        ("/api/anomalies?since=99999999999999999999", "since"),
        ("/api/anomalies?symbol=A%20B", "symbol"),
        ("/api/anomalies?cursor=WzFd", "cursor"),
        ("/api/anomalies?limit=%D9%A3", "limit"),
    ],
)
def test_bad_parameters_are_named(service: Service, path: str, field: str) -> None:
    answer = service.client.get(path)
    assert_problem(answer, 400, None)
    assert [error["field"] for error in answer.json()["errors"]] == [field]


@pytest.mark.parametrize(
    "path", ["/api/prices/NOSUCH", "/api/prices/a%20b", "/api/prices/NOSUCH/anomalies", "/api/prices/%FF%00", "/nope"]
)
def test_what_is_not_there_is_not_found(service: Service, path: str) -> None:
    assert_problem(service.client.get(path), 404, None)


@pytest.mark.parametrize(
    ("method", "path"),
    [("DELETE", "/api/prices"), ("GET", "/nope/x"), ("PUT", "/health"), ("PUT", "/api/prices/A/B")],
)
def test_methods_that_are_not_allowed(service: Service, method: str, path: str) -> None:
    answer = service.client.request(method, path)
    assert_problem(answer, 404 if path == "/nope/x" else 405, None)
    if answer.status_code == 405:
        assert {"GET", "HEAD"} <= set(answer.headers["allow"].split(", "))


@pytest.mark.parametrize(
    "head",
    [b"Content-Length: 5000\r\n\r\n" + GOOD, b"Transfer-Encoding: chunked\r\n\r\n19\r\n" + GOOD + b"\n\r\n"],
    ids=["announced", "chunked"],
)
@pytest.mark.parametrize("path", ["/api/prices", "/api/prices/batch"])
def test_of_a_body_that_breaks_off_nothing_is_taken(service: Service, path: str, head: bytes) -> None:
    before = service.settled()["received"]
    host, port = service.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as client:
        client.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {NDJSON}\r\n".replace(
            NDJSON, JSON if path == "/api/prices" else NDJSON).encode() + head)  # fmt: skip
    broken = f'method="POST",route="{path}",status="499"'
    eventually(lambda: broken in service.client.get("/metrics").text)
    assert service.settled()["received"] == before


def test_single_refusal_has_no_index(start: Callable[..., Service]) -> None:
    service = start(PROCESSING__MAX_SYMBOLS="1")
    service.post({"symbol": "A", "price": 1})
    answer = service.post({"symbol": "B", "price": 1})
    assert_problem(answer, 400, "symbol_limit")
    assert "index" not in answer.json()["errors"][0]


def test_repeated_and_unknown_parameters_are_refused_by_name(service: Service) -> None:
    service.post({"symbol": "HERE", "price": 1})
    service.settled()
    for path in (
        "/api/anomalies?severity=high&severity=low",
        "/api/prices?symbols=A&symbols=B",
        "/api/prices/HERE?x=1",
    ):
        answer = service.client.get(path)
        assert_problem(answer, 400, None)
        assert len(answer.json()["errors"]) == 1


def test_letters_that_only_become_ascii_in_capitals_find_nothing(service: Service) -> None:
    service.post({"symbol": "STRASSE", "price": 1})
    service.settled()
    assert_problem(service.client.get("/api/prices/stra%C3%9Fe"), 404, None)
    assert service.client.get("/%61pi/prices/strasse").status_code == 200


def test_errors_are_json_that_anybody_can_read(service: Service) -> None:
    hostile = {"symbol": "\u2028</script>", "price": [], "\u0000" * 200: 1}
    answer = service.post(hostile)
    assert_problem(answer, 400, None)
    assert json.loads(answer.content)["errors"][0]["field"].startswith("\\x00")
