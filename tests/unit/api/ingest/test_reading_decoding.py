"""Both parsers of readings read the same."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.http.errors import MalformedBody
from api.ingest.reading_decoding import ReadingDecoding
from api.ingest.strict_fields import Unreadable
from api.ingest.strict_json import read_json
from api.ingest.strict_readings import read_reading

NOW = 1_769_860_800_000_000
DECODING = ReadingDecoding(10)

names = st.sampled_from(["CNC-1", " cnc-1 ", "a/b", "", "x" * 70])
fields = st.fixed_dictionaries(
    {
        "machineId": names,
        "sensorType": names,
        "value": st.one_of(
            st.integers(-(10**20), 10**20),
            st.floats(allow_nan=False, allow_infinity=False),
            st.sampled_from(["1.50", "x", None]),
        ),
    },
    optional={
        "unit": st.sampled_from(["°C", None, 5, "a,b"]),
        "quality": st.sampled_from(["good", "bad", "uncertain", "fine", None]),
        "timestamp": st.sampled_from([1769860800000, "2026-01-31T12:00:00Z", 5, None]),
        "id": st.sampled_from(["a", None, 7]),
        "more": st.just(1),
    },
)


@given(st.lists(fields, min_size=1, max_size=5))
def test_parsers_agree(items: list[dict[str, Any]]) -> None:
    found = DECODING.array(json.dumps(items).encode(), NOW, 10)
    wanted = []
    for item in items:
        try:
            wanted.append(read_reading(read_json(json.dumps(item).encode()), NOW))
        except Unreadable:
            continue
    assert list(found.readings) == wanted
    assert (found.count, found.rejected) == (len(items), len(items) - len(wanted))


@given(fields)
def test_lines_and_arrays_and_single_ones_are_read_the_same(item: dict[str, Any]) -> None:
    text = json.dumps(item).encode()
    readings = [
        list(found.readings)
        for found in (
            DECODING.one(text, NOW),
            DECODING.array(b"[%b]" % text, NOW, 1),
            DECODING.lines(b"%b\n" % text, NOW, 1),
        )
    ]
    assert readings[0] == readings[1] == readings[2]


@pytest.mark.parametrize("body", [b"", b"{", b"[1", b"\xff"])
def test_what_is_no_json_is_told(body: bytes) -> None:
    with pytest.raises(MalformedBody):
        DECODING.array(body, NOW, 10)
