"""Clients that invent paths, methods, heads and symbols: what the service keeps for them is bounded."""

import json
import re
import time
from collections.abc import Callable
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from support.service import Service, assert_balanced, eventually

LINES_PER_SECOND = 10
METHODS = ("PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "MKCOL", "SEARCH", "PURGE", "LOCK", "BREW", "get", "X" * 200)
PATHS = ("/no/such/{}", "/api/prices/{}/no", "/api/prices/S{}", "/api/anomalies/{}", "/dashboard/{}.js", "/%2e%2e/{}")


def series(service: Service) -> set[str]:
    """The names and labels of all metrics."""
    text = service.client.get("/metrics").text
    return {line.rpartition(" ")[0] for line in text.splitlines() if not line.startswith("#")}


def storm(service: Service, start: int, rounds: int) -> int:
    """Send requests that are all refused, each of them different. Returns how many."""
    address = urlsplit(service.url)
    sent = 0
    for number in range(start, start + rounds):
        connection = HTTPConnection(address.hostname or "", address.port, timeout=30)
        for path in PATHS:
            connection.request("GET", path.format(number), headers={f"X-{number}": "1", "Traceparent": str(number)})
            assert connection.getresponse().read() is not None
        sent += len(PATHS)
        connection.close()
        for method in (*METHODS, f"M{number}"):
            connection.request(method, f"/api/prices?x={number}")
            assert 400 <= connection.getresponse().status < 500
            connection.close()
            sent += 1
    return sent


def refusals(service: Service) -> tuple[int, int]:
    """The lines of the log about refused requests, and how many they stand for."""
    lines = [json.loads(line) for line in service.log.read_text().splitlines()]
    found = [line for line in lines if line["event"] == "request refused"]
    return len(found), len(found) + sum(line.get("left_out", 0) for line in found)


def test_storms_add_no_series_and_few_lines_to_the_log(start: Callable[..., Service]) -> None:
    service = start()
    begun = time.monotonic()
    sent = storm(service, 0, 2)
    # Those of their first answers, of the scrape itself too.
    series(service)
    before = series(service)
    sent += storm(service, 2, 100)
    assert series(service) == before

    def all_told() -> bool:
        nonlocal sent
        service.client.get("/no/such")
        sent += 1
        return refusals(service)[1] == sent

    eventually(all_told)
    lines, _ = refusals(service)
    # A bucket of ten and ten a second, however many are refused.
    assert lines <= LINES_PER_SECOND * (time.monotonic() - begun + 2)
    assert lines < sent
    assert "Traceback" not in service.log.read_text()


@pytest.mark.parametrize("way", ["batches", "singles"])
def test_a_flood_of_symbols_leaves_the_known_ones_unharmed(start: Callable[..., Service], way: str) -> None:
    service = start(PROCESSING__MAX_SYMBOLS="50", STORAGE__ENABLED="false")
    known = [{"symbol": f"K{number}", "price": 1.5} for number in range(50)]
    assert service.client.post("/api/prices/batch", json=known).json()["accepted"] == 50
    service.settled()
    flood = [{"symbol": f"F{number}", "price": 1} for number in range(5000 if way == "batches" else 300)]
    if way == "batches":
        for at in range(0, len(flood), 1000):
            assert service.client.post("/api/prices/batch", json=flood[at : at + 1000]).status_code == 400
            assert service.client.post("/api/prices/batch", json=known).json()["rejected"] == 0
    else:
        for each in flood:
            assert service.post(each).status_code == 400
        assert service.post(known[0]).status_code == 202
    accounts = service.settled()
    assert_balanced(accounts)
    assert accounts["rejected"] == len(flood)
    assert (accounts["activeSymbols"], accounts["dropped"], accounts["failed"]) == (50, 0, 0)
    listed = service.client.get("/api/prices?limit=1000").json()
    assert {each["symbol"] for each in listed["items"]} == {each["symbol"] for each in known}
    assert {each["updateCount"] for each in listed["items"]} == ({6} if way == "batches" else {1, 2})
    # No label is a symbol.
    assert not re.search(r'"[FK]\d', service.client.get("/metrics").text)
