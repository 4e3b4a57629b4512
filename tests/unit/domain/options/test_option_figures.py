"""Rules about options, through the book that shows them what comes."""

from decimal import Decimal

import pytest

from domain.options.greeks import bsm_price
from domain.options.option_book import OptionBook
from domain.options.option_figures import FiguresAfter, OptionFigures
from domain.options.option_model import OptionModel
from domain.options.option_quote import OptionQuote
from domain.options.option_quotes import OptionQuotes
from domain.rules.alert import Alert
from domain.rules.condition import Level
from domain.rules.rule import AlertSeverity, Rule
from domain.rules.rule_index import RuleIndex
from domain.rules.ruled_book import RuledBook
from support.option_chains import EXPIRY, T0_US, quote

SECOND_US = 1_000_000
LATER = "2026-02-26"
MODEL = OptionModel()


def rule(figure: str, above: float) -> Rule:
    return Rule(
        id=figure.lower().replace(" ", "-"),
        name=figure,
        subject="options",
        keys=("NIFTY",),
        condition=Level(above, None, figure),
        severity=AlertSeverity.WARNING,
        clear=None,
        cooldown_us=0,
        enabled=True,
        notify=(),
        note="",
    )


def ruled(*rules: Rule) -> RuledBook:
    index = RuleIndex()
    for each in rules:
        index.add(each)
    return RuledBook(OptionBook(MODEL, 1000), index, lambda quotes: [0.0] * len(quotes), lambda: T0_US)


def chain_at(second: int, put_interest: float, expiry: str = EXPIRY) -> list[OptionQuote]:
    at_us = T0_US + second * SECOND_US
    sides = ((True, 100.0), (False, put_interest))
    return [
        quote(100, is_call, at_us, bid=4.0, ask=6.0, open_interest=interest, spot=100.0)._replace(expiry=expiry)
        for is_call, interest in sides
    ]


def alerts_of(book: RuledBook, quotes: list[OptionQuote], size: int) -> list[Alert]:
    """The alerts of quotes that come in batches of a size."""
    found: list[Alert] = []
    for at in range(0, len(quotes), size):
        applied = book.apply(OptionQuotes(quotes[at : at + size]))
        assert applied.troubles == []
        found += [each for each in applied.updates if isinstance(each, Alert)]
    return found


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_a_figure_of_a_chain_is_that_at_the_end_of_a_second_however_quotes_are_put_into_batches(size: int) -> None:
    interests = (50.0, 130.0, 90.0, 90.0)
    quotes = [each for second, interest in enumerate(interests) for each in chain_at(second, interest)]
    alerts = alerts_of(ruled(rule("pcr", 1.2)), quotes, size)
    assert [(each.state.value, each.value, each.raised_us - T0_US) for each in alerts] == [
        ("raised", 1.3, 2 * SECOND_US),
        ("resolved", 1.3, 2 * SECOND_US),
    ]
    assert {each.id for each in alerts} == {each.id for each in alerts_of(ruled(rule("pcr", 1.2)), quotes, 1)}


def test_a_figure_of_a_contract_is_known_with_its_quote() -> None:
    book = ruled(rule(f"openInterest {EXPIRY}-100-P", 120), rule(f"spread {EXPIRY}-100-C", 30), rule("iv", 5.0))
    alerts = alerts_of(book, chain_at(0, 130.0), 1)
    assert [(each.rule_name, each.value) for each in alerts] == [
        (f"spread {EXPIRY}-100-C", 40.0),
        (f"openInterest {EXPIRY}-100-P", 130.0),
    ]


def figures_after(quotes: list[OptionQuote], place: int) -> FiguresAfter:
    book = OptionBook(MODEL, 1000)
    assert book.publish_figures({"NIFTY"})
    applied = book.apply(OptionQuotes(quotes))
    assert applied.figures_at is not None
    found: FiguresAfter = applied.figures_at(place)
    return found


def test_without_a_part_a_figure_is_of_the_nearest_expiry() -> None:
    quotes = [*chain_at(0, 70.0), *chain_at(0, 30.0, LATER), *chain_at(1, 0.0), *chain_at(1, 0.0, LATER)]
    near, far = figures_after(quotes, 4), figures_after(quotes, 6)
    assert [near.get("pcr"), near.get(f"pcr {EXPIRY}"), near.get(f"pcr {LATER}")] == [0.7, 0.7, None]
    assert [far.get("pcr"), far.get(f"pcr {EXPIRY}"), far.get(f"pcr {LATER}")] == [None, None, 0.3]
    # Nothing has ended with the others.
    assert [figures_after(quotes, place).get("pcr") for place in (0, 1, 2, 3, 5, 7)] == [None] * 6
    assert near.get("openInterest") == 170
    # At one strike nobody is in pain.
    assert near.get("maxPainDistance") is None
    wide = [each._replace(strike=strike) for each in chain_at(0, 70.0) for strike in (98.0, 103.0)]
    assert figures_after([*wide, *chain_at(1, 0.0)], 4).get("maxPainDistance") == pytest.approx(-2)
    assert near.get("spread") == pytest.approx(40)
    years = MODEL.years(EXPIRY, T0_US)
    assert bsm_price(100.0, 100.0, years, 0.0, 0.0, near.get("iv"), is_call=True) == pytest.approx(5.0, abs=1e-8)


def test_what_a_quote_does_not_tell_is_not_known() -> None:
    quotes = [
        quote(100, True, bid=0.0, ask=2.0),
        quote(100, True, bid=3.0, ask=2.0),
        quote(100, True, bid=2.0, ask=3.0),
        quote(100, True, bid=2.0, ask=3.0, spot=Decimal(100)),
    ]
    part = f"{EXPIRY}-100-C"
    for place, spread, has_iv in ((0, None, False), (1, None, False), (2, 40.0, False), (3, 40.0, True)):
        found = figures_after(quotes, place)
        assert found.get(f"spread {part}") == spread
        assert (found.get(f"iv {part}") is not None) == has_iv
        assert found.get(f"pcr {part}") is None
        assert found.get(f"openInterest {part}") is None
        assert found.get(f"spread {EXPIRY}-100-P") is None


def test_expired_chains_are_not_the_nearest() -> None:
    after_us = MODEL.expires_us(EXPIRY)
    seconds = (after_us - T0_US) // SECOND_US
    quotes = [
        *chain_at(0, 70.0),
        *chain_at(seconds, 30.0, LATER),
        *chain_at(seconds + 1, 0.0),
        *chain_at(seconds + 2, 0.0, LATER),
    ]
    assert figures_after(quotes, 4).get("pcr") is None
    assert figures_after(quotes, 6).get("pcr") == 0.3
    assert OptionFigures([], MODEL).at(0).get("pcr") is None
