"""What is posted as Arrow means what it means in JSON, whatever the types of the columns."""

import itertools
import json
import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.http.errors import MalformedBody
from api.ingest.arrow_ticks import ArrowTicks, decode_arrow
from api.ingest.tick_decoding import decode_array
from api.timestamps import LATEST_US
from application.errors import BatchTooLarge
from application.prices.commands.process_price_batch import ProcessPriceBatch
from application.processing.batches import ERRORS_REPORTED_MAX
from domain.prices.price_update import PriceUpdate
from support.arrow import NOON_MS, batch_of, body_of, dictionary_of, stream_of

NOW_US = 1_700_000_000_000_000
MAX = 10_000
INDEX_TYPES = [pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST, LAST = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)

# A column: (its values as members of JSON, None for one that is left out; the same as an array).
Column = tuple[list[Any], Any]


def meaning(command: ProcessPriceBatch) -> Any:
    """All that a command says, with its numbers to the last digit and by type."""
    ticks = [(each.symbol, repr(each.price), each.timestamp_us, repr(each.volume), each.id) for each in command.ticks]
    indexes = list(range(len(ticks))) if command.indexes is None else list(command.indexes)
    # Where a number cannot be read, JSON says what it read.
    errors = [(error.field, error.code, error.message, error.index) for error in command.errors]
    return ticks, indexes, command.rejected, errors


def as_json(columns: dict[str, list[Any]]) -> bytes:
    rows = zip(*columns.values(), strict=True)
    ticks = [{name: value for name, value in zip(columns, row, strict=True) if value is not None} for row in rows]
    return json.dumps(ticks).encode()


def texts(count: int, nullable: bool = True) -> st.SearchStrategy[Column]:
    text = st.sampled_from(["A", "BTC/USD", "a longer name than fits into a view", "", "ü", " x "]) | st.text(
        max_size=4
    )
    values = st.lists(st.none() | text if nullable else text, min_size=count, max_size=count)
    plain = st.sampled_from([pa.string(), pa.large_string(), pa.string_view()])
    return st.one_of(
        st.builds(lambda these, kind: (these, pa.array(these, kind)), values, plain),
        st.builds(lambda these, kind: (these, dictionary_of(these, kind)), values, st.sampled_from(INDEX_TYPES)),
        st.builds(lambda these: (these, view_dictionary_of(these)), values),
    )


def view_dictionary_of(values: Sequence[str | None]) -> Any:
    """A dictionary of views, in which nulls are entries."""
    entries = list(dict.fromkeys(values))
    places = pa.array([entries.index(value) for value in values], pa.int32())
    return pa.DictionaryArray.from_arrays(places, pa.array(entries, pa.string_view()))


def numbers(count: int) -> st.SearchStrategy[Column]:
    def lists(each: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
        return st.lists(st.none() | each, min_size=count, max_size=count)

    usual = st.decimals(0, 10**6, places=5).map(float)
    doubles = lists(usual | st.floats() | st.sampled_from([0.0, -0.0, 5e-324, 2.2250738585072014e-308]))
    integers = st.sampled_from(["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"])
    decimals = st.tuples(st.sampled_from([pa.decimal128, pa.decimal256]), st.integers(-3, 20), st.booleans())
    return st.one_of(
        doubles.map(lambda these: (_written(these), pa.array(these, pa.float64()))),
        integers.flatmap(
            lambda kind: lists(_integers(kind)).map(lambda these: (_written(these), pa.array(these, kind)))
        ),
        decimals.flatmap(lambda kind: lists(_units(*kind)).map(lambda these: _decimal_column(these, *kind))),
    )


def _written(values: Sequence[Any]) -> list[str | None]:
    return [None if value is None else repr(value) for value in values]


def _integers(kind: str) -> st.SearchStrategy[int]:
    bits = int(kind.lstrip("uint"))
    return st.integers(0, 2**bits - 1) if kind.startswith("u") else st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


def _units(kind: Any, scale: int, large: bool) -> st.SearchStrategy[int]:
    digits = {pa.decimal128: 38, pa.decimal256: 64}[kind] if large else 9
    return st.integers(-(10**digits) + 1, 10**digits - 1)


def _decimal_column(units: Sequence[int | None], kind: Any, scale: int, _large: bool) -> Column:
    precision = {pa.decimal128: 38, pa.decimal256: 76}[kind]
    with_scale = [None if each is None else Decimal((each < 0, _digits(each), -scale)) for each in units]
    # Through whole numbers, because pyarrow does not convert every Decimal to a negative scale.
    whole = pa.array([None if each is None else Decimal(each) for each in units], kind(precision, 0))
    array = pa.Array.from_buffers(kind(precision, scale), len(whole), whole.buffers())
    return [None if each is None else str(each) for each in with_scale], array


def _digits(units: int) -> tuple[int, ...]:
    return tuple(map(int, str(abs(units))))


def timestamps(count: int) -> st.SearchStrategy[Column]:
    milliseconds = st.lists(
        st.none() | st.integers(10**11 - 2, 10**14 + 2) | st.integers(-(2**63), 2**63 - 1),
        min_size=count,
        max_size=count,
    )
    moments = st.lists(
        st.none() | st.datetimes(FIRST.replace(tzinfo=None), LAST.replace(tzinfo=None), timezones=st.just(UTC)),
        min_size=count,
        max_size=count,
    )
    recent = st.lists(st.none() | st.integers(-(2**62), 2**62), min_size=count, max_size=count)
    return st.one_of(
        milliseconds.map(lambda these: (these, pa.array(these, pa.int64()))),
        st.tuples(moments, st.sampled_from(["s", "ms", "us"])).map(lambda given: _moment_column(*given)),
        recent.map(lambda these: ([_rfc3339(each, 9) for each in these], pa.array(these, pa.timestamp("ns", "UTC")))),
    )


def _moment_column(moments: Sequence[datetime | None], unit: str) -> Column:
    per_second = {"s": 1, "ms": 1000, "us": 1_000_000}[unit]
    counts = [
        None if each is None else (each - EPOCH) // timedelta(microseconds=1_000_000 // per_second) for each in moments
    ]
    digits = {"s": 0, "ms": 3, "us": 6}[unit]
    array = pa.array(counts, pa.int64()).cast(pa.timestamp(unit, "Asia/Tokyo"))
    return [_rfc3339(each, digits) for each in counts], array


def _rfc3339(count: int | None, digits: int) -> str | None:
    """A number of units of `digits` decimals of a second, as text."""
    if count is None:
        return None
    seconds, fraction = divmod(count, 10**digits)
    text = (EPOCH + timedelta(seconds=seconds)).replace(tzinfo=None).isoformat()
    return f"{text}.{fraction:0{digits}}Z" if digits else f"{text}Z"


@st.composite
def tables(draw: st.DrawFn) -> tuple[dict[str, list[Any]], dict[str, Any]]:
    """The same ticks by the names of their members, and in arrays, in any order of columns."""
    count = draw(st.integers(1, 12))
    columns = {"symbol": draw(texts(count)), "price": draw(numbers(count))}
    optional = {"timestamp": timestamps(count), "volume": numbers(count), "id": texts(count)}
    for name in draw(st.sets(st.sampled_from(list(optional)))):
        nothing = [None] * count
        columns[name] = draw(st.just((nothing, pa.array(nothing))) | optional[name])
    order = draw(st.permutations(list(columns)))
    # Those of JSON in the order in which errors are told.
    return {name: column[0] for name, column in columns.items()}, {name: columns[name][1] for name in order}


@given(tables())
def test_ticks_are_the_same_in_json_and_in_arrow(table: tuple[dict[str, list[Any]], dict[str, Any]]) -> None:
    members, arrays = table
    expected = meaning(decode_array(as_json(members), NOW_US, MAX))
    assert meaning(decode_arrow(body_of(**arrays), NOW_US, MAX)) == expected


@given(tables(), st.integers(1, 5), st.lists(st.integers(0, 4000), max_size=4))
def test_ticks_are_the_same_in_pieces_of_a_stream(
    table: tuple[dict[str, list[Any]], dict[str, Any]], rows_max: int, cuts: list[int]
) -> None:
    members, arrays = table
    batch = batch_of(**arrays)
    body = stream_of(batch, batch.slice(1), batch.slice(0, 0), batch)
    ticks, rejected = [], 0
    for command in streamed(body, rows_max, cuts):
        assert 1 <= len(command.ticks) + command.rejected <= rows_max
        ticks += meaning(command)[0]
        rejected += command.rejected
    repeated = {name: [*values, *values[1:], *values] for name, values in members.items()}
    expected = decode_array(as_json(repeated), NOW_US, MAX)
    assert (ticks, rejected) == (meaning(expected)[0], expected.rejected)


def streamed(body: bytes, rows_max: int, cuts: Sequence[int] = ()) -> list[ProcessPriceBatch]:
    """The commands of a stream that arrives in parts."""
    ticks = ArrowTicks(1_000_000, rows_max)
    places = [0, *sorted(cut for cut in cuts if cut < len(body)), len(body)]
    commands = []
    for start, end in itertools.pairwise(places):
        commands += [ticks.command(piece, NOW_US) for _, piece in ticks.feed(body[start:end]) if piece is not None]
    ticks.finish()
    return commands


def test_usual_ticks_are_decoded_with_one_object_per_symbol() -> None:
    names = [f"symbol-{at % 3}" for at in range(100)]
    for symbols in (dictionary_of(names), pa.array(names), pa.array(names, pa.string_view())):
        ticks = decode_arrow(body_of(symbol=symbols, price=[1.5] * 100, timestamp=[NOON_MS] * 100), NOW_US, MAX).ticks
        assert ticks.symbols == names
        assert len(set(map(id, ticks.symbols))) == 3
        assert ticks[99] == PriceUpdate("symbol-0", 1.5, NOON_MS * 1000)
        assert (ticks.volumes, ticks.ids) == (None, None)


def test_record_batches_may_replace_their_dictionary() -> None:
    batches = [
        batch_of(symbol=dictionary_of(names), price=[1.0, 2.0]) for names in (["A", "B"], ["C", "A"], ["A", "B"])
    ]
    assert decode_arrow(stream_of(*batches), NOW_US, MAX).ticks.symbols == ["A", "B", "C", "A", "A", "B"]
    assert [command.ticks.symbols for command in streamed(stream_of(*batches), 2)] == [
        ["A", "B"],
        ["C", "A"],
        ["A", "B"],
    ]


@pytest.mark.parametrize("kind", [pa.string(), pa.string_view()], ids=str)
def test_only_entries_in_use_of_a_large_dictionary_are_decoded(kind: Any) -> None:
    entries = pa.array([f"S{at}" for at in range(50_000)], kind)
    symbols = pa.DictionaryArray.from_arrays(pa.array([49_999, None, 3, 49_999]), entries)
    command = decode_arrow(body_of(symbol=symbols, price=[1.0] * 4, id=symbols), NOW_US, MAX)
    assert command.ticks.symbols == command.ticks.ids == ["S49999", "S3", "S49999"]
    assert command.indexes == [0, 2, 3]


def test_index_of_an_error_is_its_row_in_the_whole_body() -> None:
    good, bad = batch_of(symbol=["A", "B"], price=[1.0, 2.0]), batch_of(symbol=["C", None], price=[math.nan, 4.0])
    command = decode_arrow(stream_of(good, bad, good), NOW_US, MAX)
    assert [(error.field, error.code, error.index) for error in command.errors] == [
        ("price", "invalid_number", 2),
        ("symbol", "missing", 3),
    ]
    assert (command.ticks.symbols, command.indexes, command.rejected) == (["A", "B", "A", "B"], [0, 1, 4, 5], 2)


def test_errors_are_limited_and_counted() -> None:
    command = decode_arrow(body_of(symbol=["A"] * 500, price=pa.array([None] * 500, pa.float64())), NOW_US, MAX)
    assert (len(command.ticks), command.rejected, len(command.errors)) == (0, 500, ERRORS_REPORTED_MAX)


def test_decimals_keep_every_digit() -> None:
    prices = pa.array([Decimal("64250.10"), Decimal("1.000000000000000000000000000001")], pa.decimal128(38, 30))
    assert decode_arrow(body_of(symbol=["A", "A"], price=prices), NOW_US, MAX).ticks.prices == [
        64250.1,
        Decimal("1.000000000000000000000000000001"),
    ]


def test_zeros_of_a_decimal_type_are_not_among_its_digits() -> None:
    one, many = Decimal(1), Decimal("1." + "1" * 65)
    command = decode_arrow(body_of(symbol=["A", "A"], price=pa.array([one, many], pa.decimal256(76, 70))), NOW_US, MAX)
    assert command.ticks.prices == [1.0]
    assert [error.message for error in command.errors] == ["must have at most 64 significant digits"]


@pytest.mark.parametrize(
    ("unit", "count", "expected_us"),
    [
        ("s", LATEST_US // 1_000_000, LATEST_US // 1_000_000 * 1_000_000),
        ("s", LATEST_US // 1_000_000 + 1, None),
        ("s", 2**63 - 1, None),
        ("ms", -(2**63), None),
        ("us", LATEST_US, LATEST_US),
        ("us", LATEST_US + 1, None),
        ("ns", 1999, 1),
        ("ns", -1, -1),
        ("ns", -1001, -2),
    ],
)
def test_timestamps_have_the_range_and_the_digits_of_text(unit: str, count: int, expected_us: int | None) -> None:
    moments = pa.array([count, 0], pa.int64()).cast(pa.timestamp(unit, "UTC"))
    command = decode_arrow(body_of(symbol=["A", "A"], price=[1.0, 1.0], timestamp=moments), NOW_US, MAX)
    assert command.ticks.times_us == ([0] if expected_us is None else [expected_us, 0])
    assert [error.code for error in command.errors] == (["invalid_timestamp"] if expected_us is None else [])


def test_zero_rows_and_zero_batches_are_no_ticks() -> None:
    empty = batch_of(symbol=pa.array([], pa.string()), price=pa.array([], pa.float64()))
    assert len(decode_arrow(stream_of(empty), NOW_US, MAX).ticks) == 0
    assert len(decode_arrow(stream_of(empty, empty, batch_of(symbol=["A"], price=[1.0])), NOW_US, MAX).ticks) == 1
    sink = pa.BufferOutputStream()
    pa.ipc.new_stream(sink, empty.schema).close()
    assert len(decode_arrow(sink.getvalue().to_pybytes(), NOW_US, MAX).ticks) == 0
    assert streamed(b"", 10) == []


def test_too_many_rows_are_refused_before_any_is_looked_at() -> None:
    batch = batch_of(symbol=["A"] * 6, price=[math.nan] * 6)
    with pytest.raises(BatchTooLarge, match="12 ticks; the limit is 11"):
        decode_arrow(stream_of(batch, batch), NOW_US, 11)
    assert decode_arrow(stream_of(batch, batch), NOW_US, 12).rejected == 12


def test_many_small_record_batches_are_refused() -> None:
    batch = batch_of(symbol=["A"], price=[1.0])
    with pytest.raises(MalformedBody, match="send larger record batches"):
        decode_arrow(stream_of(*[batch] * 1001), NOW_US, MAX)
    assert len(streamed(stream_of(*[batch] * 1001), MAX)) == 1001
