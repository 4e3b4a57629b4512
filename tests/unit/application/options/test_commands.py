from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.errors import BatchTooLarge, FieldError, ValidationFailed
from application.options.commands.process_option_quotes import (
    ProcessOptionQuotes,
    ProcessOptionQuotesHandler,
    ProcessOptionQuotesValidator,
)
from application.options.commands.quote_rules import QuoteRules
from domain.access.principal import Principal
from domain.access.role import Role
from domain.options.option_quote import OptionQuote
from domain.options.option_quotes import OptionQuotes
from support.fakes import START_US, FakeClock, FakeJournal
from support.processors import CountingProcessor

SKEW_US = 60_000_000
GOOD = OptionQuote("NIFTY", "2026-01-29", 21500.0, True, START_US, bid=1.0, ask=2.0)


def validated(*quotes: OptionQuote, **fields: Any) -> ProcessOptionQuotes:
    validator = ProcessOptionQuotesValidator(QuoteRules(FakeClock(), SKEW_US), 5)
    return validator.validate(ProcessOptionQuotes(OptionQuotes(list(quotes)), **fields))


@pytest.mark.parametrize(
    "quote",
    [
        GOOD,
        GOOD._replace(bid=0.0, ask=0.0, last=0.0, iv=0.0),
        GOOD._replace(bid=3.0),
        GOOD._replace(timestamp_us=START_US + SKEW_US),
        GOOD._replace(strike=Decimal("0.10000000000000000000001")),
        GOOD._replace(symbol="NIFTY26JAN21500CE", id="quote 1", spot=21500.5),
    ],
    ids=["plain", "zeros", "crossed", "as far ahead as allowed", "many digits", "all names"],
)
def test_good_quotes_pass_unchanged(quote: OptionQuote) -> None:
    assert validated(quote).quotes.quotes == [quote]


def test_names_are_trimmed_and_upper_cased() -> None:
    found = validated(GOOD._replace(product=" nifty ", symbol="nifty26"))
    assert [(each.product, each.symbol) for each in found.quotes] == [("NIFTY", "NIFTY26")]


@pytest.mark.parametrize(
    ("changed", "field", "code"),
    [
        ({"product": "NO SPACE"}, "product", "invalid_symbol"),
        ({"symbol": ""}, "symbol", "invalid_symbol"),
        ({"expiry": "29-01-2026"}, "expiry", "invalid_date"),
        ({"expiry": "2026-02-30"}, "expiry", "invalid_date"),
        ({"expiry": "2026-1-29"}, "expiry", "invalid_date"),
        ({"expiry": "0000-01-01"}, "expiry", "invalid_date"),
        ({"strike": 0.0}, "strike", "not_positive"),
        ({"strike": -1.0}, "strike", "not_positive"),
        ({"strike": float("inf")}, "strike", "out_of_range"),
        ({"strike": 1e300}, "strike", "out_of_range"),
        ({"strike": Decimal("1." + "1" * 60)}, "strike", "too_long"),
        ({"product": "P" * 33}, "product", "too_long"),
        ({"bid": -0.05}, "bid", "out_of_range"),
        ({"ask_size": -1.0}, "askSize", "out_of_range"),
        ({"previous_open_interest": float("nan")}, "previousOpenInterest", "out_of_range"),
        ({"iv": float("inf")}, "iv", "out_of_range"),
        ({"spot": 0.0}, "spotPrice", "not_positive"),
        ({"timestamp_us": START_US + SKEW_US + 1}, "timestamp", "in_the_future"),
        ({"id": ""}, "id", "invalid_id"),
        ({"id": "x" * 129}, "id", "invalid_id"),
    ],
)
def test_bad_quotes_are_named_by_field(changed: dict[str, Any], field: str, code: str) -> None:
    with pytest.raises(ValidationFailed) as caught:
        validated(GOOD._replace(**changed))
    assert [(error.field, error.code, error.index) for error in caught.value.errors] == [(field, code, 0)]
    assert caught.value.ticks == 1


def test_the_good_ones_of_a_batch_are_taken_and_the_bad_ones_named() -> None:
    before = FieldError("", "wrong_type", "must be a JSON object", 1)
    found = validated(
        GOOD, GOOD._replace(strike=-1.0), GOOD._replace(strike=3.0), indexes=[0, 2, 3], rejected=1, errors=(before,)
    )
    assert [quote.strike for quote in found.quotes] == [21500, 3]
    assert (found.indexes, found.rejected) == ([0, 3], 2)
    assert [(error.index, error.code) for error in found.errors] == [(1, "wrong_type"), (2, "not_positive")]


def test_a_key_writes_its_own_products_only() -> None:
    sender = Principal("k", "k", Role.FEEDER, ("NIF",))
    found = validated(GOOD, GOOD._replace(product="BANKNIFTY"), sender=sender)
    assert [quote.product for quote in found.quotes] == ["NIFTY"]
    assert [(error.index, error.code) for error in found.errors] == [(1, "forbidden_symbol")]


def test_batches_have_a_size() -> None:
    with pytest.raises(BatchTooLarge):
        validated(*[GOOD] * 6)
    with pytest.raises(ValidationFailed) as caught:
        validated()
    assert caught.value.errors[0].code == "empty"


async def test_quotes_are_submitted_and_the_rejected_counted() -> None:
    processor = CountingProcessor()
    handler = ProcessOptionQuotesHandler(processor, FakeJournal())
    error = FieldError("strike", "not_positive", "must be greater than 0", 1)
    result = await handler.handle(
        ProcessOptionQuotes(OptionQuotes([GOOD, GOOD]), indexes=[0, 2], rejected=1, errors=(error,))
    )
    assert (result.accepted, result.rejected, result.errors) == (2, 1, (error,))
    statistics = processor.statistics()
    assert (statistics.received, statistics.rejected) == (3, 1)


AMOUNTS = st.none() | st.sampled_from([0.0, 1.5, -1.0, 1.7e308, Decimal("0.10000000000000000000001"), Decimal(-1)])


@given(
    st.lists(
        st.builds(
            OptionQuote,
            st.sampled_from(["NIFTY", "nifty", "A" * 40, "A B", ""]),
            st.sampled_from(["2026-01-29", "2026-02-30"]),
            st.sampled_from([100.0, 1e15, 0.1, 0.0, -1.0, 1e300, Decimal(5)]),
            st.booleans(),
            st.sampled_from([START_US, START_US + 2 * SKEW_US]),
            bid=AMOUNTS,
            iv=AMOUNTS,
            spot=st.sampled_from([None, 0.0, 100.0]),
            symbol=st.sampled_from([None, None, "a"]),
            id=st.sampled_from([None, None, ""]),
        ),
        min_size=1,
        max_size=3,
    )
)
def test_what_is_known_to_be_valid_is(quotes: list[OptionQuote]) -> None:
    rules = QuoteRules(FakeClock(), SKEW_US)
    if rules.are_known_valid(OptionQuotes(quotes), rules.latest_us()):
        assert [rules.check(quote, rules.latest_us()) for quote in quotes] == [(quote, []) for quote in quotes]


def test_a_plain_chain_needs_no_full_check() -> None:
    rules = QuoteRules(FakeClock(), SKEW_US)
    chain = OptionQuotes([GOOD, GOOD._replace(is_call=False, bid=None, spot=21500.5)])
    assert rules.are_known_valid(chain, rules.latest_us())
