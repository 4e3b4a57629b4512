import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.http.errors import MalformedBody
from api.ingest.strict_json import read_json
from api.ingest.strict_trades import read_trade
from api.ingest.trade_decoding import TradeDecoding
from api.ingest.trade_scanner import TradeScanner
from application.errors import BatchTooLarge
from domain.numbers import InvalidNumber, read_number
from domain.trades.trade import Side
from domain.trades.trades import Trades
from domain.vectors import COMPILED
from infrastructure.feeds.raw_numbers import number_in

NOW_US = 1_769_860_800_000_000
DECODING = TradeDecoding("DEFAULT")

numbers = st.one_of(
    st.floats(0, 1e20, allow_subnormal=False),
    st.integers(0, 10**25),
    st.decimals(0, 10**20, places=12, allow_nan=False).map(str),
    st.sampled_from([0, -1, 1e300, "1e-300", "0.1000000000000000000001", 1234567890123456, 123456789012345.25]),
)
optional: dict[str, st.SearchStrategy[Any]] = {
    "symbol": st.sampled_from(["A", "btc/usd"]),
    "price": numbers,
    "venue": st.sampled_from(["XNAS", "a,b"]),
    "timestamp": st.sampled_from([1769860800001, "2026-01-31T12:00:00.5Z"]),
    "sentAt": st.sampled_from([1769860799000, "2026-01-31T12:00:01Z"]),
    "id": st.text(min_size=1, max_size=3),
}
trades = st.fixed_dictionaries({"side": st.sampled_from(["buy", "sell"]), "quantity": numbers}, optional=optional)


@given(st.lists(trades, min_size=1, max_size=5))
def test_arrays_and_lines_are_read_as_by_the_strict_parser(given_trades: list[dict[str, Any]]) -> None:
    strictly = [read_trade(read_json(json.dumps(each).encode()), NOW_US, "DEFAULT") for each in given_trades]
    array = DECODING.array(json.dumps(given_trades).encode(), NOW_US, 10)
    lines = DECODING.lines("\n".join(map(json.dumps, given_trades)).encode(), NOW_US, 10)
    for command in (array, lines):
        assert list(command.trades) == strictly
        assert (command.rejected, command.count) == (0, len(given_trades))


@given(st.from_regex(r"\A-?[0-9]{1,20}(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?\Z"))
def test_numbers_are_kept_as_written(text: str) -> None:
    try:
        expected = read_number(text)
    except InvalidNumber:
        with pytest.raises(InvalidNumber):
            number_in(msgspec.Raw(text.encode()))
    else:
        assert number_in(msgspec.Raw(text.encode())) == expected
        assert number_in(msgspec.Raw(f'"{text}"'.encode())) == expected


@pytest.mark.parametrize("text", [b"true", b"[1]", b"{}", b'"a"', b'""'])
def test_what_is_no_number_is_none(text: bytes) -> None:
    with pytest.raises(InvalidNumber):
        number_in(msgspec.Raw(text))


def test_absent_fields_have_their_defaults() -> None:
    (trade,) = DECODING.one(b'{"side":"sell","quantity":"1"}', NOW_US).trades
    assert trade == ("DEFAULT", Side.SELL, 1.0, NOW_US, None, None, None, None)


def test_latency_is_from_sending_to_receipt() -> None:
    body = b'{"side":"sell","quantity":1,"sentAt":%d}' % (NOW_US // 1000 - 2)
    assert DECODING.one(body, NOW_US).trades[0].latency_us == 2000
    body = b'{"side":"sell","quantity":1,"sentAt":%d}' % (NOW_US // 1000 + 2)
    assert DECODING.one(body, NOW_US).trades[0].latency_us == -2000


def test_bad_trades_are_named_with_their_index() -> None:
    command = DECODING.array(b'[{"side":"buy","quantity":1},{"side":1},5]', NOW_US, 10)
    assert (len(command.trades), command.rejected, command.indexes) == (1, 2, [0])
    assert [(each.index, each.field, each.code) for each in command.errors] == [
        (1, "side", "wrong_type"),
        (1, "quantity", "missing"),
        (2, "", "wrong_type"),
    ]


def test_two_trades_on_a_line_are_a_bad_line() -> None:
    trade = b'{"side":"buy","quantity":1}'
    assert DECODING.lines(trade + trade, NOW_US, 10).rejected == 1
    assert DECODING.lines(trade + b"\n\n" + trade + b"\n", NOW_US, 10).rejected == 0


def test_too_many_are_refused() -> None:
    for body, decode in ((b"[{}, {}, {}]", DECODING.array), (b"{}\n{}\n{}", DECODING.lines)):
        with pytest.raises(BatchTooLarge):
            decode(body, NOW_US, 2)


def test_long_body_of_one_is_no_trade() -> None:
    with pytest.raises(MalformedBody):
        DECODING.one(b'{"side":"buy","quantity":"' + b"1" * 100_000 + b'"}', NOW_US)


# What the scanner reads, or nearly reads.
members = st.one_of(
    st.tuples(
        st.just("symbol"), st.sampled_from(['"A"', '"ABCDEFGHIJKLMNOP"', '"ABCDEFGHIJKLMNOPQ"', '"\\u0041"', "null"])
    ),
    st.tuples(st.just("side"), st.sampled_from(['"buy"', '"sell"', '"bu"', '"sellx"', '"BUY"', "1"])),
    st.tuples(
        st.just("quantity"), st.sampled_from(["1", "0", "1.50", "01", "1.", "1e3", '"2"', "123456789012345", "1" * 16])
    ),
    st.tuples(st.just("price"), st.sampled_from(["1", "0", "99.25", "-1", "null"])),
    st.tuples(st.just("timestamp"), st.sampled_from(["1769860800001", "0", '"2026-01-31T12:00:00Z"'])),
    st.tuples(st.just("sentAt"), st.sampled_from(["1769860800001", "1769860899001", "1"])),
    st.tuples(st.sampled_from(["venue", "id", "sides", "quantitx", "sentat"]), st.sampled_from(['"x"'])),
)
bodies = st.builds(
    lambda given, separator, space: (
        b"{" + separator.join(f'"{name}":{space}{value}' for name, value in given).encode() + b"}"
    ),
    st.lists(members, max_size=6),
    st.sampled_from([",", ", ", " ,"]),
    st.sampled_from(["", " ", "  "]),
)


@pytest.mark.skipif(not COMPILED, reason="without a compiled engine there is no scanner")
@given(st.lists(bodies, min_size=1, max_size=3), st.integers(0, 400))
def test_scanner_takes_nothing_that_the_strict_parser_reads_otherwise(given_bodies: list[bytes], cut: int) -> None:
    scanner = TradeScanner("DEFAULT")
    array, lines = b"[" + b",".join(given_bodies) + b"]", b"\n".join(given_bodies)
    for scanned, whole in ((scanner.array(array, NOW_US), array), (scanner.lines(lines, NOW_US), lines)):
        if scanned is not None:
            assert list(scanned) == [read_trade(read_json(each), NOW_US, "DEFAULT") for each in given_bodies], whole
    # A body that ends in the middle is nobody's trade.
    assert cut >= len(array) or scanner.array(array[:cut], NOW_US) is None
    one = Trades([], [], [], [])
    if scanner.append(given_bodies[0], one, NOW_US):
        assert list(one) == [read_trade(read_json(given_bodies[0]), NOW_US, "DEFAULT")]
    else:
        assert len(one) == 0


@pytest.mark.skipif(not COMPILED, reason="without a compiled engine there is no scanner")
@pytest.mark.parametrize(
    "body",
    [
        b'{"side":"buy","quantity":1}',
        b'{"quantity": 1.5, "side": "sell"}',
        b'{"symbol":"GOLD","side":"buy","quantity":1.25,"price":100.5,"timestamp":1769860800001,"sentAt":1769860800000}',
    ],
)
def test_scanner_reads_what_is_usual(body: bytes) -> None:
    trades = Trades([], [], [], [])
    assert TradeScanner("DEFAULT").append(body, trades, NOW_US)
    assert list(trades) == [read_trade(read_json(body), NOW_US, "DEFAULT")]
