import itertools
import struct

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.http.errors import BodyTooLarge, MalformedBody
from api.ingest.arrow_messages import Kind, Messages
from support.arrow import batch_of, body_of, dictionary_of, stream_of

BODY = stream_of(*[batch_of(symbol=dictionary_of(names), price=[1.0, 2.0]) for names in (["A", "B"], ["C", "D"])])
KINDS = [Kind.SCHEMA, Kind.DICTIONARY, Kind.RECORD_BATCH, Kind.DICTIONARY, Kind.RECORD_BATCH]
END = b"\xff\xff\xff\xff\0\0\0\0"


def fed(body: bytes, *, bytes_max: int | None = None, cuts: list[int] | None = None) -> list[tuple[Kind, int, bytes]]:
    messages = Messages(bytes_max)
    places = [0, *sorted(cuts or []), len(body)]
    parts = [body[start:end] for start, end in itertools.pairwise(places)]
    found = [(each.kind, each.rows, bytes(each.data)) for part in parts for each in messages.feed(part)]
    messages.finish()
    return found


@given(st.lists(st.integers(0, len(BODY)), max_size=20))
def test_messages_come_out_whole_however_they_arrive(cuts: list[int]) -> None:
    found = fed(BODY, cuts=cuts)
    assert [kind for kind, _, _ in found] == KINDS
    assert [rows for kind, rows, _ in found if kind is Kind.RECORD_BATCH] == [2, 2]
    assert b"".join(data for _, _, data in found) + END == BODY


def test_end_of_the_stream_need_not_be_marked() -> None:
    assert len(fed(BODY.removesuffix(END))) == len(KINDS)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"[]", "is not an Arrow IPC stream"),
        (b'{"symbol":"A"}', "is not an Arrow IPC stream"),
        (b"ARROW1\0\0" + BODY, "is an Arrow file"),
        (BODY + b"\xff", "goes on after the end"),
        (BODY + BODY, "goes on after the end"),
        (BODY[:-9], "ends in the middle"),
        (BODY[:3], "ends in the middle"),
        (BODY[:100], "ends in the middle"),
        (b"\xff\xff\xff\xff" + struct.pack("<i", -8), "damaged"),
        (b"\xff\xff\xff\xff" + struct.pack("<i", 12) + bytes(12), "damaged"),
        (b"\xff\xff\xff\xff" + struct.pack("<i", 2**31 - 1), "has more than 65536 bytes"),
        (b"\xff\xff\xff\xff" + struct.pack("<i", 16) + bytes(16), "damaged"),
        (b"\xff\xff\xff\xff" + struct.pack("<i", 16) + b"\xff" * 16, "damaged"),
    ],
)
def test_other_data_are_refused(body: bytes, message: str) -> None:
    with pytest.raises(MalformedBody, match=message):
        fed(body)


@pytest.mark.parametrize("codec", ["lz4", "zstd"])
def test_compressed_buffers_are_refused_before_they_are_decoded(codec: str) -> None:
    zeros = pa.array([0.0] * 1_000_000)
    bomb = stream_of(batch_of(symbol=zeros, price=zeros), compression=codec)
    assert len(bomb) < 1_000_000
    with pytest.raises(MalformedBody, match="compressed; send them as they are"):
        fed(bomb)


def test_compressed_dictionaries_are_refused() -> None:
    with pytest.raises(MalformedBody, match="compressed; send them as they are"):
        fed(stream_of(batch_of(symbol=dictionary_of(["A" * 1000]), price=[1.0]), compression="zstd"))


def test_delta_dictionaries_are_refused() -> None:
    batches = [
        batch_of(symbol=pa.DictionaryArray.from_arrays(pa.array([0]), pa.array(entries)), price=[1.0])
        for entries in (["A"], ["A", "B"])
    ]
    assert len(fed(stream_of(*batches))) == len(KINDS)
    with pytest.raises(MalformedBody, match="delta dictionary"):
        fed(stream_of(*batches, emit_dictionary_deltas=True))


def table_at(body: bytes | bytearray, place: int) -> int:
    """The place of the flatbuffer table that `place` leads to."""
    return place + int(struct.unpack_from("<I", body, place)[0])


def entry_of(body: bytes | bytearray, table: int, field: int) -> int:
    """The place in the vtable of a table that tells where the field is."""
    return table - int(struct.unpack_from("<i", body, table)[0]) + 4 + 2 * field


def place_of(body: bytes | bytearray, table: int, field: int) -> int:
    return table + int(struct.unpack_from("<H", body, entry_of(body, table, field))[0])


def test_big_endian_streams_are_refused() -> None:
    body = bytearray(BODY)
    schema = table_at(body, place_of(body, table_at(body, 8), 2))
    # Little-endian, the default, is left out. Here the field is made to be where another one is, which is not 0.
    assert body[entry_of(body, schema, 0)] == 0
    body[entry_of(body, schema, 0)] = body[entry_of(body, schema, 1)]
    with pytest.raises(MalformedBody, match="big-endian"):
        fed(bytes(body))


def test_messages_of_other_kinds_are_refused() -> None:
    body = bytearray(BODY)
    kind = place_of(body, table_at(body, 8), 1)
    assert body[kind] == Kind.SCHEMA
    body[kind] = 4
    with pytest.raises(MalformedBody, match="neither a schema, a dictionary nor a record batch"):
        fed(bytes(body))


def test_message_beyond_the_limit_is_refused_as_soon_as_its_size_is_known() -> None:
    body = body_of(symbol=["A"] * 1000, price=[1.0] * 1000)
    sizes = [len(data) for _, _, data in fed(body)]
    assert len(fed(body, bytes_max=max(sizes))) == len(sizes)
    messages = Messages(max(sizes) - 1)
    with pytest.raises(BodyTooLarge, match="send smaller record batches"):
        # The metadata only.
        list(messages.feed(body[: sizes[0] + 400]))
