from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.numbers import written
from domain.options.exact import ratio, total
from domain.options.open_interest import BuildUp, at_the_close, build_up, resistance, split, support, totals
from domain.options.option_quote import OptionQuote
from domain.options.positions import Position
from support.option_chains import chain_of, quote

NUMBERS = st.one_of(st.integers(0, 10**12).map(float), st.decimals(0, 10**6, places=4).map(float))


@given(st.lists(st.tuples(st.booleans(), NUMBERS, NUMBERS), min_size=1, max_size=40))
def test_totals_and_ratios_are_exact(given: list[tuple[bool, float, float]]) -> None:
    chain = chain_of(
        quote(100 + at, is_call, open_interest=interest, volume=volume)
        for at, (is_call, interest, volume) in enumerate(given)
    )
    found = totals(chain)
    call_oi = sum(Fraction(written(interest)) for is_call, interest, _ in given if is_call)
    put_oi = sum(Fraction(written(interest)) for is_call, interest, _ in given if not is_call)
    call_volume = sum(Fraction(written(volume)) for is_call, _, volume in given if is_call)
    put_volume = sum(Fraction(written(volume)) for is_call, _, volume in given if not is_call)
    assert Fraction(written(found.call_open_interest)) == call_oi
    assert Fraction(written(found.put_open_interest)) == put_oi
    assert found.pcr_oi == (float(Fraction(put_oi) / call_oi) if call_oi else None)
    assert found.pcr_volume == (float(Fraction(put_volume) / call_volume) if call_volume else None)


def test_a_ratio_to_nothing_is_none() -> None:
    assert ratio(5.0, 0.0) is None
    assert total([]) == 0
    assert total([0.1, 0.2, None]) == 0.3


def test_open_interest_is_split_at_one_per_cent_of_the_spot() -> None:
    strikes = (98.9, 99.0, 100.0, 101.0, 101.1)
    calls = [quote(strike, True, open_interest=10.0**at) for at, strike in enumerate(strikes)]
    puts = [quote(strike, False, open_interest=10.0**at) for at, strike in enumerate(strikes)]
    of_calls, of_puts = split(calls, 100.0), split(puts, 100.0)
    assert (of_calls.itm, of_calls.atm, of_calls.otm) == (1, 1110, 10_000)
    assert (of_puts.itm, of_puts.atm, of_puts.otm) == (10_000, 1110, 1)


def test_resistance_is_above_the_spot_and_support_below() -> None:
    interests = {90: 5.0, 95: 7.0, 100: 99.0, 105: 7.0, 110: 7.0, 115: 8.0, 120: 0.0}
    chain = chain_of(
        quote(strike, is_call, open_interest=interest)
        for strike, interest in interests.items()
        for is_call in (True, False)
    )
    assert [each.strike for each in resistance(chain, 100.0, 2)] == [115, 105]
    assert [each.strike for each in support(chain, 100.0, 9)] == [95, 90]


@pytest.mark.parametrize(
    ("price", "interest", "expected"),
    [
        (11, 60, BuildUp.LONG_BUILD_UP),
        (9, 60, BuildUp.SHORT_BUILD_UP),
        (11, 40, BuildUp.SHORT_COVERING),
        (9, 40, BuildUp.LONG_UNWINDING),
        (10, 60, None),
        (11, 50, None),
        (None, 60, None),
        (11, None, None),
    ],
)
def test_build_up_is_told_by_price_and_open_interest(
    price: float | None, interest: float | None, expected: BuildUp | None
) -> None:
    each = OptionQuote("A", "2026-01-29", 1.0, True, 0, previous_open_interest=50.0, previous_close=10.0)
    assert build_up(Position(price, interest), at_the_close(each)) is expected
    assert build_up(Position(price, interest), at_the_close(each._replace(previous_close=None))) is None
