from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from domain.numbers import Number, written
from domain.options.chain import Chain
from domain.options.max_pain import max_pain_strike, pain_curve
from support.option_chains import chain_of, quote

# As exchanges write them: whole lots, and fractions of coins.
INTERESTS = st.one_of(st.integers(0, 10**9).map(float), st.decimals(0, 1000, places=3).map(float), st.none())
STRIKES = st.one_of(st.integers(1, 100_000).map(float), st.integers(1, 10**7).map(lambda each: each / 100))


def brute_force(chain: Chain) -> dict[Number, Fraction]:
    pains = {}
    for settled in chain.rows:
        pain = Fraction(0)
        for row in chain.rows:
            away = Fraction(written(settled.strike)) - Fraction(written(row.strike))
            for each, owed in ((row.call, max(away, Fraction(0))), (row.put, max(-away, Fraction(0)))):
                if each is not None and each.open_interest is not None:
                    pain += Fraction(written(each.open_interest)) * owed
        pains[settled.strike] = pain
    return pains


@given(st.dictionaries(STRIKES, st.tuples(INTERESTS, INTERESTS, st.booleans()), min_size=1, max_size=30))
def test_pain_equals_brute_force_exactly(given: dict[float, tuple[float | None, float | None, bool]]) -> None:
    quotes = [quote(strike, True, open_interest=calls) for strike, (calls, _, _) in given.items()]
    quotes += [quote(strike, False, open_interest=puts) for strike, (_, puts, there) in given.items() if there]
    chain = chain_of(quotes)
    expected = brute_force(chain)
    curve = pain_curve(chain)
    assert {strike: Fraction(written(pain)) for strike, pain in curve} == expected
    assert [strike for strike, _ in curve] == sorted(expected)
    least = min(expected.values())
    lowest = min(strike for strike, pain in expected.items() if pain == least)
    assert max_pain_strike(curve) == (lowest if any(expected.values()) else None)


def test_of_equal_pains_the_lowest_strike_is_named() -> None:
    chain = chain_of([quote(100, True, open_interest=10.0), quote(110, False, open_interest=10.0), quote(105, True)])
    assert pain_curve(chain) == [(100.0, 100.0), (105.0, 100.0), (110.0, 100.0)]
    assert max_pain_strike(pain_curve(chain)) == 100


def test_a_chain_without_open_interest_has_no_max_pain() -> None:
    assert max_pain_strike(pain_curve(chain_of([quote(100, True), quote(110, False, open_interest=0.0)]))) is None
