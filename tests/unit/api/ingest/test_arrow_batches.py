"""Columns that ticks do not have, and bodies that are damaged or made to do damage."""

import struct
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from api.http.errors import BodyTooLarge, MalformedBody
from api.ingest.arrow_ticks import ArrowTicks, decode_arrow
from application.errors import BatchTooLarge
from support.arrow import NOON_MS, batch_of, body_of, dictionary_of, stream_of

NAMES = ["A", "BTC/USD", None, "A", "a name that a view has elsewhere"]
NUMBERS = [Decimal(at) for at in range(5)]
BODIES = [
    body_of(
        symbol=NAMES,
        price=[1.0, 2.0, 3.0, None, 0.0],
        timestamp=[NOON_MS, None, *[NOON_MS] * 3],
        volume=[None, 0.0, 1.0, 2.0, 3.0],
        id=["x", None, "y", "z", "w"],
    ),
    body_of(
        symbol=dictionary_of(NAMES, pa.int8()),
        price=pa.array(NUMBERS, pa.decimal128(20, 3)),
        timestamp=pa.array([NOON_MS] * 5).cast(pa.timestamp("ms", "UTC")),
    ),
    body_of(
        symbol=pa.array(NAMES, pa.string_view()),
        price=pa.array(NUMBERS, pa.decimal256(50, 3)),
        id=dictionary_of(NAMES, pa.uint64()),
    ),
    body_of(
        symbol=pa.DictionaryArray.from_arrays(pa.array([0, 1, 2, 3, 4]), pa.array(NAMES, pa.string_view())),
        price=range(5),
        timestamp=pa.array([NOON_MS * 1_000_000] * 5).cast(pa.timestamp("ns", "UTC")),
    ),
    stream_of(*[batch_of(symbol=dictionary_of(names), price=[1.0, 2.0]) for names in (["A", "B"], ["C", "A"])]),
]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"symbol": ["A"]}, "missing: price"),
        ({"price": [1.0]}, "missing: symbol"),
        ({"symbol": ["A"], "price": [1.0], "prize": [1]}, "unknown: prize"),
        ({"symbol": ["A"], "price": [1.0], "<b>\n": [1]}, r"unknown: <b>\\n"),
        ({"symbol": [1], "price": [1.0]}, "symbol must be a string, or a dictionary of strings, not int64"),
        ({"symbol": [b"A"], "price": [1.0]}, "symbol must be a string.*, not binary"),
        ({"symbol": [None], "price": [1.0]}, "symbol must be a string.*, not null"),
        ({"symbol": ["A"], "price": ["1"]}, "price must be a float64.*, not string"),
        ({"symbol": ["A"], "price": [True]}, "price must be a float64.*, not bool"),
        ({"symbol": ["A"], "price": [[1.0]]}, "price must be a float64.*, not list"),
        ({"symbol": ["A"], "price": pa.array([1.0], pa.float32())}, "0.1 is 0.10000000149011612 there"),
        ({"symbol": ["A"], "price": [1.0], "volume": pa.array([1.0], pa.float32())}, "volume is of type float"),
        ({"symbol": ["A"], "price": [1.0], "id": [1]}, "id must be a string"),
        ({"symbol": ["A"], "price": [1.0], "timestamp": [1.0]}, "timestamp must be a timestamp with a time zone"),
        ({"symbol": ["A"], "price": [1.0], "timestamp": pa.array([1], pa.int32())}, "timestamp must be.*, not int32"),
        ({"symbol": ["A"], "price": [1.0], "timestamp": pa.array([1], pa.timestamp("us"))}, "has no time zone"),
        ({"symbol": ["A"], "price": pa.array([1], pa.int64()).dictionary_encode()}, "price must be a float64"),
        ({"symbol": ["A"], "price": pa.array([None], pa.decimal128(20, 39))}, "price must be.*, not decimal128"),
        ({"symbol": ["A"], "price": pa.array([None], pa.decimal256(20, -77))}, "price must be.*, not decimal256"),
    ],
)
def test_columns_are_refused_by_name(columns: dict[str, Any], message: str) -> None:
    with pytest.raises(MalformedBody, match=message):
        decode_arrow(body_of(**columns), 0, 100)


def test_repeated_columns_are_refused() -> None:
    batch = pa.RecordBatch.from_arrays(
        [pa.array(["A"]), pa.array([1.0]), pa.array([2.0])], ["symbol", "price", "price"]
    )
    with pytest.raises(MalformedBody, match="repeated: price"):
        decode_arrow(stream_of(batch), 0, 100)


def test_a_schema_of_many_columns_is_refused_at_a_glance() -> None:
    names = ["symbol", "price", *(f"c{at}" for at in range(300))]
    batch = pa.RecordBatch.from_arrays([pa.array(["A"]), *[pa.array([1.0])] * 301], names)
    with pytest.raises(MalformedBody, match=r"unknown: c0, .*, c9 and 290 more"):
        decode_arrow(stream_of(batch), 0, 100)
    names = ["symbol", "price", *(f"c{at}" for at in range(10_000))]
    batch = pa.RecordBatch.from_arrays([pa.array(["A"]), *[pa.array([1.0])] * 10_001], names)
    with pytest.raises(MalformedBody, match="metadata of an Arrow message has more than"):
        decode_arrow(stream_of(batch), 0, 100)


def test_deep_types_are_refused() -> None:
    kind = pa.int64()
    for _ in range(60):
        kind = pa.list_(kind)
    with pytest.raises(MalformedBody):
        decode_arrow(body_of(symbol=["A"], price=pa.array([None], kind)), 0, 100)


@pytest.mark.parametrize("index_type", [pa.int8(), pa.int32(), pa.uint64()], ids=str)
@pytest.mark.parametrize("place", [-1, 2, 127])
def test_indices_outside_their_dictionary_are_refused(index_type: Any, place: int) -> None:
    if place < 0 and index_type == pa.uint64():
        place = 2**64 - 1
    indices = pa.array([0, place, 1], index_type)
    symbols = pa.DictionaryArray.from_arrays(indices, pa.array(["A", "B"]), safe=False)
    for column in ("symbol", "id"):
        columns = {"symbol": ["A"] * 3, "price": [1.0] * 3} | {column: symbols}
        with pytest.raises(MalformedBody, match=f"column {column} is damaged"):
            decode_arrow(body_of(**columns), 0, 100)


def test_index_of_a_null_may_be_anything() -> None:
    indices = pa.Array.from_buffers(pa.int8(), 3, [pa.py_buffer(b"\x05"), pa.py_buffer(b"\x00\x70\x01")])
    symbols = pa.DictionaryArray.from_arrays(indices, pa.array(["A", "B"]), safe=False)
    command = decode_arrow(body_of(symbol=symbols, price=[1.0] * 3), 0, 100)
    assert (command.ticks.symbols, command.rejected) == (["A", "B"], 1)


def test_view_of_a_null_may_be_anything() -> None:
    # Its length says 2 GiB, its place is beyond every buffer.
    wild = struct.pack("<i4sii", 2**31 - 1, b"wild", 77, 2**31 - 1)
    views = struct.pack("<i12s", 1, b"A") + wild + struct.pack("<i12s", 1, b"B")
    symbols = pa.Array.from_buffers(pa.string_view(), 3, [pa.py_buffer(b"\x05"), pa.py_buffer(views)])
    entries = pa.DictionaryArray.from_arrays(pa.array([0, 1, 2]), symbols)
    for column in (symbols, entries):
        command = decode_arrow(body_of(symbol=column, price=[1.0] * 3), 0, 100)
        assert (command.ticks.symbols, command.rejected) == (["A", "B"], 1)


def test_views_that_overlap_are_no_way_to_fill_the_memory() -> None:
    # 10,000 times the same 100 KB.
    text = pa.py_buffer(b"x" * 100_000)
    views = pa.py_buffer(struct.pack("<i4sii", 100_000, b"xxxx", 0, 0) * 10_000)
    symbols = pa.Array.from_buffers(pa.string_view(), 10_000, [None, views, text])
    entries = pa.DictionaryArray.from_arrays(pa.array(range(10_000)), symbols)
    for column in (symbols, entries):
        with pytest.raises(MalformedBody, match="overlap too much"):
            decode_arrow(body_of(symbol=column, price=[1.0] * 10_000), 0, 10_000)


def test_text_that_is_not_utf8_is_refused() -> None:
    text = pa.Array.from_buffers(
        pa.string(), 1, [None, pa.py_buffer(struct.pack("<ii", 0, 2)), pa.py_buffer(b"\xff\xfe")]
    )
    for column in (text, text.dictionary_encode()):
        with pytest.raises(MalformedBody, match="column symbol is damaged"):
            decode_arrow(body_of(symbol=column, price=[1.0]), 0, 100)


def test_dictionaries_without_end_are_refused() -> None:
    batch = batch_of(symbol=dictionary_of(["A" * 1000]), price=[1.0])
    sizes = [size for size, piece in ArrowTicks(10_000, 10).feed(stream_of(batch)) if piece is None]
    schema, dictionary = stream_of(batch)[: sizes[0]], stream_of(batch)[sizes[0] : sizes[0] + sizes[1]]
    with pytest.raises(MalformedBody, match="dictionaries for no record batch"):
        list(ArrowTicks(10_000, 10).feed(schema + dictionary * 20))
    with pytest.raises(MalformedBody, match="one schema, which comes first"):
        list(ArrowTicks(10_000, 10).feed(dictionary))
    with pytest.raises(MalformedBody, match="one schema, which comes first"):
        list(ArrowTicks(10_000, 10).feed(schema + schema))


@given(
    st.sampled_from(BODIES),
    st.lists(st.tuples(st.integers(0, 10_000), st.binary(min_size=1, max_size=8), st.booleans()), max_size=4),
    st.integers(0, 10_000),
)
@example(BODIES[0], [], 0)
def test_damage_is_told_and_does_none(body: bytes, changes: list[tuple[int, bytes, bool]], cut: int) -> None:
    damaged = bytearray(body)
    for place, those, is_insert in changes:
        at = place % len(damaged)
        damaged[at : at if is_insert else at + len(those)] = those
    content = bytes(damaged[: cut or None])
    try:
        command = decode_arrow(content, 0, 100)
        assert len(command.ticks) + command.rejected <= 100
    except (MalformedBody, BatchTooLarge):
        pass
    ticks = ArrowTicks(100_000, 2)
    try:
        for _, piece in ticks.feed(content):
            assert piece is None or len(ticks.command(piece, 0).ticks) <= 2
        ticks.finish()
    except (MalformedBody, BodyTooLarge):
        pass
