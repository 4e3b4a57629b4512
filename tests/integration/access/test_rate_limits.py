"""Rate limits by key and by address. A burst is of an hour, so that nothing is refilled while a test runs."""

import json
import re
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from domain.access.role import Role
from support.access import api_key, bearer, put_keys, revoke_key
from support.canaries import CANARY
from support.service import Service, assert_balanced, eventually, marketdata

FEEDER, OTHER, VIEWER = api_key(1, Role.FEEDER), api_key(2, Role.FEEDER), api_key(3, Role.VIEWER)
ADMIN = api_key(4, Role.ADMIN)
HOUR = 3600
NDJSON = {"Content-Type": "application/x-ndjson"}
Start = Callable[..., Service]


def an_hour(count: int) -> str:
    """The rate of so many an hour."""
    return str(count / HOUR)


@pytest.fixture
def limited(start: Start, tmp_path: Any) -> Callable[..., Service]:
    def starter(**limits: str) -> Service:
        (tmp_path / "0").mkdir()
        put_keys(tmp_path / "0" / "data", FEEDER, OTHER, VIEWER, ADMIN)
        named = {f"LIMITS__{name}": value for name, value in {"BURST_SECONDS": str(HOUR), **limits}.items()}
        return start(AUTH__ENABLED="true", **named)

    return starter


def tick(symbol: str = "AAPL") -> dict[str, Any]:
    return {"symbol": symbol, "price": 100.0}


# Without a traceparent a request takes the fast path, where it can.
@pytest.mark.parametrize(
    "way", [{}, {"traceparent": "00-" + "1" * 32 + "-" + "2" * 16 + "-00"}], ids=["fast", "router"]
)
def test_a_key_that_sends_too_many_requests_is_refused_and_told_when_to_come_back(
    limited: Start, way: dict[str, str]
) -> None:
    client = limited(KEY_REQUESTS_PER_SECOND=an_hour(3)).client
    for left in (2, 1, 0):
        answer = client.post("/api/prices", json=tick(), headers={**bearer(FEEDER), **way})
        assert answer.status_code == 202
        assert answer.headers["RateLimit-Policy"] == '"requests";q=3;w=3600'
        assert answer.headers["RateLimit"].startswith(f'"requests";r={left};t=')
    refused = client.post("/api/prices", json=tick(), headers={**bearer(FEEDER), **way})
    assert (refused.status_code, refused.json()["type"]) == (429, "urn:marketdata:problem:rate-limited")
    assert 1000 < int(refused.headers["Retry-After"]) <= 1200
    assert refused.headers["RateLimit"].startswith('"requests";r=0;t=')
    # The others go on, and so does the connection.
    assert client.post("/api/prices", json=tick(), headers={**bearer(OTHER), **way}).status_code == 202
    accounts = client.get("/api/metrics", headers=bearer(ADMIN)).json()
    assert accounts["received"] == 4
    assert_balanced(accounts)
    metrics = client.get("/metrics", headers=bearer(ADMIN)).text
    assert 'marketdata_requests_rate_limited_total{limit="key"} 1.0' in metrics


def test_every_kind_of_request_counts(limited: Start) -> None:
    service = limited(KEY_REQUESTS_PER_SECOND=an_hour(6))
    client, me = service.client, bearer(VIEWER)
    assert client.get("/api/prices/NONE", headers=me).status_code == 404
    assert client.get("/api/moves", headers=me).status_code == 200
    assert client.request("HEAD", "/api/prices", headers=me).status_code == 200
    assert client.post("/api/prices", json=tick(), headers=me).status_code == 403
    with client.stream("GET", "/api/stream", headers=me) as events:
        assert events.status_code == 200
    assert handshake(service, me).startswith(b"HTTP/1.1 101")
    assert handshake(service, me).startswith(b"HTTP/1.1 429")
    for path in ("/api/prices/NONE", "/api/moves", "/api/stream", "/health"):
        assert client.get(path, headers=me).status_code == 429


def handshake(service: Service, headers: dict[str, str]) -> bytes:
    """The beginning of the answer to a WebSocket handshake."""
    url = httpx.URL(service.url)
    lines = [
        "GET /ws HTTP/1.1",
        "Host: x",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    with socket.create_connection((url.host, url.port)) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        return connection.recv(100)


def test_ticks_count_however_they_come_and_a_batch_pays_afterwards(limited: Start) -> None:
    client = limited(KEY_TICKS_PER_SECOND=an_hour(10)).client
    me = bearer(FEEDER)
    for left in (9, 8):
        answer = client.post("/api/prices", json=tick(), headers=me)
        assert answer.headers["RateLimit"].startswith(f'"ticks";r={left};t=')
    # More than are left, but some are.
    batch = [tick(), {"symbol": "AAPL", "price": -1}] * 10
    answer = client.post("/api/prices/batch", json=batch, headers=me)
    assert (answer.status_code, answer.json()["accepted"], answer.json()["rejected"]) == (202, 10, 10)
    for path, body in (("/api/prices", tick()), ("/api/prices/batch", batch)):
        refused = client.post(path, json=body, headers=me)
        assert refused.status_code == 429
        # It owes 12 besides the one.
        assert 4000 < int(refused.headers["Retry-After"]) <= 4680
    # Reading is not writing.
    assert client.get("/api/prices/AAPL", headers=bearer(VIEWER)).status_code == 200
    accounts = client.get("/api/metrics", headers=bearer(ADMIN)).json()
    assert (accounts["received"], accounts["accepted"]) == (22, 12)
    assert_balanced(accounts)


def test_a_stream_that_may_go_on_is_taken_whole(limited: Start) -> None:
    service = limited(KEY_TICKS_PER_SECOND="200", BURST_SECONDS="1")
    lines = b"".join(json.dumps(tick(f"S{number}")).encode() + b"\n" for number in range(300))
    for _ in range(2):
        # The second waits until the first is paid for.
        answer = service.client.post("/api/prices/stream", content=lines, headers={**bearer(FEEDER), **NDJSON})
        assert (answer.status_code, answer.json()["accepted"]) == (202, 300)
    refused = service.client.post("/api/prices", json=tick(), headers=bearer(FEEDER))
    assert refused.status_code == 429

    def admitted() -> bool:
        return service.client.post("/api/prices", json=tick(), headers=bearer(FEEDER)).status_code == 202

    eventually(admitted)


def test_a_stream_waits_for_its_limit_and_ends_when_its_key_does(limited: Start) -> None:
    service = limited(KEY_TICKS_PER_SECOND=an_hour(10))
    # All of it fits into what is read at once; the second tick of each symbol is in a later block.
    lines = b"".join(
        json.dumps({**tick(f"S{number:04}"), "price": price}).encode() + b" " * 900 + b"\n"
        for price in (1.0, 2.0)
        for number in range(30)
    )
    with ThreadPoolExecutor(1) as sender:
        path = "/api/prices/stream"
        streaming = sender.submit(
            httpx.post, f"{service.url}{path}", content=lines, headers={**bearer(FEEDER), **NDJSON}, timeout=60
        )

        def first_block() -> int:
            return int(service.client.get("/api/prices", headers=bearer(VIEWER)).json()["total"])

        assert eventually(first_block) == 30
        revoke_key(service.directory / "data", FEEDER)
        # It would wait for hours.
        answer = streaming.result(timeout=60)
    assert (answer.status_code, answer.json()["type"]) == (401, "urn:marketdata:problem:unauthenticated")
    received = service.client.get("/api/metrics", headers=bearer(ADMIN)).json()["received"]
    assert 30 <= received < 60
    assert f"{received} ticks were accepted" in answer.json()["detail"]


def test_all_sessions_of_an_account_share_its_limit(start: Start, tmp_path: Any) -> None:
    folder = tmp_path / "0"
    folder.mkdir()
    invitation = marketdata("users", "create", "--role", "viewer", "ada", cwd=folder).stdout.strip()
    service = start(AUTH__ENABLED="true", LIMITS__KEY_REQUESTS_PER_SECOND=an_hour(3), LIMITS__BURST_SECONDS=str(HOUR))
    password = f"{CANARY} horse battery"
    sent = {"name": "ada", "invitation": invitation, "newPassword": password}
    with httpx.Client(base_url=service.url) as first, httpx.Client(base_url=service.url) as second:
        assert first.post("/api/auth/invitation", json=sent).status_code == 200
        assert second.post("/api/auth/sign-in", json={"name": "ada", "password": password}).status_code == 200
        statuses = [each.get("/api/prices").status_code for each in (first, second, first, second, first)]
    assert statuses == [200, 200, 200, 429, 429]


def test_an_address_is_limited_before_anybody_asks_for_its_key(limited: Start) -> None:
    client = limited(ADDRESS_REQUESTS_PER_SECOND=an_hour(4)).client
    for headers in ({}, {"Authorization": "Bearer md_guess"}, bearer(FEEDER), bearer(OTHER)):
        assert client.post("/api/prices", json=tick(), headers=headers).status_code in (401, 202)
    for headers in ({}, bearer(FEEDER)):
        refused = client.post("/api/prices", json=tick(), headers=headers)
        assert (refused.status_code, refused.headers["RateLimit-Policy"]) == (429, '"requests";q=4;w=3600')
    assert client.get("/no/such/path").status_code == 429


def test_proxies_are_believed_only_where_they_are_trusted(start: Start) -> None:
    limits = {"LIMITS__ADDRESS_REQUESTS_PER_SECOND": an_hour(2), "LIMITS__BURST_SECONDS": str(HOUR)}
    behind = start(SERVER__TRUSTED_PROXIES="127.0.0.1", **limits).client
    for address in ("198.51.100.1", "198.51.100.2"):
        statuses = [behind.post("/api/prices", json=tick(), headers={"X-Forwarded-For": address}) for _ in range(3)]
        assert [each.status_code for each in statuses] == [202, 202, 429]
    direct = start(**limits).client
    statuses = [
        direct.post("/api/prices", json=tick(), headers={"X-Forwarded-For": f"198.51.100.{last}"}) for last in range(3)
    ]
    assert [each.status_code for each in statuses] == [202, 202, 429]


def test_pipelined_requests_are_counted_one_by_one(start: Start) -> None:
    service = start(LIMITS__ADDRESS_REQUESTS_PER_SECOND=an_hour(2), LIMITS__BURST_SECONDS=str(HOUR))
    url = httpx.URL(service.url)
    body = json.dumps(tick()).encode()
    one = b"POST /api/prices HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
    with socket.create_connection((url.host, url.port), timeout=20) as connection:
        connection.sendall(one % (len(body), body) * 4)
        answers = b""
        while answers.count(b"HTTP/1.1 ") < 4 or not answers.endswith(b"}"):
            answers += connection.recv(65_536)
    assert [part[:3] for part in answers.split(b"HTTP/1.1 ")[1:]] == [b"202", b"202", b"429", b"429"]


def test_new_symbols_of_a_key_are_limited_and_known_ones_unharmed(limited: Start) -> None:
    client = limited(KEY_SYMBOLS="3").client
    me, other = bearer(FEEDER), bearer(OTHER)
    # Known already, whoever brought it.
    assert client.post("/api/prices", json=tick("OLD"), headers=other).status_code == 202
    answer = client.post("/api/prices/batch", json=[tick(f"S{number}") for number in range(5)], headers=me).json()
    assert (answer["accepted"], [each["index"] for each in answer["errors"]]) == (3, [3, 4])
    assert answer["errors"][0]["code"] == "symbol_limit"
    assert answer["errors"][0]["message"] == "is new, and the limit of 3 new symbols of this sender is reached"
    for _ in range(3):
        assert client.post("/api/prices", json=tick("NEW"), headers=me).status_code == 400
    lines = b'{"symbol":"NEWER","price":1}\n{"symbol":"S0","price":1}\n'
    streamed = client.post("/api/prices/stream", content=lines, headers={**me, **NDJSON}).json()
    assert (streamed["accepted"], streamed["rejected"]) == (1, 1)
    for symbol in ("S0", "S1", "S2", "OLD"):
        assert client.post("/api/prices", json=tick(symbol), headers=me).status_code == 202
    assert client.post("/api/prices", json=tick("NEW"), headers=other).status_code == 202
    # One that is forgotten makes room.
    assert client.delete("/api/prices/S0", headers=bearer(ADMIN)).status_code == 204
    assert client.post("/api/prices", json=tick("NEWEST"), headers=me).status_code == 202
    assert client.post("/api/prices", json=tick("S0"), headers=me).status_code == 400


def test_replay_waits_until_it_may_go_on(limited: Start, tmp_path: Any) -> None:
    service = limited(KEY_TICKS_PER_SECOND="400", BURST_SECONDS="1")
    file = tmp_path / "ticks.csv"
    rows = "".join(f"AAPL,{100 + number % 2},{1769860800000 + number}\n" for number in range(900))
    file.write_text("symbol,price,timestamp\n" + rows)
    key = bearer(FEEDER)["Authorization"].split()[1]
    told = marketdata("replay", str(file), "--url", service.url, "--batch-size", "300", cwd=tmp_path, KEY=key)
    assert told.returncode == 0, told.stderr
    assert service.client.get("/api/prices/AAPL", headers=bearer(ADMIN)).json()["updateCount"] == 900
    refused = service.client.get("/metrics", headers=bearer(ADMIN)).text
    assert re.search(r'marketdata_requests_rate_limited_total\{limit="key"\} [1-9]', refused)
