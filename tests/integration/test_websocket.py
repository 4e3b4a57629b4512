import json
import os
import re
import socket
import subprocess
from collections.abc import Callable
from contextlib import suppress
from shutil import which

import pytest
from websockets.exceptions import ConnectionClosedError, InvalidStatus

from support.service import Service, eventually
from support.watcher import Watcher


def test_watcher_sees_snapshot_changes_and_anomalies(service: Service) -> None:
    service.post({"symbol": "SEE", "price": 100})
    service.settled()
    with Watcher(service) as watcher:
        watcher.say("subscribe", id=1, symbols=["see"])
        assert watcher.read()["subscriptions"]["prices"] == ["SEE"]
        [now] = watcher.read()["prices"]
        assert now == service.client.get("/api/prices/SEE").json()
        service.post({"symbol": "SEE", "price": 103.5})
        spike = watcher.until("anomaly")["anomaly"]
        assert (spike["symbol"], spike["direction"], spike["severity"]) == ("SEE", "up", "high")
        assert watcher.price_of("SEE", 2) == service.client.get("/api/prices/SEE").json()


def test_watcher_of_moves_sees_them_open_peak_and_end(service: Service) -> None:
    start = 10**12
    with Watcher(service) as watcher:
        watcher.say("subscribe", symbols=["MOVES"], channels=["moves"])
        watched = watcher.read()["subscriptions"]
        assert {channel: names for channel, names in watched.items() if names} == {"moves": ["MOVES"]}
        for ms, price, change, count in (
            (0, 100, None, 0),
            (1, 103.5, "opened", 1),
            (2, 103.2, None, 2),
            (3, 104, "peak", 3),
            (5000, 104, "ended", 3),
        ):
            service.post({"symbol": "MOVES", "price": price, "timestamp": start + ms})
            service.settled()
            if change is not None:
                move = watcher.until("move")["move"]
                assert (move["change"], move["count"]) == (change, count)
        (stored,) = service.client.get("/api/moves?symbol=MOVES").json()["items"]
        assert {**stored, "change": "ended"} == move
        assert (move["peakPrice"], move["endedAt"]) == (104.0, "2001-09-09T01:46:40.003Z")


def test_what_is_not_understood_gets_an_error_and_the_connection_goes_on(service: Service) -> None:
    with Watcher(service) as watcher:
        watcher.socket.send("nonsense")
        assert watcher.read()["code"] == "malformed"
        watcher.socket.send(b'{"op":"ping"}')
        assert watcher.read()["code"] == "not_text"
        watcher.say("dance", id=3)
        error = watcher.read()
        assert (error["code"], error["id"]) == ("unknown_op", 3)
        watcher.say("subscribe", symbols=["A", "%"], id=4)
        assert watcher.read()["code"] == "invalid_symbol"
        watcher.say("ping", id="still here")
        assert watcher.until("pong")["id"] == "still here"


def test_message_in_fragments_is_one_message(service: Service) -> None:
    with Watcher(service) as watcher:
        watcher.socket.send(['{"op":', '"ping",', '"id":9}'])
        assert watcher.read()["id"] == 9


def close_of(watcher: Watcher) -> tuple[int, str]:
    """How the service closed the connection."""
    with suppress(ConnectionClosedError):
        for _ in watcher.socket:
            pass
    assert watcher.socket.close_code is not None
    return watcher.socket.close_code, watcher.socket.close_reason or ""


def test_who_talks_too_much_is_sent_away(start: Callable[..., Service]) -> None:
    service = start(STREAM__MESSAGES_PER_SECOND="5")
    with Watcher(service) as watcher:
        # The close may arrive while it still sends.
        with suppress(ConnectionClosedError):
            for _ in range(50):
                watcher.say("ping")
        assert close_of(watcher) == (1008, "more than 5 messages a second")
    eventually(lambda: service.client.get("/api/metrics").status_code == 200)


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        pytest.param(b"\x81\xfe\x20\x00" + bytes(4) + b"x" * 8192, 1009, id="message over the limit"),
        pytest.param(b"\x81\x82" + bytes(4) + b"\xff\xfe", 1007, id="text that is not UTF-8"),
        pytest.param(b"\x81\x02{}", 1002, id="frame without a mask"),
        pytest.param(b"\xf1\x82" + bytes(4) + b"{}", 1002, id="reserved bits"),
    ],
)
def test_broken_frames_end_the_connection_and_nothing_else(
    start: Callable[..., Service], frame: bytes, code: int
) -> None:
    service = start(STREAM__MAX_MESSAGE_BYTES="4096")
    with Watcher(service) as other, Watcher(service) as watcher:
        watcher.socket.socket.sendall(frame)
        assert close_of(watcher)[0] == code
        other.say("ping")
        other.until("pong")
    assert '"level": "error"' not in service.log.read_text()


def test_too_many_watchers_are_refused_and_one_that_leaves_makes_room(start: Callable[..., Service]) -> None:
    service = start(STREAM__MAX_CONNECTIONS="2")
    with Watcher(service):
        with Watcher(service):
            with pytest.raises(InvalidStatus) as refusal:
                Watcher(service)
            response = refusal.value.response
            assert response.status_code == 503
            assert response.headers["content-type"] == "application/problem+json"
            assert json.loads(response.body or b"")["type"] == "urn:marketdata:problem:unavailable"
            assert service.client.get("/api/stream").status_code == 503

        def admitted() -> bool:
            try:
                with Watcher(service):
                    return True
            except InvalidStatus:
                return False

        eventually(admitted)


def test_subscription_limit_is_named(start: Callable[..., Service]) -> None:
    service = start(STREAM__MAX_SUBSCRIPTIONS="2")
    with Watcher(service) as watcher:
        watcher.say("subscribe", symbols=["A", "B", "C"])
        assert watcher.read()["code"] == "subscription_limit"
        watcher.say("subscribe", symbols=["A", "B"])
        assert watcher.read()["subscriptions"]["prices"] == ["A", "B"]


def test_pages_of_other_addresses_are_refused(start: Callable[..., Service]) -> None:
    service = start(SERVER__ALLOWED_ORIGINS="https://desk.example.org")
    with pytest.raises(InvalidStatus) as refusal:
        Watcher(service, origin="https://elsewhere.example.org")
    assert refusal.value.response.status_code == 403
    for origin in (service.url, "https://desk.example.org"):
        with Watcher(service, origin=origin) as watcher:
            watcher.say("ping")
            watcher.until("pong")


HANDSHAKE = (
    b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
)


def raw_answer(service: Service, request: bytes) -> bytes:
    """Everything that comes back until the service closes the connection."""
    with socket.create_connection(("127.0.0.1", int(service.url.rpartition(":")[2]))) as raw:
        raw.sendall(request)
        received = b""
        # A client that never answers a close is cut off.
        with suppress(ConnectionResetError):
            while part := raw.recv(65536):
                received += part
        return received


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        pytest.param(HANDSHAKE + b"Origin: http://[\r\n\r\n", 403, id="origin that is none"),
        pytest.param(HANDSHAKE.replace(b"Host: x", b"Host: evil.example.org") + b"\r\n", 421, id="another host"),
        pytest.param(
            HANDSHAKE.replace(b"GET /ws", b"GET http://evil.example.org/ws") + b"\r\n", 421, id="target elsewhere"
        ),
        pytest.param(HANDSHAKE + b"Host: y\r\nOrigin: http://x\r\n\r\n", 400, id="two hosts"),
        pytest.param(HANDSHAKE.replace(b"Host: x\r\n", b"") + b"Origin: null\r\n\r\n", 400, id="no host"),
        pytest.param(HANDSHAKE + b"Content-Length: 3\r\n\r\nabc", 400, id="body"),
        pytest.param(HANDSHAKE.replace(b"GET", b"POST") + b"\r\n", 400, id="not a GET"),
        pytest.param(HANDSHAKE.replace(b"HTTP/1.1", b"HTTP/1.0") + b"\r\n", 400, id="HTTP/1.0"),
        pytest.param(HANDSHAKE + b"X: y\r\n" * 200 + b"\r\n", 400, id="too many headers"),
    ],
)
def test_bad_handshake_is_a_problem_and_no_error_of_ours(service: Service, request_: bytes, status: int) -> None:
    answer = raw_answer(service, request_)
    assert answer.startswith(b"HTTP/1.1 %d " % status), answer
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["status"] == status
    assert '"level": "error"' not in service.log.read_text()


def test_handshake_behind_an_unanswered_request_is_refused_and_leaves_nothing(start: Callable[..., Service]) -> None:
    service = start(STREAM__MAX_CONNECTIONS="2")
    port = int(service.url.rpartition(":")[2])
    for _ in range(5):
        with socket.create_connection(("127.0.0.1", port)) as raw:
            raw.sendall(b"GET /api/stream HTTP/1.1\r\nHost: x\r\n\r\n")
            raw.recv(1024)
            raw.sendall(HANDSHAKE + b"\r\n")
            while raw.recv(65536):
                pass
    eventually(lambda: 'marketdata_stream_connections{transport="events"} 0.0' in service.client.get("/metrics").text)
    with Watcher(service), Watcher(service) as watcher:
        watcher.say("ping")
        watcher.until("pong")
    assert '"level": "error"' not in service.log.read_text()


def test_what_comes_right_behind_the_handshake_is_heard(service: Service) -> None:
    text = b'{"op":"ping","id":"early"}'
    frame = b"\x81" + bytes((0x80 | len(text),)) + bytes(4) + text
    with socket.create_connection(("127.0.0.1", int(service.url.rpartition(":")[2]))) as raw:
        raw.sendall(HANDSHAKE + b"\r\n" + frame)
        seen = b""
        while b'"early"' not in seen:
            part = raw.recv(65536)
            assert part
            seen += part
    assert seen.startswith(b"HTTP/1.1 101 ")


def test_reason_of_a_close_arrives_though_more_was_sent(start: Callable[..., Service]) -> None:
    service = start(STREAM__MESSAGES_PER_SECOND="5")
    ping = b"\x89\x80" + bytes(4)
    reason = b"more than 5 messages a second"
    close = b"\x88" + bytes((2 + len(reason),)) + (1008).to_bytes(2, "big") + reason
    for _ in range(5):
        assert raw_answer(service, HANDSHAKE + b"\r\n" + ping * 20_000).endswith(close)


def test_other_addresses_have_no_websocket(service: Service) -> None:
    address = service.url.removeprefix("http://").split(":")
    head = (
        "GET {} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: {}\r\nSec-WebSocket-Version: {}\r\n\r\n"
    )
    for path, key, version, status in (
        ("/api/prices", "dGhlIHNhbXBsZSBub25jZQ==", 13, 404),
        ("/ws", "short", 13, 400),
        ("/ws", "dGhlIHNhbXBsZSBub25jZQ==", 8, 400),
    ):
        with socket.create_connection((address[0], int(address[1]))) as raw:
            raw.sendall(head.format(path, key, version).encode())
            answer = b"".join(iter(lambda raw=raw: raw.recv(65536), b""))  # type: ignore[misc]  # bound at once
        assert answer.startswith(b"HTTP/1.1 %d " % status), answer
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["status"] == status
    plain = service.client.get("/ws")
    assert (plain.status_code, plain.headers["upgrade"]) == (426, "websocket")


def test_shutdown_says_goodbye_with_its_reason(start: Callable[..., Service]) -> None:
    service = start()
    with Watcher(service) as watcher, Watcher(service) as silent:
        watcher.say("subscribe", symbols=["*"])
        watcher.until("snapshot")
        assert service.terminate() == 0
        assert close_of(watcher) == close_of(silent) == (1012, "the service is stopping")


def test_silent_connection_is_closed_and_one_that_answers_pings_is_not(start: Callable[..., Service]) -> None:
    service = start(STREAM__HEARTBEAT_SECONDS="0.2", STREAM__IDLE_SECONDS="0.6")
    port = int(service.url.rpartition(":")[2])
    with Watcher(service) as alive, socket.create_connection(("127.0.0.1", port)) as dumb:
        dumb.sendall(
            b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        read = b"".join(iter(lambda: dumb.recv(65536), b""))
        assert b"nothing was heard for 0.6 s" in read
        for _ in range(10):
            assert alive.until("heartbeat")["time"].endswith("Z")


def test_watchers_that_do_not_read_hold_up_nobody_and_are_told_what_they_missed(start: Callable[..., Service]) -> None:
    service = start(STREAM__MAX_QUEUED_ANOMALIES="10", PROCESSING__SLIDING_WINDOW_MILLISECONDS="60000")
    with Watcher(service, max_queue=1) as slow, Watcher(service) as quick:
        for watcher in (slow, quick):
            watcher.say("subscribe", symbols=["FLOOD"])
            watcher.until("snapshot")
        posted = 0
        for _ in range(40):
            batch = [{"symbol": "FLOOD", "price": 100 + 50 * ((posted + at) % 2)} for at in range(1000)]
            assert service.client.post("/api/prices/batch", json=batch).status_code == 202
            posted += len(batch)
            service.settled()
            assert quick.price_of("FLOOD", posted)["updateCount"] == posted
        gap = slow.until("gap")
        assert gap["anomalies"] > 0
        assert slow.price_of("FLOOD", posted)["updateCount"] == posted
        metrics = service.client.get("/metrics").text
        lost = float(re.findall(r"^marketdata_stream_anomalies_let_go_total (\S+)$", metrics, re.MULTILINE)[0])
        assert lost >= gap["anomalies"]
        assert 'marketdata_stream_connections{transport="websocket"} 2.0' in metrics


def test_wscat_works(service: Service) -> None:
    wscat = which("wscat")
    if wscat is None:
        assert "CI" not in os.environ, "CI installs wscat"
        pytest.skip("wscat is not installed")
    address = service.url.replace("http", "ws") + "/ws"
    with subprocess.Popen(
        [wscat, "-c", address, "-x", '{"op":"ping","id":"from wscat"}', "-w", "30"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        # Debian's wscat has its modules there, where a Node of another source does not look.
        env=os.environ | {"NODE_PATH": "/usr/share/nodejs"},
    ) as running:
        assert running.stdout is not None
        assert '"id":"from wscat"' in running.stdout.readline()
        running.kill()
