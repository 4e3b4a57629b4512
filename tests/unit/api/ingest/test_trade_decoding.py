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
from application.errors import BatchTooLarge
from domain.numbers import InvalidNumber, read_number
from domain.trades.trade import Side
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
