"""Disks that fill, and databases that go away: the service goes on, says so, and recovers by itself."""

import resource
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from support.postgres import Postgres
from support.service import Service, assert_balanced, eventually, marketdata

DURABLE = {"Prefer": "durable"}


def post(service: Service, number: int, durable: bool = False) -> httpx.Response:
    tick = {"symbol": "A", "price": 100 + number % 7, "timestamp": 1_700_000_000_000 + number, "id": str(number)}
    return service.client.post("/api/prices", json=tick, headers=DURABLE if durable else {})


def metric(service: Service, name: str) -> float:
    lines = service.client.get("/metrics").text.splitlines()
    return next(float(line.split()[-1]) for line in lines if line.startswith(name))


def assert_degraded(service: Service) -> None:
    health = service.client.get("/health").json()
    assert health["status"] == "degraded"
    assert health["checks"]["storage"].startswith("failing: ")
    ready = service.client.get("/health/ready")
    assert (ready.status_code, "Degraded" in ready.json()["detail"]) == (503, True)
    assert metric(service, "marketdata_storage_up") == 0


@contextmanager
def size_limit(service: Service) -> Iterator[None]:
    """No file of the service may grow, which is what a full disk does."""
    wal = service.directory / "data" / "marketdata.db-wal"
    _, hard = resource.prlimit(service.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(service.process.pid, resource.RLIMIT_FSIZE, (wal.stat().st_size, hard))
    try:
        yield
    finally:
        resource.prlimit(service.process.pid, resource.RLIMIT_FSIZE, (hard, hard))


@contextmanager
def small_disk() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="marketdata-disk-") as name:
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", name], stderr=subprocess.DEVNULL, check=False
        )
        if done.returncode:
            pytest.skip("a disk of our own cannot be mounted here")
        try:
            yield Path(name)
        finally:
            subprocess.run(["umount", "-l", name], check=True)


@contextmanager
def full(disk: Path) -> Iterator[None]:
    with (disk / "filler").open("wb", buffering=0) as filler:
        try:
            while True:
                filler.write(b"x" * 4096)
        except OSError:
            pass
    try:
        yield
    finally:
        (disk / "filler").unlink()


def refused_post(service: Service, number: int) -> httpx.Response | None:
    answer = post(service, number, durable=True)
    return answer if answer.status_code == 507 else None


def endure(service: Service, trouble: Any) -> None:
    """A service through trouble with its storage, in which every post is taken into memory."""
    assert post(service, 1, durable=True).status_code == 200
    numbers = iter(range(2, 100_000))
    with trouble:
        refused = eventually(
            lambda: (answer := post(service, next(numbers), durable=True)).status_code == 507 and answer
        )
        assert refused.json()["type"] == "urn:marketdata:problem:storage-failed"
        assert_degraded(service)
        for _ in range(50):
            assert post(service, next(numbers)).status_code == 202
        before = service.settled()
        nothing = post(service, next(numbers), durable=True)
        assert (nothing.status_code, "No tick was accepted" in nothing.json()["detail"]) == (507, True)
        after = service.settled()
        assert (after["accepted"], after["rejected"]) == (before["accepted"], before["rejected"] + 1)
        assert metric(service, "marketdata_storage_unwritten_ticks") >= 50
    eventually(lambda: service.client.get("/health/ready").status_code == 200)
    assert post(service, next(numbers), durable=True).status_code == 200
    assert metric(service, "marketdata_storage_up") == 1
    assert_balanced(service.settled())


def assert_all_there(start: Callable[..., Service], service: Service, **settings: str) -> None:
    """After a kill everything that was accepted is there, once."""
    accepted = service.settled()["accepted"]
    shown = service.client.get("/api/prices/A").json()
    service.kill()
    service = start(again=service, **settings)
    assert service.client.get("/api/prices/A").json() == shown
    logged = [item["id"] for item in service.pages("/api/prices/A/ticks")]
    assert len(logged) == len(set(logged)) == accepted == shown["updateCount"]


def test_files_that_may_not_grow(start: Callable[..., Service]) -> None:
    service = start()
    endure(service, size_limit(service))
    assert_all_there(start, service)


def test_a_key_whose_request_met_a_failure_counts_once(start: Callable[..., Service]) -> None:
    service = start()
    batch = [{"symbol": "A", "price": 1}, {"symbol": "A", "price": 2}]
    headers = {"Idempotency-Key": "k", **DURABLE}
    assert post(service, 1, durable=True).status_code == 200
    with size_limit(service):
        # The first to meet the failure has its ticks in memory by then.
        eventually(lambda: service.client.post("/api/prices/batch", json=batch, headers=headers).status_code == 507)
        assert service.client.post("/api/prices/batch", json=batch, headers=headers).status_code == 507
    eventually(lambda: service.client.get("/health/ready").status_code == 200)
    answer = service.client.post("/api/prices/batch", json=batch, headers=headers)
    assert (answer.status_code, answer.json()["accepted"]) == (200, 2)
    service.kill()
    service = start(again=service)
    replayed = service.client.post("/api/prices/batch", json=batch, headers=headers)
    assert (replayed.status_code, replayed.content) == (200, answer.content)
    assert service.client.get("/api/prices/A").json()["updateCount"] == 3


def test_damaged_candles_do_not_keep_the_log_from_being_written(start: Callable[..., Service]) -> None:
    service = start()
    assert post(service, 1, durable=True).status_code == 200
    service.terminate()
    with sqlite3.connect(service.directory / "data" / "marketdata.db") as connection:
        connection.execute("UPDATE candle_chunk SET crc = crc + 1 WHERE width = 60")
    connection.close()
    service = start(again=service)
    for number in range(2, 5):
        assert post(service, number, durable=True).status_code == 200
    assert service.terminate() == 0
    service = start(again=service)
    assert service.client.get("/api/prices/A").json()["updateCount"] == 4
    assert service.client.get("/api/prices/A/candles?interval=1m").status_code == 503
    (hour,) = service.client.get("/api/prices/A/candles?interval=1h").json()["items"]
    assert hour["count"] == 4


def test_a_full_disk(start: Callable[..., Service]) -> None:
    with small_disk() as disk:
        settings = {"STORAGE__DATA_DIR": str(disk)}
        service = start(**settings)
        endure(service, full(disk))
        assert_all_there(start, service, **settings)


FAILING_FSYNC = r"""
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static int failing(void) {
    const char *flag = getenv("FAILING_FSYNC");
    if (flag != NULL && access(flag, F_OK) == 0) { errno = EIO; return 1; }
    return 0;
}
int fsync(int file) { (void)file; return failing() ? -1 : 0; }
int fdatasync(int file) { (void)file; return failing() ? -1 : 0; }
"""


def test_a_failed_fsync_is_never_counted_as_done(
    start: Callable[..., Service], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("a C compiler (cc) is not installed")
    source, library, flag = tmp_path / "fsync.c", tmp_path / "fsync.so", tmp_path / "fails"
    source.write_text(FAILING_FSYNC)
    subprocess.run([compiler, "-shared", "-fPIC", "-o", str(library), str(source)], check=True)
    monkeypatch.setenv("LD_PRELOAD", str(library))
    monkeypatch.setenv("FAILING_FSYNC", str(flag))
    service = start()

    @contextmanager
    def failing() -> Iterator[None]:
        flag.touch()
        try:
            yield
        finally:
            flag.unlink()

    endure(service, failing())
    assert_all_there(start, service)


def test_a_start_on_a_read_only_disk_is_refused_by_name(tmp_path: Path) -> None:
    with small_disk() as disk:
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        ended = marketdata("serve", "--port", "0", cwd=tmp_path, STORAGE__DATA_DIR=str(disk / "data"))
    assert (ended.returncode, "Read-only file system" in ended.stderr) == (1, True)
    assert "Traceback" not in ended.stderr


def test_postgresql_that_is_stopped_for_a_while(start: Callable[..., Service], postgres: Postgres) -> None:
    settings = {"STORAGE__URL": postgres.database("outage")}
    service = start(**settings)

    @contextmanager
    def outage() -> Iterator[None]:
        postgres.stop()
        try:
            yield
        finally:
            postgres.start()

    endure(service, outage())
    assert metric(service, "marketdata_storage_ticks_lost_total") == 0
    assert_all_there(start, service, **settings)


def test_a_start_without_its_database_is_refused_by_name(tmp_path: Path) -> None:
    ended = marketdata("serve", "--port", "0", cwd=tmp_path, STORAGE__URL="postgresql://me:secret@127.0.0.1:1/nowhere")
    assert ended.returncode == 1
    assert "127.0.0.1:1/nowhere" in ended.stderr
    assert "secret" not in ended.stderr + ended.stdout
    assert "Traceback" not in ended.stderr


def test_a_parameter_that_the_driver_does_not_know_is_an_error_without_traceback(
    tmp_path: Path, postgres: Postgres
) -> None:
    url = f"{postgres.database('parameters')}?nonsense=1"
    ended = marketdata("serve", "--port", "0", cwd=tmp_path, STORAGE__URL=url)
    assert ended.returncode == 1
    assert "its address has a parameter that does not exist" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_store_in_use_is_refused_by_name(start: Callable[..., Service], postgres: Postgres) -> None:
    service = start()
    ended = marketdata("serve", "--port", "0", cwd=service.directory)
    assert (ended.returncode, "data is in use by another service" in ended.stderr) == (1, True)
    url = postgres.database("shared")
    other = start(STORAGE__URL=url)
    ended = marketdata("serve", "--port", "0", cwd=other.directory, STORAGE__URL=url)
    assert (ended.returncode, "another service is using it" in ended.stderr) == (1, True)
