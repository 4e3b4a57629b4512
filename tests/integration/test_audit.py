"""The audit of the locked requirements, against a source of advisories of its own."""

import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

ROOT = Path(__file__).parents[2]
BAD = "GHSA-test-test-test"


class Source(BaseHTTPRequestHandler):
    """Knows one vulnerability, in version 1.0 of `leaky`."""

    asked: ClassVar[list[Any]] = []

    def do_POST(self) -> None:
        queries = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["queries"]
        Source.asked = queries
        results = [
            {"vulns": [{"id": BAD}]} if (each["package"]["name"], each["version"]) == ("leaky", "1.0") else {}
            for each in queries
        ]
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"results": results}).encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def source() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Source) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def audited(source: str, folder: Path) -> tuple[int, str]:
    command = [sys.executable, str(ROOT / "requirements" / "audit.py"), "--source", source, "--folder", str(folder)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.stderr == ""
    return ended.returncode, ended.stdout


def folder_with(tmp_path: Path, version: str, waived_days: int | None = None) -> Path:
    (tmp_path / "run.txt").write_text(f"leaky=={version} \\\n    --hash=sha256:00\nsound==2.0 ; python_version > '3'\n")
    until = datetime.now(UTC).date() + timedelta(days=waived_days or 0)
    waiver = f'[[waiver]]\npackage = "leaky"\nid = "{BAD}"\nuntil = {until}\nreason = "test"\n'
    (tmp_path / "waivers.toml").write_text("" if waived_days is None else waiver)
    return tmp_path


def test_a_known_vulnerability_is_named_and_fails(source: str, tmp_path: Path) -> None:
    status, said = audited(source, folder_with(tmp_path, "1.0"))
    assert (status, said.splitlines()[0]) == (1, f"leaky 1.0 has a known vulnerability: {BAD}")


@pytest.mark.parametrize(("version", "waived_days"), [("1.1", None), ("1.0", 1), ("1.0", 0)])
def test_a_sound_or_waived_requirement_passes(
    source: str, tmp_path: Path, version: str, waived_days: int | None
) -> None:
    assert audited(source, folder_with(tmp_path, version, waived_days))[0] == 0


def test_a_waiver_runs_out(source: str, tmp_path: Path) -> None:
    status, said = audited(source, folder_with(tmp_path, "1.0", -1))
    assert status == 1
    assert f"The waiver of {BAD} in leaky has run out" in said
    assert f"leaky 1.0 has a known vulnerability: {BAD}" in said


def test_a_source_that_cannot_be_reached_is_named_and_passes(tmp_path: Path) -> None:
    nowhere = "http://127.0.0.1:9/"
    status, said = audited(nowhere, folder_with(tmp_path, "1.0"))
    assert status == 0
    assert said.startswith(f"NOT AUDITED: no advisories from {nowhere}")


def test_every_locked_requirement_is_asked_for(source: str) -> None:
    status, _ = audited(source, ROOT / "requirements")
    assert status == 0
    locked = re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements" / "dev.txt").read_text(), re.MULTILINE)
    assert len(locked) > 50
    assert {each["package"]["name"] for each in Source.asked} >= set(locked)
