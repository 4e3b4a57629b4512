import gzip
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from support.postgres import Postgres
from support.service import Service, marketdata

# A store that version 0.1.0 has written, with schema 0002.
OLDER = Path(__file__).parents[1] / "compatibility" / "marketdata.db.gz"


def feed(service: Service) -> None:
    batch = [
        {"symbol": symbol, "price": price, "timestamp": 1_700_000_000_000 + 1000 * at, "volume": 2}
        for at in range(100)
        for symbol, price in (("A", 100 + at), ("B", "0.10000000000000000000000000000001"))
    ]
    assert service.client.post("/api/prices/batch", json=batch, headers={"Prefer": "durable"}).status_code == 200


def test_status_upgrade_and_check_of_a_sound_store(start: Callable[..., Service]) -> None:
    service = start()
    feed(service)
    folder = service.directory
    beside = marketdata("db", "check", cwd=folder)
    assert (beside.returncode, beside.stdout) == (0, "data/marketdata.db: sound\n")
    assert marketdata("db", "upgrade", cwd=folder).stderr.endswith("is in use by another service\n")
    assert service.terminate() == 0
    status = marketdata("db", "status", cwd=folder).stdout
    assert "schema    0017, of 0017\n" in status
    assert "ticks     200\n" in status
    assert marketdata("db", "upgrade", cwd=folder).stdout == "data/marketdata.db has schema 0017\n"


def test_check_finds_what_was_changed(start: Callable[..., Service]) -> None:
    service = start()
    feed(service)
    service.terminate()
    with sqlite3.connect(service.directory / "data" / "marketdata.db") as connection:
        connection.execute("UPDATE candle_chunk SET start_us = start_us + 1 WHERE symbol = 'A' AND width = 60")
        connection.execute("UPDATE key_state SET seq = seq + 1 WHERE key = 'B'")
    connection.close()
    ended = marketdata("db", "check", cwd=service.directory)
    assert ended.returncode == 1
    assert "the state of B is damaged" in ended.stderr
    assert "60 s candles of A" in ended.stderr
    refused = marketdata("serve", "--port", "0", cwd=service.directory)
    assert (refused.returncode, "the state of B is damaged" in refused.stderr) == (1, True)
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize("arguments", [("db", "status"), ("db", "check"), ("export", "ticks", "x.parquet")])
def test_without_a_store_there_is_a_clear_error(arguments: tuple[str, ...], tmp_path: Path) -> None:
    ended = marketdata(*arguments, cwd=tmp_path)
    assert (ended.returncode, ended.stderr) == (1, "Error: there is no store in data\n")
    assert list(tmp_path.iterdir()) == []


def test_export_writes_ticks_and_candles(start: Callable[..., Service]) -> None:
    service = start()
    feed(service)
    service.terminate()
    folder = service.directory
    assert marketdata("export", "ticks", "all.parquet", cwd=folder).stdout == "200 ticks in all.parquet\n"
    rows = pq.read_table(folder / "all.parquet").to_pylist()
    assert rows[0]["symbol"] == "A"
    assert (rows[2]["price"], rows[2]["price_exact"], rows[2]["volume"]) == (101.0, None, 2.0)
    assert rows[1]["price_exact"] == "0.10000000000000000000000000000001"
    span = ("--from", "2023-11-14T22:13:30Z", "--to", "2023-11-14T22:13:40Z", "--symbol", "a")
    assert marketdata("export", "ticks", "some.parquet", *span, cwd=folder).returncode == 0
    assert [row["price"] for row in pq.read_table(folder / "some.parquet").to_pylist()] == [
        110.0 + at for at in range(10)
    ]
    assert marketdata("export", "candles", "c.parquet", "--interval", "1m", cwd=folder).returncode == 0
    candles = pq.read_table(folder / "c.parquet").to_pylist()
    assert [(each["symbol"], each["count"]) for each in candles] == [("A", 40), ("A", 60), ("B", 40), ("B", 60)]
    assert (candles[0]["open"], candles[0]["close"], candles[0]["volume"]) == (100.0, 139.0, 80.0)
    assert [each["closed"] for each in candles] == [True, False, True, False]
    wrong = marketdata("export", "candles", "nowhere/c.parquet", cwd=folder)
    assert (wrong.returncode, wrong.stderr) == (1, "Error: nowhere/c.parquet: No such file or directory\n")


def test_export_of_an_unknown_symbol_is_an_error_and_writes_nothing(start: Callable[..., Service]) -> None:
    service = start()
    feed(service)
    for what in ("ticks", "candles"):
        # The service still runs, and the state of a new symbol is stored later than its ticks are.
        ended = marketdata("export", what, "x.csv", "--symbol", "A", "--symbol", "never", cwd=service.directory)
        assert (ended.returncode, ended.stdout) == (1, "")
        assert ended.stderr == "Error: unknown symbol NEVER: the store has nothing of it\n"
    assert not (service.directory / "x.csv").exists()
    assert (
        marketdata("export", "ticks", "x.csv", "--symbol", "A", cwd=service.directory).stdout == "100 ticks in x.csv\n"
    )


def test_exported_candles_are_closed_as_those_of_the_api_are(start: Callable[..., Service]) -> None:
    service = start()
    feed(service)
    span = {"interval": "1m", "from": "2023-11-14T00:00:00Z"}
    answered = service.client.get("/api/prices/A/candles", params=span, headers={"Accept": "text/csv"}).text
    service.terminate()
    export = ("export", "candles", "c.csv", "--symbol", "A")
    assert marketdata(*export, cwd=service.directory).stdout == "2 candles in c.csv\n"
    assert (service.directory / "c.csv").read_bytes().decode() == answered
    # The tick that closes a candle may be outside what is exported.
    assert marketdata(*export, "--to", "2023-11-14T22:14:00Z", cwd=service.directory).returncode == 0
    assert (service.directory / "c.csv").read_text().splitlines() == answered.splitlines()[:2]


@pytest.mark.parametrize("file", ["t.parquet", "t.csv", "t.csv.gz", "t.ndjson.zst", "t.jsonl"])
def test_exported_ticks_replay_as_they_are(start: Callable[..., Service], file: str) -> None:
    service = start()
    ticks = [
        {"symbol": "A", "price": "0.1", "timestamp": "2026-01-31T12:00:00.000001Z", "volume": "1.5", "id": "one"},
        {"symbol": "A", "price": "1.00000000000000000001", "timestamp": "2026-01-31T12:00:00.000002Z"},
        {"symbol": "=SUM+1", "price": "2", "timestamp": "2026-01-31T12:00:00.000003Z", "id": "=HYPERLINK(1)"},
        {"symbol": "@D", "price": "2", "timestamp": "2026-01-31T12:00:00.000004Z", "id": "'quoted"},
        {"symbol": "B/C", "price": "0.00000000001", "timestamp": "1969-12-31T23:59:59.9Z", "volume": "0"},
    ]
    service.client.post("/api/prices/batch", json=ticks, headers={"Prefer": "durable"}).raise_for_status()
    assert service.terminate() == 0
    assert marketdata("export", "ticks", file, cwd=service.directory).stdout == f"5 ticks in {file}\n"
    other = start()
    ended = marketdata("replay", str(service.directory / file), "--url", other.url, cwd=service.directory)
    assert (ended.returncode, ended.stdout[:22]) == (0, "5 accepted, 0 rejected"), ended.stdout + ended.stderr
    assert other.terminate() == 0
    for folder in (service.directory, other.directory):
        assert marketdata("export", "ticks", "again.parquet", cwd=folder).returncode == 0
    exported = [pq.read_table(each.directory / "again.parquet").to_pylist() for each in (service, other)]
    assert exported[0] == exported[1]
    assert [row["timestamp"].microsecond for row in exported[1]] == [1, 2, 3, 4, 900_000]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("x.dat",), "choose a format with --format"),
        (("x.parquet.gz",), "Parquet is compressed already"),
        (("x.gz", "--format", "parquet"), "Parquet is compressed already"),
        (("x.csv", "--format", "xml"), "'xml' is not one of 'parquet', 'csv', 'ndjson'"),
    ],
)
def test_a_format_that_export_cannot_write_is_refused(arguments: tuple[str, ...], message: str, tmp_path: Path) -> None:
    ended = marketdata("export", "ticks", *arguments, cwd=tmp_path)
    assert (ended.returncode, message in ended.stderr) == (2, True), ended.stderr
    assert list(tmp_path.iterdir()) == []


def test_an_older_schema_is_migrated_and_a_newer_one_is_refused(start: Callable[..., Service], tmp_path: Path) -> None:
    file = tmp_path / "data" / "marketdata.db"
    file.parent.mkdir()
    file.write_bytes(gzip.decompress(OLDER.read_bytes()))
    with sqlite3.connect(file) as connection:
        connection.execute("DROP TABLE first_answer")
        connection.execute("UPDATE alembic_version SET version_num = '0001'")
    connection.close()
    assert marketdata("db", "status", cwd=tmp_path).stdout.endswith("schema    0001, of 0017\n")
    service = start(STORAGE__DATA_DIR=str(file.parent))
    assert service.client.get("/api/prices/GOLD").json()["updateCount"] == 5
    service.terminate()
    status = marketdata("db", "status", cwd=tmp_path).stdout
    assert "schema    0017, of 0017\n" in status
    assert "ticks     20\n" in status
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0099'")
    connection.close()
    refused = marketdata("serve", "--port", "0", cwd=tmp_path)
    assert refused.returncode == 1
    assert "schema 0099" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_the_same_commands_look_after_postgresql(start: Callable[..., Service], postgres: Postgres) -> None:
    url = postgres.database("commands")
    service = start(STORAGE__URL=url)
    feed(service)
    settings = {"STORAGE__URL": url}
    assert "sound" in marketdata("db", "check", cwd=service.directory, **settings).stdout
    assert "ticks     200" in marketdata("db", "status", cwd=service.directory, **settings).stdout
    done = marketdata("export", "ticks", "pg.parquet", cwd=service.directory, **settings)
    assert done.stdout == "200 ticks in pg.parquet\n"
