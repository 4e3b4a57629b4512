import json
import re
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import ClassVar

import pytest

from support.service import Service, marketdata

CSV = "timestamp,symbol,price,volume\n2026-01-31T12:00:00.000Z,R1,100,5\n2026-01-31T12:00:00.100Z,R1,104.5,\n"


@pytest.mark.parametrize("command", [(), ("serve",), ("replay",), ("settings",)])
def test_help_teaches_by_example(command: tuple[str, ...], tmp_path: Path) -> None:
    ended = marketdata(*command, "--help", cwd=tmp_path)
    assert ended.returncode == 0
    assert re.search(r"^  .*marketdata (serve|replay|settings)", ended.stdout, re.MULTILINE)


def test_wrong_setting_stops_the_start_with_one_readable_message(tmp_path: Path) -> None:
    ended = marketdata("serve", cwd=tmp_path, PROCESSING__PARTITIONS="many")
    assert ended.returncode == 2
    assert "processing.partitions (MARKETDATA_PROCESSING__PARTITIONS)" in ended.stderr
    assert "(value: 'many')" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("port", ["70000", "-1", "http"])
def test_wrong_option_is_named_with_its_value_and_ends_like_a_wrong_setting(port: str, tmp_path: Path) -> None:
    ended = marketdata("serve", "--port", port, cwd=tmp_path)
    assert ended.returncode == 2
    assert re.search(rf"'--port': '?{port}'? is not", ended.stderr)
    assert "0<=x<=65535" in marketdata("serve", "--help", cwd=tmp_path).stdout


def test_settings_as_json_have_types_and_no_secrets(tmp_path: Path) -> None:
    ended = marketdata("settings", "--json", cwd=tmp_path, SERVER__PORT="9001",
                       STORAGE__URL="postgresql://me:c4n4ry@database/market")  # fmt: skip
    assert ended.returncode == 0
    told = json.loads(ended.stdout)
    assert told["server.port"] == {"value": 9001, "from": "MARKETDATA_SERVER__PORT"}
    assert told["processing.anomaly_threshold_percent"] == {"value": 2, "from": "default"}
    assert told["processing.full_mode"]["value"] == "drop_oldest"
    assert told["simulation.symbols"]["value"] == ["AAPL", "GOOG", "MSFT", "EURUSD", "BTCUSD"]
    assert (told["simulation.seed"]["value"], told["storage.data_dir"]["value"]) == (None, "data")
    assert told["storage.url"]["value"] == "postgresql://me:********@database/market"
    shown = marketdata("settings", cwd=tmp_path).stdout
    assert set(told) == {line.split()[0] for line in shown.splitlines()[1:]}


def test_settings_shows_values_and_where_they_come_from(tmp_path: Path) -> None:
    (tmp_path / "my.toml").write_text("[server]\nport = 9001\n")
    ended = marketdata("settings", "--config", "my.toml", cwd=tmp_path, PROCESSING__FULL_MODE="wait",
                       TELEMETRY__TRACES_ENDPOINT="http://me:c4n4ry@collector/v1/traces")  # fmt: skip
    assert ended.returncode == 0
    rows = dict(re.split(r"\s{2,}", line.strip(), maxsplit=1) for line in ended.stdout.splitlines()[1:])
    assert re.fullmatch(r"9001\s+my.toml", rows["server.port"])
    assert re.fullmatch(r"wait\s+MARKETDATA_PROCESSING__FULL_MODE", rows["processing.full_mode"])
    assert re.fullmatch(r"127.0.0.1\s+default", rows["server.host"])
    assert "AAPL,GOOG" in rows["simulation.symbols"]
    assert "c4n4ry" not in ended.stdout


def test_replay_sends_a_file_and_sums_up(start: Callable[..., Service], tmp_path: Path) -> None:
    service = start()
    (tmp_path / "ticks.csv").write_text(CSV)
    (tmp_path / "more.ndjson").write_text('{"symbol":"R2","price":"1.50"}\n{"symbol":"R2","price":2}\n')
    ended = marketdata("replay", "ticks.csv", "more.ndjson", "--url", service.url, cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert re.fullmatch(r"4 accepted, 0 rejected in [\d.]+ s \([\d,]+ ticks/s\)\n", ended.stdout)
    assert "elapsed 0:00:0" in ended.stderr
    service.settled()
    assert service.client.get("/api/prices/R1").json()["currentPrice"] == 104.5
    assert len(service.client.get("/api/prices/R1/anomalies").json()["items"]) == 1


def test_replay_names_the_reasons_of_what_was_refused_and_ends_with_1(
    start: Callable[..., Service], tmp_path: Path
) -> None:
    service = start()
    (tmp_path / "ticks.csv").write_text(CSV + "2026-01-31T12:00:00Z,R1,-1,\nyesterday,R1,1,\n,R1,0,\n")
    ended = marketdata("replay", "ticks.csv", "--url", service.url, cwd=tmp_path)
    assert ended.returncode == 1
    assert ended.stdout.startswith("2 accepted, 3 rejected")
    assert "not_positive: 2" in ended.stdout
    assert "invalid_timestamp: 1" in ended.stdout
    (tmp_path / "bad.csv").write_text("symbol,price\nR1,0\n")
    ended = marketdata("replay", "bad.csv", "--url", service.url, cwd=tmp_path)
    assert ended.returncode == 1
    assert ended.stdout.startswith("0 accepted, 1 rejected")


def test_replay_keeps_the_pace_it_is_told(start: Callable[..., Service], tmp_path: Path) -> None:
    service = start()
    lines = [json.dumps({"symbol": "PACE", "price": 1, "timestamp": 10**12 + 1000 * i}) for i in range(5)]
    (tmp_path / "slow.ndjson").write_text("\n".join(lines))
    ended = marketdata("replay", "slow.ndjson", "--speed", "10", "--url", service.url, cwd=tmp_path)
    assert ended.returncode == 0
    rate = int(re.search(r"([\d,]+) ticks/s", ended.stdout).group(1).replace(",", ""))  # type: ignore[union-attr]
    # Four seconds at ten times the speed: five ticks cannot have gone out faster than in 0.4 s.
    assert rate <= 5 / 0.4


def test_replay_counts_every_refused_tick_once(start: Callable[..., Service], tmp_path: Path) -> None:
    service = start()
    rows = ["R1,1"] * 500 + ["R1,0"] * 500 + ["R 1,0"]
    (tmp_path / "bad.csv").write_text("symbol,price\n" + "\n".join(rows))
    ended = marketdata("replay", "bad.csv", "--url", service.url, "--batch-size", "2000", cwd=tmp_path)
    assert ended.returncode == 1
    assert ended.stdout.startswith("500 accepted, 501 rejected")
    assert "  not_positive: 100\n" in ended.stdout
    assert "  not named: 401\n" in ended.stdout


class _Scripted(BaseHTTPRequestHandler):
    """Answers one POST after the other from `script`."""

    script: ClassVar[list[tuple[int, dict[str, str], bytes]]] = []

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        status, headers, body = self.script.pop(0)
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def scripted() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), _Scripted) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


TAKEN: tuple[int, dict[str, str], bytes] = (202, {}, b'{"accepted":2,"rejected":0,"errors":[]}')
PROBLEM = b'{"title":"Service unavailable","status":503,"detail":"The queue is full."}'


def test_replay_tries_again_while_the_service_says_not_now(scripted: str, tmp_path: Path) -> None:
    (tmp_path / "ticks.csv").write_text(CSV)
    _Scripted.script = [(503, {"Retry-After": "0"}, PROBLEM), (503, {"Retry-After": "0"}, PROBLEM), TAKEN]
    ended = marketdata("replay", "ticks.csv", "--url", scripted, cwd=tmp_path)
    assert (ended.returncode, _Scripted.script) == (0, [])
    assert ended.stdout.startswith("2 accepted, 0 rejected")


@pytest.mark.parametrize("body", [b'{"detail":"Not Found"}', b"[]", b"<html>", b""])
def test_replay_to_something_else_says_so(scripted: str, body: bytes, tmp_path: Path) -> None:
    (tmp_path / "ticks.csv").write_text(CSV)
    _Scripted.script = [(404, {"Content-Type": "application/json"}, body)]
    ended = marketdata("replay", "ticks.csv", "--url", scripted, cwd=tmp_path)
    assert ended.returncode == 1
    assert "is not a marketdata service: it answered 404" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("gone.csv",), "gone.csv"),
        (("bad.csv",), "first line must be the header"),
        (("ticks.csv", "--url", "http://127.0.0.1:9"), "http://127.0.0.1:9"),
        (("ticks.csv", "--speed", "0"), "neither max nor a factor"),
        (("ticks.csv", "--speed", "1e-300"), "neither max nor a factor"),
    ],
)
def test_replay_says_what_is_wrong(arguments: tuple[str, ...], message: str, tmp_path: Path) -> None:
    (tmp_path / "ticks.csv").write_text(CSV)
    (tmp_path / "bad.csv").write_text("a,b\n")
    ended = marketdata("replay", *arguments, cwd=tmp_path)
    assert ended.returncode in (1, 2)
    assert message in ended.stderr
    assert "Traceback" not in ended.stderr
