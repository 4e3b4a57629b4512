import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.http.errors import MalformedBody
from api.ingest import option_decoding
from api.ingest.option_decoding import decode_chain, decode_quote, decode_quote_lines, decode_quotes
from api.ingest.strict_json import read_json
from application.errors import BatchTooLarge, ValidationFailed
from application.options.commands.process_option_quotes import ProcessOptionQuotes, ProcessOptionQuotesValidator
from application.options.commands.quote_rules import QuoteRules
from domain.options.option_quote import OptionQuote
from support.fakes import FakeClock

NOW_US = 1_769_574_600_123_000
QUOTE = {
    "product": "NIFTY",
    "expiry": "2026-01-29",
    "strike": 21500,
    "optionType": "CALL",
    "bid": 1.5,
    "askSize": "20",
    "openInterest": None,
    "timestamp": 1769574600000,
    "id": "a,b",
}
EXPECTED = OptionQuote("NIFTY", "2026-01-29", 21500.0, True, 1_769_574_600_000_000, bid=1.5, ask_size=20.0, id="a,b")
CHAIN = {
    "product": "NIFTY",
    "expiry": "2026-01-29",
    "spotPrice": 21598.4,
    "calls": [{"strike": 21500, "bid": 1}, {"strike": 21600, "timestamp": "2026-01-28T10:00:00+05:30"}],
    "puts": [{"strike": 21500, "last": 2, "symbol": "X"}],
    "timestamp": 1769574600000,
}


def body(value: object) -> bytes:
    return json.dumps(value).encode()


def errors_of(command: ProcessOptionQuotes) -> list[tuple[int | None, str, str]]:
    return [(error.index, error.field, error.code) for error in command.errors]


def snake_case(value: Any) -> Any:
    if isinstance(value, list):
        return list(map(snake_case, value))
    if isinstance(value, dict):
        return {
            "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in key): snake_case(item)
            for key, item in value.items()
        }
    return value


@pytest.mark.parametrize("given", [QUOTE, snake_case(QUOTE)], ids=["camel", "snake"])
def test_a_quote_is_read_in_either_spelling(given: dict[str, Any]) -> None:
    assert decode_quote(body(given), NOW_US).quotes.quotes == [EXPECTED]
    assert decode_quotes(body([given, given]), NOW_US, 10).quotes.quotes == [EXPECTED, EXPECTED]
    assert decode_quote_lines(body(given) + b"\n\n" + body(given), NOW_US, 10).quotes.quotes == [EXPECTED, EXPECTED]


@pytest.mark.parametrize("given", [CHAIN, snake_case(CHAIN)], ids=["camel", "snake"])
def test_a_chain_gives_its_quotes_what_it_says(given: dict[str, Any]) -> None:
    found = decode_chain(body(given), NOW_US, 10)
    chain: dict[str, Any] = {
        "product": "NIFTY",
        "expiry": "2026-01-29",
        "timestamp_us": 1_769_574_600_000_000,
        "spot": 21598.4,
    }
    assert found.quotes.quotes == [
        OptionQuote(**chain, strike=21500.0, is_call=True, bid=1.0),
        OptionQuote(**(chain | {"timestamp_us": 1_769_574_600_000_000}), strike=21600.0, is_call=True),
        OptionQuote(**chain, strike=21500.0, is_call=False, last=2.0, symbol="X"),
    ]
    assert (found.rejected, found.errors) == (0, ())


def test_the_default_time_is_now() -> None:
    without = {key: value for key, value in QUOTE.items() if key != "timestamp"}
    assert decode_quotes(body([without]), NOW_US, 10).quotes[0].timestamp_us == NOW_US
    chain = {key: value for key, value in CHAIN.items() if key != "timestamp"}
    assert decode_chain(body(chain), NOW_US, 10).quotes[0].timestamp_us == NOW_US


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("0.12345678901234567890123", Decimal("0.12345678901234567890123")),
        ('"0.12345678901234567890123"', Decimal("0.12345678901234567890123")),
        ("12345678901234567", Decimal(12345678901234567)),
        ("1e2", 100.0),
        ("0.1", 0.1),
    ],
)
def test_every_digit_is_kept(written: str, expected: float | Decimal) -> None:
    text = body([QUOTE]).replace(b'"bid": 1.5', f'"bid": {written}'.encode())
    assert decode_quotes(text, NOW_US, 10).quotes[0].bid == expected
    chain = body(CHAIN).replace(b'"bid": 1', f'"bid": {written}'.encode())
    assert decode_chain(chain, NOW_US, 10).quotes[0].bid == expected


@pytest.mark.parametrize(
    ("changed", "field", "code"),
    [
        ({"optionType": "STRANGLE"}, "optionType", "unknown_value"),
        ({"optionType": None}, "optionType", "missing"),
        ({"strike": None}, "strike", "missing"),
        ({"strike": "ten"}, "strike", "invalid_number"),
        ({"strike": True}, "strike", "wrong_type"),
        ({"product": 5}, "product", "wrong_type"),
        ({"expiry": 20260129}, "expiry", "wrong_type"),
        ({"timestamp": 1769574600}, "timestamp", "invalid_timestamp"),
        ({"timestamp": "yesterday"}, "timestamp", "invalid_timestamp"),
        ({"price": 1}, "price", "unknown_field"),
        ({"option_type": "PUT"}, "option_type", "contradiction"),
    ],
)
def test_a_bad_quote_is_named_and_the_others_are_taken(changed: dict[str, Any], field: str, code: str) -> None:
    found = decode_quotes(body([QUOTE, QUOTE | changed, QUOTE]), NOW_US, 10)
    assert found.quotes.quotes == [EXPECTED, EXPECTED]
    assert (found.indexes, found.rejected, errors_of(found)) == ([0, 2], 1, [(1, field, code)])


def test_keys_that_contradict_each_other_are_refused() -> None:
    text = body([QUOTE]).replace(b'"bid": 1.5', b'"bid": 1.5, "bid": 2')
    assert errors_of(decode_quotes(text, NOW_US, 10)) == [(0, "bid", "contradiction")]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"product": "BANKNIFTY"}, "product"),
        ({"expiry": "2026-02-26"}, "expiry"),
        ({"optionType": "PUT"}, "optionType"),
    ],
)
def test_a_quote_of_another_chain_is_refused(changed: dict[str, Any], field: str) -> None:
    mixed = CHAIN | {"calls": [{"strike": 1, "product": "nifty", "optionType": "CALL"}, {"strike": 2} | changed]}
    found = decode_chain(body(mixed), NOW_US, 10)
    assert [quote.strike for quote in found.quotes] == [1, 21500]
    assert errors_of(found) == [(1, field, "contradiction")]


def test_of_quotes_of_one_contract_the_first_is_taken() -> None:
    repeated = CHAIN | {"calls": [{"strike": 1, "bid": 1}, {"strike": "1.0", "bid": 2}, {"strike": 2}]}
    found = decode_chain(body(repeated), NOW_US, 10)
    assert [(quote.strike, quote.bid) for quote in found.quotes] == [(1, 1), (2, None), (21500, None)]
    assert (found.indexes, found.rejected) == ([0, 2, 3], 1)
    assert errors_of(found) == [(1, "strike", "duplicate_strike")]


@pytest.mark.parametrize(
    ("changed", "field", "code"),
    [
        ({"product": None}, "product", "missing"),
        ({"expiry": 1}, "expiry", "wrong_type"),
        ({"spotPrice": "much"}, "spotPrice", "invalid_number"),
        ({"calls": 7}, "calls", "wrong_type"),
        ({"quotes": []}, "quotes", "unknown_field"),
        ({"timestamp": -1}, "timestamp", "invalid_timestamp"),
    ],
)
def test_a_bad_chain_is_refused_whole(changed: dict[str, Any], field: str, code: str) -> None:
    found = decode_chain(body(CHAIN | changed), NOW_US, 10)
    assert [(error.field, error.code, error.index) for error in found.errors] == [(field, code, None)]
    sides = [dict[str, Any](CHAIN | changed)[name] for name in ("calls", "puts")]
    assert (len(found.quotes), found.rejected) == (0, sum(len(side) for side in sides if isinstance(side, list)))


def test_a_bad_chain_without_quotes_tells_what_is_wrong_with_it() -> None:
    command = decode_chain(body({"product": "NIFTY", "expiry": 1}), NOW_US, 10)
    rules = QuoteRules(FakeClock(NOW_US), 0)
    with pytest.raises(ValidationFailed) as caught:
        ProcessOptionQuotesValidator(rules, 10).validate(command)
    assert [error.field for error in caught.value.errors] == ["expiry"]


def decode_one(text: bytes, now_us: int, _quotes_max: int) -> ProcessOptionQuotes:
    return decode_quote(text, now_us)


@pytest.mark.parametrize("decode", [decode_one, decode_quotes, decode_quote_lines, decode_chain])
@pytest.mark.parametrize("text", [b"", b"\xff", b"[" * 60_000])
def test_what_cannot_be_parsed_is_malformed(decode: Any, text: bytes) -> None:
    try:
        found = decode(text, NOW_US, 10)
    except MalformedBody:
        return
    # Of lines, each is a quote of its own.
    assert (decode, found.rejected, found.errors[0].code) == (decode_quote_lines, 1, "malformed")


def test_what_is_not_the_right_kind_is_malformed() -> None:
    for decode, text in ((decode_quotes, b"{}"), (decode_chain, b"[]"), (decode_chain, b"7")):
        with pytest.raises(MalformedBody):
            decode(text, NOW_US, 10)
    assert errors_of(decode_quote(b"[]", NOW_US)) == [(0, "", "wrong_type")]


def test_more_contracts_than_allowed_are_refused_whole() -> None:
    many = [{"strike": strike} for strike in range(1, 100_001)]
    with pytest.raises(BatchTooLarge):
        decode_chain(body(CHAIN | {"calls": many}), NOW_US, 10_000)
    with pytest.raises(BatchTooLarge):
        decode_quotes(body([QUOTE] * 11), NOW_US, 10)
    with pytest.raises(BatchTooLarge):
        decode_quote_lines(b"\n".join([body(QUOTE)] * 11), NOW_US, 10)


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 10**18),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=5),
)
NAMES = st.sampled_from([*QUOTE, "bid_size", "last", "nonsense"])


@given(st.lists(st.dictionaries(NAMES, SCALARS).map(lambda changed: QUOTE | changed), max_size=4))
def test_both_parsers_read_the_same(quotes: list[dict[str, Any]]) -> None:
    text = body(quotes)
    if quotes:
        assert decode_quotes(text, NOW_US, 10) == option_decoding._sorted(read_json(text), NOW_US) or _same(text)
    chain = body(CHAIN | {"calls": [{key: each[key] for key in each if key != "product"} for each in quotes]})
    fast, strict = decode_chain(chain, NOW_US, 10), option_decoding._strict_chain(read_json(chain), NOW_US, 10)
    assert (fast.quotes.quotes, fast.errors, fast.rejected) == (strict.quotes.quotes, strict.errors, strict.rejected)


def _same(text: bytes) -> bool:
    fast, strict = decode_quotes(text, NOW_US, 10), option_decoding._sorted(read_json(text), NOW_US)
    return (fast.quotes.quotes, fast.errors, fast.rejected) == (strict.quotes.quotes, strict.errors, strict.rejected)
