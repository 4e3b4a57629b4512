import io
import json

import pytest

from infrastructure.recordings import UnreadableRecording, read_recording

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


def test_ndjson_passes_as_it_is() -> None:
    content = b'{"symbol":"A","price":1.50,"timestamp":7}\n\nnonsense\n'
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
        (b"symbol,price\nA,1\nB\n", "line 3 has 1 fields, the header 2"),
        (b"symbol,price\nA,\xff\n", "not UTF-8"),
    ],
)
def test_what_is_no_recording_is_explained(content: bytes, message: str) -> None:
    with pytest.raises(UnreadableRecording, match=message):
        lines(content)
