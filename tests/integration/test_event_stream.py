import json
import socket
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from support.service import Service, eventually


def events(lines: Iterator[str]) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """(id, event, data) as a browser would read them."""
    event: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(": ")
            event[name] = value
        elif "data" in event:
            yield int(event["id"]), event["event"], json.loads(event["data"])
            event = {}


def test_events_are_the_messages_of_the_websocket(service: Service) -> None:
    service.post({"symbol": "SSE1", "price": 100})
    service.settled()
    with httpx.stream(
        "GET", f"{service.url}/api/stream", params={"symbols": "sse1,SSEX*", "intervalMs": "50"}, timeout=30
    ) as answer:
        assert answer.headers["content-type"] == "text/event-stream"
        assert answer.headers["cache-control"] == "no-store"
        stream = events(answer.iter_lines())
        number, event, data = next(stream)
        assert (number, event, data["subscriptions"]["prices"]) == (1, "subscribed", ["SSE1", "SSEX*"])
        number, event, data = next(stream)
        assert (number, event) == (2, "snapshot")
        assert data["prices"] == [service.client.get("/api/prices/SSE1").json()]
        service.post({"symbol": "SSEXY", "price": 100})
        service.post({"symbol": "SSEXY", "price": 97})
        seen = [next(stream)]
        while seen[-1][1] != "anomaly":
            seen.append(next(stream))
        assert seen[-1][2]["anomaly"]["direction"] == "down"
        assert [number for number, _, _ in seen] == list(range(3, 3 + len(seen)))
        assert all(data["seq"] == number and data["type"] == event for number, event, data in seen)


def test_reconnect_starts_from_a_fresh_snapshot(service: Service) -> None:
    for price in (1, 2):
        service.post({"symbol": "AGAIN", "price": price})
        service.settled()
        with httpx.stream(
            "GET",
            f"{service.url}/api/stream?symbols=AGAIN&channels=prices",
            headers={"Last-Event-ID": "77"},
            timeout=30,
        ) as answer:
            stream = events(answer.iter_lines())
            assert next(stream)[2]["subscriptions"]["anomalies"] == []
            number, event, data = next(stream)
            assert (number, event, data["prices"][0]["currentPrice"]) == (2, "snapshot", price)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("symbols=%25", "invalid_symbol"),
        ("symbols=", "invalid_symbol"),
        ("channels=news", "unknown_value"),
        ("intervalMs=5", "invalid"),
        ("intervalMs=soon", "not_an_integer"),
        ("symbol=A", "unknown_parameter"),
    ],
)
def test_bad_parameters_are_named(service: Service, query: str, code: str) -> None:
    answer = service.client.get(f"/api/stream?{query}")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, code)
    eventually(lambda: 'marketdata_stream_connections{transport="events"} 0.0' in service.client.get("/metrics").text)


def test_other_methods_are_told_so(service: Service) -> None:
    head = service.client.head("/api/stream")
    assert (head.status_code, head.headers["content-type"], head.content) == (200, "text/event-stream", b"")
    post = service.client.post("/api/stream")
    assert (post.status_code, post.headers["allow"]) == (405, "GET, HEAD, OPTIONS")


def test_client_that_does_not_read_does_not_hold_up_the_end(start: Callable[..., Service]) -> None:
    service = start()
    ticks = [{"symbol": f"LONG{number:05}", "price": 1} for number in range(10_000)]
    assert service.client.post("/api/prices/batch", json=ticks).status_code == 202
    service.settled()
    with socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.connect(("127.0.0.1", int(service.url.rpartition(":")[2])))
        deaf.sendall(b"GET /api/stream HTTP/1.1\r\nHost: x\r\n\r\n")
        deaf.recv(100)
        assert service.terminate() == 0
    assert '"level": "error"' not in service.log.read_text()


def test_stream_ends_when_the_service_stops(start: Callable[..., Service]) -> None:
    service = start()
    with httpx.stream("GET", f"{service.url}/api/stream", timeout=30) as answer:
        stream = events(answer.iter_lines())
        next(stream)
        assert service.terminate() == 0
        assert all(event in ("snapshot", "prices") for _, event, _ in stream)


def test_client_that_leaves_is_forgotten(start: Callable[..., Service]) -> None:
    service = start(STREAM__MAX_CONNECTIONS="1")
    for _ in range(3):

        def watched() -> bool:
            with httpx.stream("GET", f"{service.url}/api/stream", timeout=30) as answer:
                return answer.status_code == 200

        eventually(watched)
