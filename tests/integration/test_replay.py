"""`marketdata replay`: names of refused ticks, mapped columns, formats, and how it is stopped."""

import gzip
import json
import signal
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from support.service import MARKETDATA, Service, environment, eventually, marketdata

CSV = "timestamp,symbol,price,volume\n2026-01-31T12:00:00.000Z,R1,100,5\n2026-01-31T12:00:00.100Z,R1,104.5,\n"


def test_refused_ticks_are_named_by_file_line_and_field(service: Service, tmp_path: Path) -> None:
    rows = "2026-01-31T12:00:00Z,NAMED,-1,\n\nyesterday,NAMED,1,\n,R 1,0,\n"
    (tmp_path / "ticks.csv").write_text(CSV + rows)
    (tmp_path / "more.ndjson").write_text(
        '\n{"symbol":"NAMED","price":1}\n\n{"symbol":"NAMED","price":1,"bid":2}\n[1]\n'
    )
    ended = marketdata("replay", "ticks.csv", "more.ndjson", "--url", service.url, "--batch-size", "2", cwd=tmp_path)
    assert ended.returncode == 1
    assert ended.stdout.splitlines()[-5:] == [
        "ticks.csv:4: price: must be greater than 0",
        "ticks.csv:6: timestamp: must be RFC 3339 with an offset, such as 2026-01-31T12:00:00.000Z",
        "ticks.csv:7: symbol: must be 1 to 64 characters out of A-Z a-z 0-9 . _ : / - ^ = + & # @ $",
        "more.ndjson:4: bid: is not a field of a tick; those are symbol, price, timestamp, volume, id",
        "more.ndjson:5: must be a JSON object",
    ]


def test_columns_of_others_are_mapped_in_csv_and_ndjson(service: Service, tmp_path: Path) -> None:
    (tmp_path / "trades.csv").write_text("time,ticker,side,last\n2026-01-31T12:00:00Z,MAPPED,buy,1.5\n")
    (tmp_path / "trades.ndjson").write_text('{"ticker":"MAPPED","last":2.5,"side":"buy"}\n')
    refused = marketdata("replay", "trades.csv", "--url", service.url, cwd=tmp_path)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "unknown: 'time', 'ticker', 'side', 'last'. Other names can be mapped with --columns" in refused.stderr
    columns = ("--columns", "time=timestamp,ticker=symbol,last=price")
    ended = marketdata("replay", "trades.csv", "trades.ndjson", "--url", service.url, *columns, cwd=tmp_path)
    assert (ended.returncode, ended.stdout[:23]) == (0, "2 accepted, 0 rejected "), ended.stderr
    service.settled()
    assert service.client.get("/api/prices/MAPPED").json()["maxPrice"] == 2.5


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ("last", "'=last' does not map a column"),
        ("last=cost", "'last=cost' does not map a column to one of timestamp, symbol, price, volume, id"),
        ("a=price,b=price", "names a column or a field twice"),
        ("a=price,a=symbol", "names a column or a field twice"),
    ],
)
def test_a_mapping_that_is_none_is_refused(columns: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "ticks.csv").write_text(CSV)
    ended = marketdata("replay", "ticks.csv", "--columns", columns, cwd=tmp_path)
    assert ended.returncode == 2
    assert message in ended.stderr


@pytest.mark.parametrize("compress", [gzip.compress, zstandard.compress], ids=["gzip", "zstd"])
def test_compressed_files_are_read_whatever_their_name(
    service: Service, compress: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    content = compress(CSV.encode())
    (tmp_path / "ticks").write_bytes(content)
    (tmp_path / "short").write_bytes(content[:-5])
    ended = marketdata("replay", "ticks", "--url", service.url, cwd=tmp_path)
    assert (ended.returncode, ended.stdout[:23]) == (0, "2 accepted, 0 rejected "), ended.stderr
    assert "2 ticks" in ended.stderr
    cut = marketdata("replay", "short", "--url", service.url, cwd=tmp_path)
    assert cut.returncode == 1
    assert "Error: short: it is damaged" in cut.stderr
    assert "Traceback" not in cut.stderr


def test_ticks_sent_before_an_unreadable_line_are_counted(service: Service, tmp_path: Path) -> None:
    (tmp_path / "ticks.csv").write_text(CSV + "R1\n")
    ended = marketdata("replay", "ticks.csv", "--url", service.url, "--batch-size", "1", cwd=tmp_path)
    assert (ended.returncode, ended.stdout[:23]) == (1, "2 accepted, 0 rejected ")
    assert "Error: ticks.csv: line 4 has 1 fields, the header 4" in ended.stderr


def test_ticks_that_were_sent_before_are_duplicates_and_no_error(service: Service, tmp_path: Path) -> None:
    (tmp_path / "ticks.csv").write_text("symbol,price,id\nTWICE,1,a\nTWICE,2,b\n")
    for expected in ("2 accepted, 0 rejected in", "0 accepted, 2 duplicates, 0 rejected in"):
        ended = marketdata("replay", "ticks.csv", "--url", service.url, cwd=tmp_path)
        assert ended.returncode == 0, ended.stderr
        assert ended.stdout.startswith(expected)


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_replay_that_is_stopped_tells_what_was_sent(
    start: Callable[..., Service], number: signal.Signals, status: int, tmp_path: Path
) -> None:
    service = start()
    write_ticks(tmp_path / "slow.ndjson", [0, 1, 3_600_000])
    replay = replaying("slow.ndjson", "--speed", "1", "--url", service.url, cwd=tmp_path)
    try:
        eventually(lambda: service.accounts()["accepted"] == 2)
        replay.send_signal(number)
        printed, errors = replay.communicate(timeout=30)
        assert replay.returncode == status
        assert printed.startswith("2 accepted, 0 rejected in")
        assert "Traceback" not in errors
        assert "Aborted" not in errors
    finally:
        replay.kill()
        replay.communicate()


def write_ticks(file: Path, times_ms: Iterable[int]) -> None:
    # After the time below which a number of milliseconds looks like one of seconds.
    ticks = [{"symbol": "SLOW", "price": 1, "timestamp": 1_769_860_800_000 + each} for each in times_ms]
    file.write_text("\n".join(map(json.dumps, ticks)))


def replaying(*arguments: str, cwd: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [MARKETDATA, "replay", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=cwd,
        env=environment(),
        # Where the tests run in the background, SIGINT is ignored, and that would be inherited.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509  # no threads of the child yet
    )


@pytest.mark.parametrize("speed", ["max", "1000000"])
def test_rows_of_parquet_are_sent_in_columns_or_lines_with_the_same_outcome(
    start: Callable[..., Service], speed: str, tmp_path: Path
) -> None:
    service = start()
    rows = [
        {"symbol": "PQ", "price": 100.0 + at, "timestamp": 1_769_860_800_000 + at, "id": f"p{at}"} for at in range(9)
    ]
    rows[4]["price"] = -1.0
    rows[7]["symbol"] = None
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "ticks.parquet")
    arguments = ("replay", "ticks.parquet", "--url", service.url, "--batch-size", "3", "--speed", speed)
    for counts in ("7 accepted, 2 rejected in", "0 accepted, 7 duplicates, 2 rejected in"):
        ended = marketdata(*arguments, cwd=tmp_path)
        assert (ended.returncode, ended.stdout.startswith(counts)) == (1, True), ended.stdout
        assert ended.stdout.splitlines()[-2:] == [
            "ticks.parquet:5: price: must be greater than 0",
            "ticks.parquet:8: symbol: is required",
        ]
    service.settled()
    statistics = service.client.get("/api/prices/PQ").json()
    assert (statistics["maxPrice"], statistics["lastUpdateTime"]) == (108.0, "2026-01-31T12:00:00.008Z")


def test_option_quotes_are_replayed_from_csv_and_ndjson(service: Service, tmp_path: Path) -> None:
    (tmp_path / "chain.csv").write_text(
        "timestamp,product,expiry,strike,option_type,bid,ask,open_interest\n"
        "2026-01-28T06:30:00Z,REPLAYED,2026-01-29,100,CALL,2,2.5,10\n"
        "1769581800000,REPLAYED,2026-01-29,100,PUT,1,1.5,20\n"
        "2026-01-28T06:30:00Z,REPLAYED,2026-01-29,-1,PUT,1,1.5,20\n"
    )
    (tmp_path / "more.ndjson").write_text(
        '{"product":"REPLAYED","expiry":"2026-01-29","strike":110,"optionType":"PUT","openInterest":5,'
        '"timestamp":1769581800000}\n'
    )
    ended = marketdata("replay", "--options", "chain.csv", "more.ndjson", "--url", service.url, cwd=tmp_path)
    assert (ended.returncode, ended.stdout[:23]) == (1, "3 accepted, 1 rejected "), ended.stderr
    assert "chain.csv:4: strike: must be greater than 0" in ended.stdout
    found = eventually(
        lambda: (seen := service.client.get("/api/options/REPLAYED/pcr").json()).get("totalPutOi") == 25 and seen
    )
    assert (found["pcrOi"], found["asOf"]) == (2.5, "2026-01-28T06:30:00.000Z")
    refused = marketdata("replay", "chain.csv", "--url", service.url, cwd=tmp_path)
    assert (refused.returncode, "missing: 'symbol', 'price'" in refused.stderr) == (1, True)
    (tmp_path / "ticks.csv").write_text(CSV)
    refused = marketdata("replay", "--options", "ticks.csv", "--url", service.url, cwd=tmp_path)
    assert "missing: 'product', 'expiry', 'strike', 'optionType'; unknown: 'price'" in refused.stderr


@pytest.mark.parametrize("speed", ["max", "1000000"])
def test_chains_are_replayed_among_quotes_in_their_order(service: Service, tmp_path: Path, speed: str) -> None:
    product = f"CHAINED{speed}"
    head = {"product": product, "expiry": "2026-01-29"}
    lines = [
        head | {"strike": 100, "option_type": "CALL", "open_interest": 1, "timestamp": 1_769_574_600_000},
        head
        | {
            "spot_price": 101,
            "calls": [{"strike": 100, "openInterest": 4}, {"strike": -1}],
            "timestamp": 1_769_574_601_000,
        },
        head | {"puts": [{"strike": 100, "openInterest": 8}], "timestamp": 1_769_574_602_000},
        head | {"strike": 110, "option_type": "PUT", "open_interest": 2, "timestamp": 1_769_574_603_000},
    ]
    (tmp_path / "chains.ndjson").write_text("".join(f"{json.dumps(each)}\n" for each in lines))
    ended = marketdata("replay", "--options", "chains.ndjson", "--url", service.url, "--speed", speed, cwd=tmp_path)
    assert (ended.returncode, ended.stdout[:23]) == (1, "4 accepted, 1 rejected "), ended.stderr
    assert "chains.ndjson:2: strike: must be greater than 0" in ended.stdout
    found = eventually(
        lambda: (seen := service.client.get(f"/api/options/{product}/pcr").json()).get("totalPutOi") == 10 and seen
    )
    assert (found["pcrOi"], found["spotPrice"]) == (2.5, 101)
