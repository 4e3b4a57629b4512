"""Invalid request bodies."""

import time

import pyarrow as pa

from support.arrow import ARROW, batch_of, body_of, stream_of

JSON = "application/json"
NDJSON = "application/x-ndjson"
GOOD = b'{"symbol":"X","price":1}'
DAY_AHEAD_MS = int((time.time() + 86_400) * 1000)

# name: (body, status, code of the first error)
TICKS: dict[str, tuple[bytes, int, str | None]] = {
    "empty body": (b"", 400, None),
    "blank body": (b"  \n", 400, None),
    "half a body": (b'{"symbol":"X","pri', 400, None),
    "two bodies": (GOOD + GOOD, 400, None),
    "NaN": (b'{"symbol":"X","price":NaN}', 400, None),
    "Infinity": (b'{"symbol":"X","price":Infinity}', 400, None),
    "invalid UTF-8": (b'{"symbol":"\xff\xfe","price":1}', 400, None),
    "deeply nested": (b"[" * 1_000_000, 400, None),
    "deeply nested in a field": (b'{"symbol":"X","price":' + b'{"a":' * 500_000, 400, None),
    "an array": (b"[" + GOOD + b"]", 400, "wrong_type"),
    "no object": (b"null", 400, "wrong_type"),
    "unknown field": (b'{"symbol":"X","price":1,"prize":2}', 400, "unknown_field"),
    "duplicate keys that disagree": (b'{"symbol":"X","price":1,"price":2}', 400, "contradiction"),
    "no symbol": (b'{"price":1}', 400, "missing"),
    "no price": (b'{"symbol":"X"}', 400, "missing"),
    "symbol of spaces": (b'{"symbol":"  ","price":1}', 400, "invalid_symbol"),
    "symbol too long": (b'{"symbol":"' + b"X" * 65 + b'","price":1}', 400, "invalid_symbol"),
    "symbol with a line feed inside": (b'{"symbol":"X\\nY","price":1}', 400, "invalid_symbol"),
    "symbol with half a surrogate": (b'{"symbol":"\\ud800","price":1}', 400, "invalid_symbol"),
    "symbol of 5 MB": (b'{"symbol":"' + b"X" * 5_000_000 + b'","price":1}', 413, None),
    "symbol of 3 MB": (b'{"symbol":"' + b"X" * 3_000_000 + b'","price":1}', 400, "invalid_symbol"),
    "boolean price": (b'{"symbol":"X","price":true}', 400, "wrong_type"),
    "price in words": (b'{"symbol":"X","price":"one"}', 400, "invalid_number"),
    "price 0": (b'{"symbol":"X","price":0}', 400, "not_positive"),
    "price -1": (b'{"symbol":"X","price":-1}', 400, "not_positive"),
    "price 1e-400": (b'{"symbol":"X","price":1e-400}', 400, "invalid_number"),
    "price 1e309": (b'{"symbol":"X","price":1e309}', 400, "invalid_number"),
    "price 1e999": (b'{"symbol":"X","price":1e999}', 400, "invalid_number"),
    "price of a million digits": (b'{"symbol":"X","price":' + b"1" * 1_000_000 + b"}", 400, None),
    "price of 50,000 digits": (b'{"symbol":"X","price":' + b"1" * 50_000 + b"}", 400, "invalid_number"),
    "price of two million parts": (b'{"symbol":"X","price":[' + b"1," * 2_000_000 + b"1]}", 400, None),
    "negative volume": (b'{"symbol":"X","price":1,"volume":-1}', 400, "out_of_range"),
    "empty id": (b'{"symbol":"X","price":1,"id":""}', 400, "invalid_id"),
    "timestamp without offset": (
        b'{"symbol":"X","price":1,"timestamp":"2026-01-31T12:00:00"}',
        400,
        "invalid_timestamp",
    ),
    "timestamp in 9999": (b'{"symbol":"X","price":1,"timestamp":"9999-12-31T23:59:59Z"}', 400, "in_the_future"),
    "timestamp a day ahead": (b'{"symbol":"X","price":1,"timestamp":%d}' % DAY_AHEAD_MS, 400, "in_the_future"),
    "timestamp beyond the calendar": (
        b'{"symbol":"X","price":1,"timestamp":99999999999999999}',
        400,
        "invalid_timestamp",
    ),
}

BATCHES: dict[str, tuple[str, bytes, int, str | None]] = {
    "empty body": (JSON, b"", 400, None),
    "empty array": (JSON, b"[]", 400, "empty"),
    "no array": (JSON, GOOD, 400, None),
    "array cut off": (JSON, b"[" + GOOD + b",", 400, None),
    "NaN in one tick": (JSON, b"[" + GOOD + b',{"symbol":"X","price":NaN}]', 400, None),
    "invalid UTF-8 in one tick": (JSON, b"[" + GOOD + b',{"symbol":"\xff","price":1}]', 400, None),
    "no good tick": (JSON, b'[{"symbol":"X","price":0},7]', 400, "not_positive"),
    "no good line": (NDJSON, b"nonsense\n[]\n", 400, "malformed"),
    "no line": (NDJSON, b"\n\n", 400, None),
    "10,001 ticks": (JSON, b"[" + b",".join([GOOD] * 10_001) + b"]", 413, None),
    "10,001 lines": (NDJSON, b"\n".join([GOOD] * 10_001), 413, None),
    "a million ticks": (JSON, b"[" + b",".join([GOOD] * 1_000_000) + b"]", 413, None),
    "deeply nested": (JSON, b"[" * 1_000_000, 400, None),
    "empty Arrow body": (ARROW, b"", 400, None),
    "no Arrow": (ARROW, GOOD, 400, None),
    "no row": (ARROW, body_of(symbol=pa.array([], pa.string()), price=pa.array([], pa.float64())), 400, "empty"),
    "no good row": (ARROW, body_of(symbol=["X", None], price=[float("nan"), 1.0]), 400, "invalid_number"),
    "rows cut off": (ARROW, body_of(symbol=["X"], price=[1.0])[:-20], 400, None),
    "a column too many": (ARROW, body_of(symbol=["X"], price=[1.0], prize=[1.0]), 400, None),
    "compressed buffers": (
        ARROW,
        stream_of(batch_of(symbol=["X"] * 99, price=[1.0] * 99), compression="lz4"),
        400,
        None,
    ),
    "10,001 rows": (ARROW, body_of(symbol=["X"] * 10_001, price=[1.0] * 10_001), 413, None),
}
