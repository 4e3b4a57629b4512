"""Bad input gets a clear problem+json, changes nothing, and leaves the connection usable."""

import json
import re
import socket
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from support.service import Service, assert_balanced, eventually

JSON = "application/json"
NDJSON = "application/x-ndjson"
GOOD = b'{"symbol":"X","price":1}'
DAY_AHEAD_MS = int((time.time() + 86_400) * 1000)

# name: (body, status, code of the first error)
TICKS: dict[str, tuple[bytes, int, str | None]] = {
    "empty body": (b"", 400, None),
    "blank body": (b"  \n", 400, None),
    "half a body": (b'{"symbol":"X","pri', 400, None),
    "two bodies": (GOOD + GOOD, 400, None),
    "NaN": (b'{"symbol":"X","price":NaN}', 400, None),
    "Infinity": (b'{"symbol":"X","price":Infinity}', 400, None),
    "invalid UTF-8": (b'{"symbol":"\xff\xfe","price":1}', 400, None),
    "deeply nested": (b"[" * 1_000_000, 400, None),
    "deeply nested in a field": (b'{"symbol":"X","price":' + b'{"a":' * 500_000, 400, None),
    "an array": (b"[" + GOOD + b"]", 400, "wrong_type"),
    "no object": (b"null", 400, "wrong_type"),
    "unknown field": (b'{"symbol":"X","price":1,"prize":2}', 400, "unknown_field"),
    "duplicate keys that disagree": (b'{"symbol":"X","price":1,"price":2}', 400, "contradiction"),
    "no symbol": (b'{"price":1}', 400, "missing"),
    "no price": (b'{"symbol":"X"}', 400, "missing"),
    "symbol of spaces": (b'{"symbol":"  ","price":1}', 400, "invalid_symbol"),
    "symbol too long": (b'{"symbol":"' + b"X" * 33 + b'","price":1}', 400, "invalid_symbol"),
    "symbol with a line feed inside": (b'{"symbol":"X\\nY","price":1}', 400, "invalid_symbol"),
    "symbol with half a surrogate": (b'{"symbol":"\\ud800","price":1}', 400, "invalid_symbol"),
    "symbol of 5 MB": (b'{"symbol":"' + b"X" * 5_000_000 + b'","price":1}', 413, None),
    "symbol of 3 MB": (b'{"symbol":"' + b"X" * 3_000_000 + b'","price":1}', 400, "invalid_symbol"),
    "boolean price": (b'{"symbol":"X","price":true}', 400, "wrong_type"),
    "price in words": (b'{"symbol":"X","price":"one"}', 400, "invalid_number"),
    "price 0": (b'{"symbol":"X","price":0}', 400, "not_positive"),
    "price -1": (b'{"symbol":"X","price":-1}', 400, "not_positive"),
    "price 1e-400": (b'{"symbol":"X","price":1e-400}', 400, "invalid_number"),
    "price 1e309": (b'{"symbol":"X","price":1e309}', 400, "invalid_number"),
    "price 1e999": (b'{"symbol":"X","price":1e999}', 400, "invalid_number"),
    "price of a million digits": (b'{"symbol":"X","price":' + b"1" * 1_000_000 + b"}", 400, None),
    "price of 50,000 digits": (b'{"symbol":"X","price":' + b"1" * 50_000 + b"}", 400, "invalid_number"),
    "price of two million parts": (b'{"symbol":"X","price":[' + b"1," * 2_000_000 + b"1]}", 400, None),
    "negative volume": (b'{"symbol":"X","price":1,"volume":-1}', 400, "out_of_range"),
    "empty id": (b'{"symbol":"X","price":1,"id":""}', 400, "invalid_id"),
    "timestamp without offset": (
        b'{"symbol":"X","price":1,"timestamp":"2026-01-31T12:00:00"}',
        400,
        "invalid_timestamp",
    ),
    "timestamp in 9999": (b'{"symbol":"X","price":1,"timestamp":"9999-12-31T23:59:59Z"}', 400, "in_the_future"),
    "timestamp a day ahead": (b'{"symbol":"X","price":1,"timestamp":%d}' % DAY_AHEAD_MS, 400, "in_the_future"),
    "timestamp beyond the calendar": (
        b'{"symbol":"X","price":1,"timestamp":99999999999999999}',
        400,
        "invalid_timestamp",
    ),
}

BATCHES: dict[str, tuple[str, bytes, int, str | None]] = {
    "empty body": (JSON, b"", 400, None),
    "empty array": (JSON, b"[]", 400, "empty"),
    "no array": (JSON, GOOD, 400, None),
    "array cut off": (JSON, b"[" + GOOD + b",", 400, None),
    "NaN in one tick": (JSON, b"[" + GOOD + b',{"symbol":"X","price":NaN}]', 400, None),
    "invalid UTF-8 in one tick": (JSON, b"[" + GOOD + b',{"symbol":"\xff","price":1}]', 400, None),
    "no good tick": (JSON, b'[{"symbol":"X","price":0},7]', 400, "not_positive"),
    "no good line": (NDJSON, b"nonsense\n[]\n", 400, "malformed"),
    "no line": (NDJSON, b"\n\n", 400, None),
    "10,001 ticks": (JSON, b"[" + b",".join([GOOD] * 10_001) + b"]", 413, None),
    "10,001 lines": (NDJSON, b"\n".join([GOOD] * 10_001), 413, None),
    "a million ticks": (JSON, b"[" + b",".join([GOOD] * 1_000_000) + b"]", 413, None),
    "deeply nested": (JSON, b"[" * 1_000_000, 400, None),
}


def assert_problem(answer: httpx.Response, status: int, code: str | None) -> None:
    assert answer.status_code == status, answer.text[:500]
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert {"type", "title", "status", "detail", "instance", "traceId"} <= set(problem)
    assert problem["status"] == status
    assert problem["instance"] == answer.url.raw_path.decode().partition("?")[0]
    assert re.fullmatch("[0-9a-f]{32}", problem["traceId"])
    assert len(answer.content) < 30_000
    assert not re.search("Traceback|msgspec|litestar|\\.py|/src/", answer.text)
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
    "media_type", ["text/plain", "application/x-www-form-urlencoded", "application/xml", "json", ""]
)
def test_wrong_media_type(service: Service, path: str, media_type: str) -> None:
    before = state(service)
    answer = service.client.post(path, content=GOOD, headers={"Content-Type": media_type})
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
    service.client.post("/api/prices", content=b"{")
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
        ("/api/prices?limit=1001", "limit"),
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
    [("DELETE", "/api/prices"), ("GET", "/nope/x"), ("PUT", "/health"), ("DELETE", "/api/prices/A/B")],
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
