"""Request ids, entity tags, methods, origins and the log of requests."""

import json
import re
import socket
from collections.abc import Callable
from functools import partial

import httpx
import pytest

from support.service import Service, eventually

ORIGIN = "https://desk.example.org"


def lines_of(service: Service) -> list[dict[str, object]]:
    return [json.loads(line) for line in service.log.read_text().splitlines()]


def lines_with(service: Service, trace_id: str) -> list[dict[str, object]]:
    return [each for each in lines_of(service) if each.get("trace_id") == trace_id]


def test_every_answer_has_an_id_of_its_own(service: Service) -> None:
    client = service.client
    answers = [
        client.post("/api/prices", json={"symbol": "IDS", "price": 1}),
        client.post("/api/prices", json={"symbol": "IDS", "price": -1}),
        client.post("/api/prices/batch", json=[{"symbol": "IDS", "price": 1}]),
        client.get("/api/prices/IDS"),
        client.get("/api/prices"),
        client.get("/no/such"),
        client.options("/api/prices"),
        client.delete("/metrics"),
        client.get("/"),
        client.get("/ws"),
    ]
    ids = [answer.headers["x-request-id"] for answer in answers]
    assert all(re.fullmatch("[0-9a-f]{32}", each) for each in ids)
    assert len(set(ids)) == len(ids)
    for answer in answers:
        if answer.status_code >= 400:
            assert answer.json()["traceId"] == answer.headers["x-request-id"]


def test_an_answer_has_the_trace_id_of_its_caller(service: Service) -> None:
    trace_id = "4bf92f3577b34da6a3ce929d0e0e4736"
    headers = {"traceparent": f"00-{trace_id}-00f067aa0ba902b7-00"}
    assert service.client.get("/health/live", headers=headers).headers["x-request-id"] == trace_id


def test_a_request_that_fails_is_in_the_log_under_its_id(start: Callable[..., Service]) -> None:
    service = start()
    refused = [
        service.client.post("/api/prices", json={"symbol": "LOG", "price": -1}),
        service.client.get("/api/prices/NOSUCH"),
        service.client.get("/api/prices/LOG/candles"),
        service.client.put("/api/prices"),
    ]
    for answer in refused:
        wanted = answer.headers["x-request-id"]
        (line,) = eventually(partial(lines_with, service, wanted))
        assert (line["level"], line["status"]) == ("info", answer.status_code)
        assert line["detail"] == answer.json()["detail"]
        assert line["path"] == answer.json()["instance"]


def test_a_flood_of_errors_is_not_a_flood_of_lines(start: Callable[..., Service]) -> None:
    service = start()
    for _ in range(300):
        service.client.post("/api/prices", json={"symbol": "FLOOD", "price": -1})

    def accounted_for() -> int:
        # What was left out is in a later line.
        service.client.get("/no/such")
        return sum(1 + int(str(each.get("left_out", 0))) for each in lines_of(service) if "status" in each)

    eventually(lambda: accounted_for() >= 300)
    assert 10 <= sum("status" in each for each in lines_of(service)) < 200


def test_a_client_that_leaves_in_the_middle_of_its_body_is_no_error(start: Callable[..., Service]) -> None:
    service = start()
    host, port = service.url.removeprefix("http://").split(":")
    for path in (b"/api//prices", b"/api/prices", b"/api/prices/batch", b"/api/prices/stream", b"/no/such"):
        for _ in range(5):
            with socket.create_connection((host, int(port))) as connection:
                head = b"POST " + path + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\nX: y\r\n\r\n{"
                connection.sendall(head)
    for _ in range(20):
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(b"GET /api/prices?limit=1 HTTP/1.1\r\nHost: x\r\n\r\n" * 20)
    assert service.client.get("/health/live").status_code == 200
    assert service.terminate() == 0
    assert [each for each in lines_of(service) if each["level"] not in ("info", "warning")] == []
    assert "Traceback" not in service.log.read_text()


@pytest.mark.parametrize(
    "path", ["/api/prices/TAGS", "/api/prices?symbols=TAGS", "/api/prices/TAGS/candles?interval=1m"]
)
def test_an_answer_that_has_not_changed_is_not_sent_again(service: Service, path: str) -> None:
    service.post({"symbol": "TAGS", "price": 100, "timestamp": 10**12})
    service.settled()
    first = service.client.get(path)
    tag = first.headers["etag"]
    assert first.headers["cache-control"] == "no-cache"
    again = service.client.get(path, headers={"If-None-Match": tag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert service.client.get(path, headers={"If-None-Match": f'"other", {tag}'}).status_code == 304
    service.post({"symbol": "TAGS", "price": 101, "timestamp": 10**12 + 1})
    service.settled()
    changed = service.client.get(path, headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.headers["etag"] != tag


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/api/prices", "GET, HEAD, OPTIONS, POST"),
        ("/api/prices/", "GET, HEAD, OPTIONS, POST"),
        ("/api/prices/batch", "DELETE, GET, HEAD, OPTIONS, POST"),
        ("/api/prices/AAPL", "DELETE, GET, HEAD, OPTIONS"),
        ("/api/prices/BTC/USD/ticks", "GET, HEAD, OPTIONS"),
        ("/metrics", "GET, HEAD, OPTIONS"),
        ("/", "GET, HEAD, OPTIONS"),
    ],
)
def test_allow_tells_the_whole_truth(service: Service, path: str, methods: str) -> None:
    answer = service.client.options(path)
    assert (answer.status_code, answer.headers["allow"]) == (204, methods)
    refused = service.client.patch(path)
    assert (refused.status_code, refused.headers["allow"]) == (405, methods)
    assert refused.json()["detail"] == f"PATCH is not allowed here; allowed are {methods}."
    for method in methods.split(", "):
        assert service.client.request(method, path).status_code != 405


def test_options_of_nothing_is_404(service: Service) -> None:
    assert service.client.options("/no/such").status_code == 404


def test_pages_of_an_allowed_origin_can_use_the_api(start: Callable[..., Service]) -> None:
    service = start(SERVER__ALLOWED_ORIGINS=ORIGIN)
    service.post({"symbol": "CORS", "price": 1})
    service.settled()

    def ask(method: str, path: str, origin: str = ORIGIN, **headers: str) -> httpx.Headers:
        return service.client.request(method, path, headers={"Origin": origin, **headers}).headers

    for method, path in (
        ("GET", "/api/prices/CORS"),
        ("GET", "/api/prices"),
        ("POST", "/api/prices"),
        ("GET", "/no/such"),
    ):
        answer = ask(method, path)
        assert answer["access-control-allow-origin"] == ORIGIN
        assert "x-request-id" in answer["access-control-expose-headers"]
        assert "Origin" in answer["vary"]
        assert "access-control-allow-origin" not in ask(method, path, "https://evil.example.org")
    preflight = ask("OPTIONS", "/api/prices", **{"Access-Control-Request-Method": "POST"})
    assert preflight["access-control-allow-methods"] == "GET, HEAD, OPTIONS, POST"
    assert "content-type" in preflight["access-control-allow-headers"]
    with service.client.stream("GET", "/api/stream", headers={"Origin": ORIGIN}) as events:
        assert events.headers["access-control-allow-origin"] == ORIGIN


def test_no_other_origin_is_allowed_unless_configured(service: Service) -> None:
    answer = service.client.get("/api/prices", headers={"Origin": ORIGIN})
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    ("path", "target"),
    [("/docs", "/schema"), ("/openapi.json", "/schema/openapi.json"), ("/favicon.ico", "/dashboard/icon.svg")],
)
def test_where_others_have_their_documents_leads_to_ours(service: Service, path: str, target: str) -> None:
    answer = service.client.get(path)
    assert (answer.status_code, answer.headers["location"]) == (301, target)
    assert service.client.get(target).status_code == 200


def test_documents_can_be_kept(service: Service) -> None:
    tag = service.client.get("/schema/openapi.json").headers["etag"]
    assert service.client.get("/schema/openapi.json", headers={"If-None-Match": tag}).status_code == 304


@pytest.mark.parametrize("page", ["/", "/schema"])
def test_pages_run_nothing_but_files_of_the_service(service: Service, page: str) -> None:
    answer = service.client.get(page)
    assert re.search(r"<style|<script(?![^>]* src=)| style=| on[a-z]+=|javascript:", answer.text) is None
    files = re.findall(r'(?:src|href)="([^"]+[.](?:js|css))"', answer.text)
    assert len(files) >= 2
    for path in (page, *files):
        headers = service.client.get(f"/{path.lstrip('/')}").headers
        policy = dict(each.split(" ", 1) for each in headers["content-security-policy"].split("; "))
        nothing = ("default-src", "base-uri", "frame-ancestors", "trusted-types")
        assert {policy[name] for name in nothing} == {"'none'"}
        assert {policy[name] for name in policy if name not in (*nothing, "require-trusted-types-for")} == {"'self'"}
        assert policy["require-trusted-types-for"] == "'script'"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert "camera=()" in headers["permissions-policy"]


def test_no_other_page_can_embed_or_guess_at_an_answer(service: Service) -> None:
    service.post({"symbol": "EMBED", "price": 1})
    service.settled()
    for path in ("/api/prices/EMBED", "/api/prices", "/", "/metrics", "/no/such", "/schema/openapi.json"):
        headers = service.client.get(path).headers
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert headers["x-content-type-options"] == "nosniff"
        assert "strict-transport-security" not in headers
