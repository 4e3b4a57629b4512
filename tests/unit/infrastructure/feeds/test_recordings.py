import gzip
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from api.ingest.arrow_ticks import decode_arrow
from api.ingest.tick_decoding import decode_lines
from infrastructure.feeds.recorded_tick import RecordedTick, UnreadableRecording
from infrastructure.feeds.recordings import Recording

CSV = b"timestamp,symbol,price,volume\n2021-04-17T03:08:42.037Z,A,1.7060,6.5\n1618630000000,B,2,\n"
MAPPING = {"time": "timestamp", "ticker": "symbol", "last": "price"}


def stream_of(content: bytes) -> io.BufferedReader:
    return io.BufferedReader(io.BytesIO(content))


def recording(content: bytes, columns: dict[str, str] | None = None) -> Recording:
    return Recording(stream_of(content), columns)


def ticks(content: bytes, columns: dict[str, str] | None = None) -> list[RecordedTick]:
    return list(recording(content, columns))


def lines(content: bytes, columns: dict[str, str] | None = None) -> list[object]:
    return [json.loads(tick.line) for tick in ticks(content, columns)]


def numbers(content: bytes) -> list[int]:
    return [tick.number for tick in ticks(content)]


def parquet(columns: dict[str, Any]) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "content", [CSV, b"\xef\xbb\xbf" + CSV, CSV.replace(b"\n", b"\r\n")], ids=["lf", "bom", "crlf"]
)
def test_csv_becomes_ndjson_with_numbers_as_written(content: bytes) -> None:
    assert lines(content) == [
        {"timestamp": "2021-04-17T03:08:42.037Z", "symbol": "A", "price": "1.7060", "volume": "6.5"},
        {"timestamp": 1618630000000, "symbol": "B", "price": "2"},
    ]


def test_columns_may_stand_in_any_order_and_only_symbol_and_price_are_needed() -> None:
    assert lines(b"price,symbol\n1,A\n\n") == [{"price": "1", "symbol": "A"}]


def test_numbers_in_csv_are_milliseconds_and_only_in_the_column_of_the_timestamp() -> None:
    assert lines(b"symbol,price,id\n005930,1,7\n") == [{"symbol": "005930", "price": "1", "id": "7"}]
    long = "1" * 5000
    assert lines(f"timestamp,symbol,price\n-5,A,1\n{long},A,1\n".encode()) == [
        {"timestamp": -5, "symbol": "A", "price": "1"},
        {"timestamp": long, "symbol": "A", "price": "1"},
    ]


def test_stream_that_was_closed_early_is_no_error() -> None:
    stream = stream_of(CSV)
    read = iter(Recording(stream))
    next(read)
    stream.close()
    read.close()  # type: ignore[attr-defined]  # it is a generator


def test_ndjson_passes_as_it_is() -> None:
    content = b'\n \n{"symbol":"A","price":1.50,"timestamp":7}\n\nnonsense\n'
    assert [(tick.line, tick.timestamp) for tick in ticks(content)] == [
        ('{"symbol":"A","price":1.50,"timestamp":7}', 7),
        ("nonsense", None),
    ]


def test_ticks_know_the_lines_they_stand_on() -> None:
    assert numbers(b"\n\nsymbol,price\nA,1\n\nB,2\n") == [4, 6]
    assert numbers(b'symbol,price,id\nA,1,"two\nlines"\nB,2,\n') == [3, 4]
    assert numbers(b'\n{"symbol":"A","price":1}\n\n\n{"symbol":"B","price":1}') == [2, 5]
    assert numbers(parquet({"symbol": ["A", "B"], "price": [1, 2]})) == [1, 2]


def test_mapped_columns_are_renamed_and_unknown_ones_ignored() -> None:
    content = b"time,ticker,bid,last,volume\n1618630000000,A,9,1.50,3\n"
    assert lines(content, MAPPING) == [{"timestamp": 1618630000000, "symbol": "A", "price": "1.50", "volume": "3"}]


def test_a_mapped_column_wins_over_one_that_has_the_name_already() -> None:
    assert lines(b"symbol,price,last\nA,1,2\n", {"last": "price"}) == [{"symbol": "A", "price": "2"}]


def test_mapped_keys_are_renamed_with_their_values_as_written() -> None:
    content = b'{"ticker":"A","last":0.12345678901234567890,"bid":{"x":1},"time":7}\n[1]\n' + b"[" * 5000 + b"\n"
    read = ticks(content, MAPPING)
    assert read[0].line == '{"symbol":"A","price":0.12345678901234567890,"timestamp":7}'
    assert (read[0].timestamp, read[1].line, read[2].timestamp) == (7, "[1]", None)


@pytest.mark.parametrize("compress", [gzip.compress, zstandard.compress], ids=["gzip", "zstd"])
def test_compressed_text_is_recognised_by_its_content(compress: Callable[[bytes], bytes]) -> None:
    many = b"symbol,price\n" + b"".join(b"A,%d\n" % (at * at) for at in range(1, 50_000))
    read = recording(compress(many))
    assert [json.loads(tick.line)["price"] for tick in read] == [str(at * at) for at in range(1, 50_000)]
    assert read.done == 1
    # Several files compressed one by one and joined are one file.
    assert len(lines(compress(CSV) + compress(b"2021-04-17T03:08:42.037Z,C,3,\n"))) == 3


def zstd_with_checksum(content: bytes) -> bytes:
    return zstandard.ZstdCompressor(write_checksum=True).compress(content)


@pytest.mark.parametrize("compress", [gzip.compress, zstd_with_checksum], ids=["gzip", "zstd"])
def test_compressed_text_that_is_damaged_or_cut_short_is_an_error(compress: Callable[[bytes], bytes]) -> None:
    many = compress(b"symbol,price\n" + b"".join(b"A,%d\n" % (at * at) for at in range(1, 50_000)))
    for damaged in (many[:-9], many[: len(many) // 2], many[:-5] + b"wrong"):
        with pytest.raises(UnreadableRecording, match="damaged"):
            lines(damaged)


def test_parquet_is_read_with_every_digit_and_typed_timestamps() -> None:
    moment = datetime(2026, 1, 31, 12, 0, 0, 123456, tzinfo=UTC)
    content = parquet(
        {
            "symbol": pa.array(["A", "B", "C"]).dictionary_encode(),
            "timestamp": pa.array([moment, None, moment], pa.timestamp("us", "UTC")),
            "price": pa.array([0.1, 2.0, 1 / 3]),
            "price_exact": pa.array([None, None, "0.33333333333333333333"]),
            "volume": pa.array([float("nan"), 1.5, None]),
            "volume_exact": pa.array([None, None, None], pa.string()),
        }
    )
    assert lines(content) == [
        {"symbol": "A", "timestamp": "2026-01-31 12:00:00.123456Z", "price": 0.1},
        {"symbol": "B", "price": 2.0, "volume": 1.5},
        {"symbol": "C", "timestamp": "2026-01-31 12:00:00.123456Z", "price": "0.33333333333333333333"},
    ]


def test_parquet_of_others_may_have_other_names_and_types() -> None:
    content = parquet(
        {
            "time": pa.array([1_769_860_800_000]),
            "ticker": pa.array([b"A"]),
            "last": pa.array([Decimal("1.50")]),
            "volume": pa.array([0.1], pa.float32()),
            "sides": pa.array([["buy"]]),
        }
    )
    read = recording(content, MAPPING)
    assert [json.loads(tick.line) for tick in read] == [
        {"timestamp": 1_769_860_800_000, "symbol": "A", "price": "1.50", "volume": "0.1"}
    ]
    assert read.done == 1
    naive = parquet({"symbol": ["A"], "price": [1], "timestamp": pa.array([10**18], pa.timestamp("ns"))})
    assert [tick.timestamp for tick in ticks(naive)] == ["2001-09-09 01:46:40.000000000Z"]


MOMENT = datetime(2026, 1, 31, 12, 0, 0, 123456, tzinfo=UTC)
NAN = float("nan")
COLUMNAR: list[dict[str, Any]] = [
    {"symbol": ["A", "B"], "price": [1.5, NAN], "volume": [NAN, 2.0], "id": ["x", None]},
    {"symbol": pa.array(["A", None]).dictionary_encode(), "price": [1, 10**18], "timestamp": [MOMENT, None]},
    {"symbol": pa.array(["A", "B"], pa.large_string()), "price": [Decimal("1.50"), Decimal("2.00")]},
    {"symbol": ["A", "B"], "price": [1.5, 2.5], "timestamp": pa.array([10**18 + 1999] * 2, pa.timestamp("ns"))},
    {"symbol": ["A", "B"], "price": [1.5, 2.5], "timestamp": [1_769_860_800_000, 7]},
    {"symbol": ["A", "B"], "price": [1.5, 2.5], "price_exact": pa.array([None, None], pa.string())},
]
# As lines, which can say what they are.
IN_LINES: list[dict[str, Any]] = [
    {"symbol": ["A", "B"], "price": ["1.5", "none"]},
    {"symbol": [b"A", b"B"], "price": [1.5, 2.5]},
    {"symbol": ["A", "B"], "price": pa.array([0.1, NAN], pa.float32())},
    {"symbol": ["A", "B"], "price": [1.5, 2.5], "timestamp": ["2026-01-31T12:00:00Z", "yesterday"]},
    {"symbol": ["A", "B"], "price": [1 / 3, 2.5], "price_exact": ["0.33333333333333333333", None]},
]


@pytest.mark.parametrize("columns", COLUMNAR + IN_LINES, ids=range(len(COLUMNAR + IN_LINES)))
def test_batches_hold_the_same_ticks_in_columns_where_they_can(columns: dict[str, Any]) -> None:
    content = parquet(columns)
    (batch,) = recording(content).batches(10)
    as_lines = "\n".join(tick.line for tick in ticks(content)).encode()
    in_columns = batch.media_type == "application/vnd.apache.arrow.stream"
    assert in_columns == (columns in COLUMNAR)
    found = (decode_arrow if in_columns else decode_lines)(batch.body, 0, 10)
    expected = decode_lines(as_lines, 0, 10)
    assert (list(found.ticks), found.errors) == (list(expected.ticks), expected.errors)
    assert list(batch.numbers) == numbers(content) == [1, 2]


@pytest.mark.parametrize("content", [CSV, parquet({"symbol": ["A", "B"], "price": [1, 2]})], ids=["csv", "parquet"])
def test_batches_have_a_size(content: bytes) -> None:
    assert [list(batch.numbers) for batch in recording(content).batches(1)] == [[each] for each in numbers(content)]
    (batch,) = recording(content).batches(2)
    assert list(batch.numbers) == numbers(content)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "first line must be the header"),
        (b"a,b\n1,2\n", "missing: 'symbol', 'price'; unknown: 'a', 'b'"),
        (b"symbol,price,bid\nA,1,2\n", "unknown: 'bid'.*--columns"),
        (b"symbol,price,price\nA,1,2\n", "repeated: 'price'"),
        (b"\nsymbol,price\nA,1\n\nB\n", "line 5 has 1 fields, the header 2"),
        (b"symbol,price\nA,\xff\n", "not UTF-8"),
        (parquet({"symbol": ["A"], "price": [1], "open": [1]}), "its columns must be .* unknown: 'open'"),
        (parquet({"symbol": ["A"], "price": [[1]]}), "its column 'price' is of the type list"),
        (b"PAR1 and nothing else", "not valid Parquet"),
    ],
)
def test_what_is_no_recording_is_explained(content: bytes, message: str) -> None:
    with pytest.raises(UnreadableRecording, match=message):
        lines(content)
    with pytest.raises(UnreadableRecording, match=message):
        list(recording(content).batches(10))


def test_a_mapping_of_columns_that_are_not_there_is_explained() -> None:
    with pytest.raises(UnreadableRecording, match="missing: 'last'"):
        lines(b"time,ticker,price\n1,A,1\n", MAPPING)
