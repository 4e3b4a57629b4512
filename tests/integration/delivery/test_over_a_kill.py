"""Deliveries of the running service: over a kill, to a receiver that comes back, dead letters, the breaker."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from infrastructure.delivery.signature import HEADER, is_genuine
from support.service import Service, eventually

SECRET = "0123456789abcdef"  # noqa: S105  # of these tests
T0 = 1769860800000


class Hook:
    """A receiver in a thread. status: of its answers."""

    def __init__(self) -> None:
        self.status = 200
        self.received: list[tuple[str, dict[str, Any]]] = []
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:  # as the standard library calls it
                body = self.rfile.read(int(self.headers["Content-Length"]))
                seconds = int(self.headers[HEADER].partition(",")[0].removeprefix("t="))
                assert is_genuine(SECRET, self.headers[HEADER], body, seconds)
                hook.received.append((self.headers["Idempotency-Key"], json.loads(body)))
                self.send_response(hook.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def keys(self) -> list[str]:
        return [key for key, _ in self.received]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def hook() -> Iterator[Hook]:
    made = Hook()
    yield made
    made.close()


def variables(hook: Hook, **more: str) -> dict[str, str]:
    channels = {"ops": {"url": hook.url, "secret": SECRET}, "log": {"kind": "log"}}
    return {
        "NOTIFICATIONS__CHANNELS": json.dumps(channels),
        "NOTIFICATIONS__ALLOW_PRIVATE_TARGETS": "true",
        "NOTIFICATIONS__FIRST_RETRY_SECONDS": "0.1",
        "NOTIFICATIONS__MAX_ATTEMPTS": "3",
        **{f"NOTIFICATIONS__{name}": value for name, value in more.items()},
    }


def alert_of(service: Service, symbol: str) -> str:
    """Have a rule raise an alert, and return its id."""
    condition = {"level": {"above": 110}}
    rule = {"name": "R", "subject": "prices", "keys": [symbol], "condition": condition, "notify": ["ops", "log"]}
    assert service.client.post("/api/rules", json=rule).status_code == 201
    tick = {"symbol": symbol, "price": 111, "timestamp": T0}
    service.client.post("/api/prices", json=tick, headers={"Prefer": "durable"})
    found: str = service.client.get(f"/api/alerts?key={symbol}").json()["items"][0]["id"]
    return found


def metric(service: Service, line: str) -> float:
    lines = service.client.get("/metrics").text.splitlines()
    return float(next(each for each in lines if each.startswith(line)).split()[-1])


def test_each_alert_arrives_over_a_kill_with_the_same_key(start: Callable[..., Service], hook: Hook) -> None:
    hook.status = 500
    service = start(**variables(hook, MAX_ATTEMPTS="100"))
    first, second = alert_of(service, "A"), alert_of(service, "B")
    eventually(lambda: {f"{first}-raised", f"{second}-raised"} <= set(hook.keys()))
    service.kill()
    hook.status = 200
    hook.received.clear()
    again = start(again=service, **variables(hook))
    eventually(lambda: {f"{first}-raised", f"{second}-raised"} == set(hook.keys()))
    body = next(body for key, body in hook.received if key == f"{first}-raised")
    assert (body["change"], body["alert"]["id"], body["alert"]["key"]) == ("raised", first, "A")
    eventually(lambda: metric(again, 'marketdata_deliveries_waiting{channel="ops"}') == 0)
    again.client.post(f"/api/alerts/{first}/acknowledge")
    again.client.post(f"/api/alerts/{first}/resolve")
    eventually(lambda: {f"{first}-acknowledged", f"{first}-resolved"} <= set(hook.keys()))


def test_a_dead_letter_is_listed_and_replayed_once_the_receiver_is_back(
    start: Callable[..., Service], hook: Hook
) -> None:
    hook.status = 503
    service = start(**variables(hook, BREAKER_FAILURES="3", BREAKER_SECONDS="0.5"))
    alert = alert_of(service, "A")
    letters = eventually(lambda: service.client.get("/api/notifications/dead-letters").json()["items"])
    assert [(each["id"], each["attempts"], each["error"]) for each in letters] == [
        (f"{alert}-raised-ops", 3, "the answer is 503")
    ]
    assert service.client.get("/health").json()["checks"]["channel ops"] == "failing"
    assert metric(service, 'marketdata_deliveries_total{channel="ops",outcome="dead"}') == 1
    assert metric(service, 'marketdata_deliveries_total{channel="log",outcome="delivered"}') == 1
    hook.status = 200
    hook.received.clear()
    replayed = service.client.post(f"/api/notifications/dead-letters/{letters[0]['id']}/replay")
    assert (replayed.status_code, replayed.json()["failedAt"]) == (202, None)
    eventually(lambda: hook.keys() == [f"{alert}-raised"])
    eventually(lambda: service.client.get("/health").json()["checks"]["channel ops"] == "ok")
    assert service.client.get("/api/notifications/dead-letters").json()["items"] == []
    assert service.client.post(f"/api/notifications/dead-letters/{letters[0]['id']}/replay").status_code == 404


def test_a_private_target_is_refused_unless_it_is_allowed(start: Callable[..., Service], hook: Hook) -> None:
    service = start(**variables(hook, ALLOW_PRIVATE_TARGETS="false"))
    alert_of(service, "A")
    letters = eventually(lambda: service.client.get("/api/notifications/dead-letters").json()["items"])
    assert (hook.received, "private address" in letters[0]["error"]) == ([], True)


def test_addresses_and_secrets_are_shown_nowhere(start: Callable[..., Service], hook: Hook) -> None:
    service = start(**variables(hook))
    alert_of(service, "A")
    eventually(lambda: hook.received)
    told = service.log.read_text() + service.client.get("/health").text + service.client.get("/metrics").text
    assert SECRET not in told
    assert hook.url not in told
