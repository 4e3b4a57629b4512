import io
import json

import pytest

from infrastructure.feeds.recordings import UnreadableRecording, read_recording

CSV = b"timestamp,symbol,price,volume\n2021-04-17T03:08:42.037Z,A,1.7060,6.5\n1618630000000,B,2,\n"


def lines(content: bytes) -> list[object]:
    return [json.loads(tick.line) for tick in read_recording(io.BytesIO(content))]


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
    assert lines(b"symbol,price\n005930,1\n") == [{"symbol": "005930", "price": "1"}]
    long = "1" * 5000
    assert lines(f"timestamp,symbol,price\n-5,A,1\n{long},A,1\n".encode()) == [
        {"timestamp": -5, "symbol": "A", "price": "1"},
        {"timestamp": long, "symbol": "A", "price": "1"},
    ]


def test_stream_that_was_closed_early_is_no_error() -> None:
    stream = io.BytesIO(CSV)
    ticks = read_recording(stream)
    next(ticks)
    stream.close()
    ticks.close()  # type: ignore[attr-defined]  # it is a generator


def test_ndjson_passes_as_it_is() -> None:
    content = b'\n \n{"symbol":"A","price":1.50,"timestamp":7}\n\nnonsense\n'
    ticks = list(read_recording(io.BytesIO(content)))
    assert [(tick.line, tick.timestamp) for tick in ticks] == [
        ('{"symbol":"A","price":1.50,"timestamp":7}', 7),
        ("nonsense", None),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "first line must be the header"),
        (b"a,b\n1,2\n", "first line must be the header"),
        (b"symbol,price,price\nA,1,2\n", "first line must be the header"),
        (b"symbol,price\nA,1\nB\n", "line 3 has 1 fields, the header 2"),
        (b"symbol,price\nA,\xff\n", "not UTF-8"),
    ],
)
def test_what_is_no_recording_is_explained(content: bytes, message: str) -> None:
    with pytest.raises(UnreadableRecording, match=message):
        lines(content)
