import json
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.http.errors import MalformedBody
from api.ingest import tick_decoding
from api.ingest.strict_fields import Unreadable
from api.ingest.tick_decoding import decode_array, decode_lines, decode_tick
from api.ingest.tick_scanner import TickScanner
from application.errors import BatchTooLarge
from domain.numbers import written
from domain.prices.price_update import PriceUpdate
from domain.prices.ticks import Ticks
from domain.vectors import COMPILED

NOW_US = 1_700_000_000_000_000

GOOD: list[tuple[str, PriceUpdate]] = [
    ('{"symbol":"A","price":1}', PriceUpdate("A", 1.0, NOW_US)),
    ('{"symbol":"A","price":"1.50"}', PriceUpdate("A", 1.5, NOW_US)),
    (' {"price" : 1e3, "symbol" : "A" } ', PriceUpdate("A", 1000.0, NOW_US)),
    ('{"symbol":"A","price":1,"timestamp":100000000000}', PriceUpdate("A", 1.0, 100_000_000_000_000)),
    ('{"symbol":"A","price":1,"timestamp":"1969-12-31T23:59:59.999Z"}', PriceUpdate("A", 1.0, -1000)),
    ('{"symbol":"A","price":1,"timestamp":"1970-01-01T00:00:02+00:00"}', PriceUpdate("A", 1.0, 2_000_000)),
    ('{"symbol":"A","price":1,"volume":0,"id":"x\\"y"}', PriceUpdate("A", 1.0, NOW_US, 0.0, 'x"y')),
    ('{"symbol":"A","price":1,"volume":"2.5","id":"x"}', PriceUpdate("A", 1.0, NOW_US, 2.5, "x")),
    ('{"symbol":"A","price":1,"timestamp":null,"volume":null,"id":null}', PriceUpdate("A", 1.0, NOW_US)),
    ('{"symbol":"A","price":1,"symbol":"A"}', PriceUpdate("A", 1.0, NOW_US)),
    ('{"symbol":"A","price":1.00000000000000000001}', PriceUpdate("A", Decimal("1.00000000000000000001"), NOW_US)),
    ('{"symbol":"A","price":9007199254740993}', PriceUpdate("A", Decimal(9007199254740993), NOW_US)),
    ('{"symbol":"A","price":0.1,"volume":0.10000000000000000001}', None),  # type: ignore[list-item]  # set below
    ('{"symbol":"\\u0041","price":0.30000000000000000}', PriceUpdate("A", 0.3, NOW_US)),
    ('{"symbol":"A","price":-1}', PriceUpdate("A", -1.0, NOW_US)),
]
GOOD[12] = (GOOD[12][0], PriceUpdate("A", 0.1, NOW_US, Decimal("0.10000000000000000001")))

BAD: list[tuple[str, list[tuple[str, str]]]] = [
    ("[]", [("", "wrong_type")]),
    ("null", [("", "wrong_type")]),
    ("1", [("", "wrong_type")]),
    ('"x"', [("", "wrong_type")]),
    ("{}", [("symbol", "missing"), ("price", "missing")]),
    ('{"symbol":1,"price":1}', [("symbol", "wrong_type")]),
    ('{"symbol":null,"price":null}', [("symbol", "wrong_type"), ("price", "wrong_type")]),
    ('{"symbol":"A","price":true}', [("price", "wrong_type")]),
    ('{"symbol":"A","price":[1]}', [("price", "wrong_type")]),
    ('{"symbol":"A","price":"abc"}', [("price", "invalid_number")]),
    ('{"symbol":"A","price":"NaN"}', [("price", "invalid_number")]),
    ('{"symbol":"A","price":""}', [("price", "invalid_number")]),
    ('{"symbol":"A","price":1e999}', [("price", "invalid_number")]),
    ('{"symbol":"A","price":1e309}', [("price", "invalid_number")]),
    ('{"symbol":"A","price":1e-400}', [("price", "invalid_number")]),
    ('{"symbol":"A","price":1,"volume":false}', [("volume", "wrong_type")]),
    ('{"symbol":"A","price":1,"volume":1e999}', [("volume", "invalid_number")]),
    ('{"symbol":"A","price":1,"volume":1e-400}', [("volume", "invalid_number")]),
    ('{"symbol":"A","price":1,"id":7}', [("id", "wrong_type")]),
    ('{"symbol":"A","price":1,"timestamp":1.5}', [("timestamp", "wrong_type")]),
    ('{"symbol":"A","price":1,"timestamp":1e3}', [("timestamp", "wrong_type")]),
    ('{"symbol":"A","price":1,"timestamp":5.0}', [("timestamp", "wrong_type")]),
    ('{"symbol":"A","price":1,"timestamp":true}', [("timestamp", "wrong_type")]),
    ('{"symbol":"A","price":1,"timestamp":"2021-04-17T03:08:42"}', [("timestamp", "invalid_timestamp")]),
    ('{"symbol":"A","price":1,"timestamp":99999999999999999999999}', [("timestamp", "wrong_type")]),
    ('{"symbol":"A","price":1,"timestamp":1611111111}', [("timestamp", "invalid_timestamp")]),
    ('{"symbol":"A","price":1,"timestamp":-1}', [("timestamp", "invalid_timestamp")]),
    ('{"symbol":"A","price":1,"timestamp":1611111111000000}', [("timestamp", "invalid_timestamp")]),
    ('{"symbol":"A","price":1,"prize":2}', [("prize", "unknown_field")]),
    ('{"symbol":"A","price":1,"price":2}', [("price", "contradiction")]),
    ('{"symbol":"A","price":1,"price":"1"}', [("price", "contradiction")]),
    ('{"symbol":"A","price":1,"symbol":"B"}', [("symbol", "contradiction")]),
    ('{"symbol":"A","price":1,"\\ud800":1}', [("\\ud800", "unknown_field")]),
]

MALFORMED = [
    b"",
    b"   ",
    b"{",
    b'{"symbol":"A","price":1}}',
    b'{"symbol":"A","price":NaN}',
    b'{"symbol":"A","price":Infinity}',
    b'{"symbol":"A","price":-Infinity}',
    b'{"symbol":"A","price":01}',
    b'{"symbol":"A","price":1,}',
    b"{'symbol':'A','price':1}",
    b'{"symbol":"\xff","price":1}',
    b'\xef\xbb\xbf{"symbol":"A","price":1}',
    b'{"symbol":"A\n","price":1}',
    b"[" * 100_000,
    b'{"symbol":"A","price":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
]


@pytest.mark.parametrize(("body", "update"), GOOD)
def test_good_tick_is_read(body: str, update: PriceUpdate) -> None:
    (read,) = decode_tick(body.encode(), NOW_US)
    assert read == update
    assert [type(value) for value in read] == [type(value) for value in update]


@pytest.mark.parametrize(("body", "errors"), BAD)
def test_bad_tick_is_explained_field_by_field(body: str, errors: list[tuple[str, str]]) -> None:
    with pytest.raises(Unreadable) as caught:
        decode_tick(body.encode(), NOW_US)
    assert [(error.field, error.code) for error in caught.value.errors] == errors


@pytest.mark.parametrize("body", MALFORMED, ids=lambda body: repr(body[:30]))
def test_what_is_no_json_is_refused_whole(body: bytes) -> None:
    for decode in (decode_tick, partial(decode_array, ticks_max=100)):
        with pytest.raises(MalformedBody) as caught:
            decode(body, NOW_US)
        assert len(str(caught.value)) < 200


def test_array_keeps_good_ticks_and_names_bad_ones() -> None:
    body = f"[{GOOD[0][0]},{BAD[8][0]},7,{GOOD[10][0]}]"
    command = decode_array(body.encode(), NOW_US, 100)
    assert list(command.ticks) == [GOOD[0][1], GOOD[10][1]]
    assert [command.index_of(i) for i in range(2)] == [0, 3]
    assert command.rejected == 2
    assert [(error.index, error.field, error.code) for error in command.errors] == [
        (1, "price", "wrong_type"),
        (2, "", "wrong_type"),
    ]


@pytest.mark.parametrize("body", [b'{"symbol":"A","price":1}', b"7", b'"x"', b"null"])
def test_array_must_be_one(body: bytes) -> None:
    with pytest.raises(MalformedBody, match="not a JSON array"):
        decode_array(body, NOW_US, 100)


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\n\n \n"])
def test_lines_are_ticks_and_empty_ones_nothing(end: str) -> None:
    body = "\n".join(text for text, _ in GOOD) + end
    command = decode_lines(body.encode(), NOW_US, 100)
    assert list(command.ticks) == [update for _, update in GOOD]
    assert command.rejected == 0


def test_line_that_is_no_json_is_one_bad_tick() -> None:
    body = b'{"symbol":"A","price":1}\n{"symbol":"A","pri\n\n{"symbol":"A","price":2}\n[]\n'
    command = decode_lines(body, NOW_US, 100)
    assert [update.price for update in command.ticks] == [1.0, 2.0]
    assert [(error.index, error.code) for error in command.errors] == [(1, "malformed"), (3, "wrong_type")]
    assert "The line is not JSON" in command.errors[0].message


def test_no_lines_at_all_are_refused() -> None:
    with pytest.raises(MalformedBody, match="empty"):
        decode_lines(b"\n \n", NOW_US, 100)


# Bodies near to good ones: every key may be there, twice, or wrong.
VALUES = st.sampled_from(
    ["1", "1.5", '"1.5"', "1e999", "0", "-1", "true", "null", '"A"', '"a\\"b"', "[]", "1.0", "1e3", "1700000000000",
     '"2021-04-17T03:08:42.037Z"', "0.10000000000000000001", "1234567890123456", "9078429826967454e-5", "1e-310",
     "123456789012345e-3", '"1e-400"', '"0.1"', '"\\u0041"', '"x y"', "1e-400"]
)  # fmt: skip
KEYS = st.sampled_from(["symbol", "price", "timestamp", "volume", "id", "extra"])
OBJECTS = st.lists(st.tuples(KEYS, VALUES), max_size=6).map(
    lambda pairs: "{" + ",".join(f'"{key}":{value}' for key, value in pairs) + "}"
)
PLAIN = st.fixed_dictionaries(
    {"symbol": st.sampled_from(["A", "BTC/USD"]), "price": st.floats(1e-5, 1e9) | st.integers(1, 10**17)},
    optional={"timestamp": st.integers(0, 10**13), "volume": st.floats(0, 1e6), "id": st.text(max_size=5)},
).map(json.dumps)


@given(st.lists(OBJECTS | PLAIN, min_size=1, max_size=4))
def test_scanner_and_fast_parser_take_nothing_that_the_strict_one_reads_otherwise(objects: list[str]) -> None:
    _assert_read_the_same(objects[0].encode(), ("[" + ",".join(objects) + "]").encode(), "\n".join(objects).encode())


# As the scanner takes them, but for the damage.
SCANNED = st.lists(
    st.builds(
        '{{"symbol":{4}"{0}", "price":{1}.{2:02},"timestamp":{3}}}'.format,
        st.sampled_from(["A", "SIXTEEN.LETTERS.", "SEVENTEEN.LETTERS", "X<&>"]),
        st.integers(0, 10**15),
        st.integers(0, 10**8),
        st.integers(10**10, 10**15),
        st.sampled_from(["", " ", "  "]),
    ),
    min_size=1,
    max_size=3,
)
BYTES = st.sampled_from(list(b'0123456789.,:"{}[]-+eE \n\t\\spm\x00\x7f\xc3'))


@given(SCANNED, st.lists(st.tuples(st.integers(0, 300), BYTES, st.integers(0, 2)), max_size=2))
def test_damaged_bodies_are_read_as_the_strict_parser_reads_them(
    objects: list[str], damage: list[tuple[int, int, int]]
) -> None:
    bodies = [objects[0], "[" + ",".join(objects) + "]", "\n".join(objects)]
    damaged = []
    for body in bodies:
        data = bytearray(body.encode())
        for place, byte, kind in damage:
            at = place % len(data)
            # Replaced, inserted, or cut out.
            data[at : at + (kind != 1)] = b"" if kind == 2 else bytes([byte])
            if not data:
                data = bytearray(b"x")
        damaged.append(bytes(data))
    _assert_read_the_same(*damaged)


@pytest.mark.skipif(not COMPILED, reason="the scanner is there only where the engine is compiled")
def test_scanner_reads_what_feeders_send() -> None:
    spaced = b'[{"symbol": "A", "price": 1.10, "timestamp": 1700000000001, "volume": 0}, {"price":2,"symbol":"B"}]'
    for body in (spaced, b" \n" + spaced.replace(b"}, {", b"}\n,\r\n{") + b"\n"):
        ticks = TickScanner().array(body, NOW_US)
        assert ticks is not None
        assert list(ticks) == [
            PriceUpdate("A", 1.1, 1_700_000_000_001_000, 0.0),
            PriceUpdate("B", 2.0, NOW_US),
        ]


@pytest.mark.skipif(not COMPILED, reason="the scanner is there only where the engine is compiled")
def test_symbols_that_share_a_slot_are_not_mixed_up() -> None:
    scanner = TickScanner()
    names = [f"S{number}" for number in range(100_000)]
    for some in (names, names[::-1]):
        body = b"[" + b",".join(b'{"symbol":"%b","price":1}' % name.encode() for name in some) + b"]"
        ticks = scanner.array(body, NOW_US)
        assert ticks is not None
        assert ticks.symbols == some


def _assert_read_the_same(one: bytes, array: bytes, lines: bytes) -> None:
    outcomes = []
    decoders = dict.fromkeys(("_NUMERIC_ONE", "_NUMERIC_MANY", "_FLEXIBLE_ONE", "_FLEXIBLE_MANY"), _Refusing())
    without_scanner = {"_SCANNER": _Refusing()}
    real = {name: getattr(tick_decoding, name) for name in decoders | without_scanner}
    for replaced in ({}, without_scanner, without_scanner | decoders):
        vars(tick_decoding).update(replaced)
        try:
            outcomes.append(
                (
                    _outcome(decode_tick, one),
                    _outcome(partial(decode_array, ticks_max=100), array),
                    _outcome(partial(decode_lines, ticks_max=100), lines),
                )
            )
        finally:
            vars(tick_decoding).update(real)
    assert outcomes[0] == outcomes[2]
    assert outcomes[1] == outcomes[2]


class _Refusing:
    """A scanner or fast parser that gives up at once, so that the strict parser reads everything."""

    def decode(self, body: bytes) -> Any:
        raise RecursionError

    decode_lines = decode

    def append(self, body: bytes, ticks: Ticks, now_us: int) -> bool:
        return False

    def array(self, body: bytes, now_us: int) -> None:
        return None

    lines = array


def _outcome(decode: Any, body: bytes) -> object:
    try:
        result = decode(body, NOW_US)
    except Unreadable as bad:
        return bad.errors
    except MalformedBody:
        return None
    if isinstance(result, Ticks):
        return [(type(value), value) for value in result[0]]
    indexes = [result.index_of(i) for i in range(len(result.ticks))]
    return [tuple(map(type, update)) for update in result.ticks], list(result.ticks), indexes, result.errors


@pytest.mark.parametrize(
    "digits", ["9078429826967454e-5", "9007199254740993e-15", "1234567890.123456", "0.0000012345678901"]
)
def test_sixteen_digits_are_never_left_to_a_float(digits: str) -> None:
    price = decode_tick(f'{{"symbol":"A","price":{digits}}}'.encode(), NOW_US).prices[0]
    assert written(price) == Decimal(digits)


@pytest.mark.parametrize(
    "body",
    [
        b'{"symbol":\n"A",\n"price":1}\n{"symbol":"B","price":1}',
        b'{"symbol":"A","price":1}{"symbol":"A","price":1}\n{"symbol":"B","price":1}',
        b'{"symbol":"A","price":1}{"symbol":"A",\n"price":1}\n{"symbol":"B","price":1}',
        b'{"symbol":"A","price":1},{"symbol":"A","price":1}\n{"symbol":"B","price":1}',
        b'{"symbol":"A","price":1,"id":"x\ny"}\n{"symbol":"B","price":1}',
        b'{"symbol":"A","price":1,\n"id":"x,y"},{"symbol":"A","price":1}\n{"symbol":"B","price":1}',
        b'[{"symbol":"A","price":1}\n{"symbol":"A","price":1}]\n{"symbol":"B","price":1}',
        b'{"symbol":"A","price":1\n"timestamp":7},{"symbol":"A","price":1,"timestamp":1}\n{"symbol":"B","price":1}',
        b'{"symbol":"B","price":1}\n{"symbol":"A","price":1}\x0c',
    ],
)
def test_a_tick_is_a_line_and_a_line_is_a_tick(body: bytes) -> None:
    command = decode_lines(body, NOW_US, 100)
    assert [update.symbol for update in command.ticks] == ["B"]
    assert {error.code for error in command.errors} == {"malformed"}


@pytest.mark.parametrize("item", ["{}", "1", '"', '{"symbol":"A","price":"1"}', '{"symbol":"A","price":1}'])
def test_batch_over_the_limit_is_refused_before_anything_in_it_is_read(item: str) -> None:
    with pytest.raises(BatchTooLarge):
        decode_lines("\n".join([item] * 101).encode(), NOW_US, 100)
    if item != '"':
        with pytest.raises(BatchTooLarge):
            decode_array(f"[{','.join([item] * 101)}]".encode(), NOW_US, 100)


def test_absurdly_many_empty_lines_are_refused() -> None:
    with pytest.raises(BatchTooLarge):
        decode_lines(b"\n" * 201 + b'{"symbol":"A","price":1}', NOW_US, 100)


@pytest.mark.parametrize("decode", [decode_array, decode_lines])
def test_tick_of_absurd_length_or_with_absurdly_many_fields_costs_little(decode: Any) -> None:
    fields = ",".join(f'"{i}":0' for i in range(2000))
    wide, long = f"{{{fields}}}", '{"symbol":"' + "A" * 70_000 + '","price":1}'
    body = f"[{wide},{long}]" if decode is decode_array else f"{wide}\n{long}"
    command = decode(body.encode(), NOW_US, 100)
    assert command.rejected == 2
    assert len(command.errors) < 20
    assert (command.errors[-1].index, command.errors[-1].code) == (1, "too_long")
