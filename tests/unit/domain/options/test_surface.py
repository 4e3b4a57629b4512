import math
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.options.chain import Chain
from domain.options.greeks import bsm_price
from domain.options.option_model import OptionModel
from domain.options.option_quote import OptionQuote
from domain.options.spot import Spot, SpotSource
from domain.options.surface import Arbitrage, Smile, arbitrage, smile_of, volatility_at
from domain.options.valuation import Valuer
from support.option_chains import T0_US, chain_of

MODEL = OptionModel(rate=0.05, dividend_yield=0.01)
SPOT = Spot(100.0, SpotSource.CHAIN, T0_US)
EXPIRIES = ("2026-02-26", "2026-04-30", "2026-12-31")
STRIKES = range(70, 141, 5)


def chain_with(expiry: str, price: Callable[[float, float, bool], float], strikes: range = STRIKES) -> Chain:
    years = MODEL.years(expiry, T0_US)
    # Exact, as a last price is.
    return chain_of(
        OptionQuote("A", expiry, float(strike), is_call, T0_US, last=price(strike, years, is_call))
        for strike in strikes
        for is_call in (True, False)
    )


def smiles_of(*chains: Chain) -> list[Smile]:
    found = [smile_of(each, Valuer.of(each, SPOT, MODEL).value, lambda _: True) for each in chains]
    return [each for each in found if each is not None]


def mixture(low: float, high: float, weight: float) -> Callable[[float, float, bool], float]:
    """Prices of a mixture of two volatilities: a smile, free of arbitrage by construction."""

    def price(strike: float, years: float, is_call: bool) -> float:
        one, other = (bsm_price(100, strike, years, 0.05, 0.01, each, is_call) for each in (low, high))
        return weight * one + (1 - weight) * other

    return price


@given(st.floats(0.1, 0.4), st.floats(0.4, 1.2), st.floats(0.1, 0.9))
@settings(max_examples=50)
def test_a_surface_free_of_arbitrage_has_no_flags(low: float, high: float, weight: float) -> None:
    # Strikes of the expiries differ, so that what lies between them is compared too.
    chains = [
        chain_with(expiry, mixture(low, high, weight), range(70 + at, 140, 5)) for at, expiry in enumerate(EXPIRIES)
    ]
    smiles = smiles_of(*chains)
    assert [len(smile.points) for smile in smiles] == [14, 14, 14]
    assert arbitrage(smiles) == []


def test_a_later_option_that_costs_less_is_flagged() -> None:
    smiles = smiles_of(
        chain_with(EXPIRIES[0], mixture(0.4, 0.4, 0.5)),
        chain_with(EXPIRIES[1], mixture(0.2, 0.2, 0.5)),
        chain_with(EXPIRIES[2], mixture(0.3, 0.3, 0.5)),
    )
    flags = arbitrage(smiles)
    assert {flag.kind for flag in flags} == {Arbitrage.CALENDAR}
    assert {flag.expiry for flag in flags} == {EXPIRIES[1]}
    assert all(flag.amount > 0 for flag in flags)
    # Total variance tells the same.
    near, far = (smile.points[6].total_variance for smile in smiles[:2])
    assert near > far


def test_a_strike_that_costs_too_much_is_flagged() -> None:
    fair = mixture(0.3, 0.3, 0.5)
    chain = chain_with(
        EXPIRIES[0], lambda strike, years, is_call: fair(strike, years, is_call) * (2.5 if strike == 115 else 1)
    )
    flags = arbitrage(smiles_of(chain))
    assert [(flag.kind, flag.strike) for flag in flags] == [(Arbitrage.BUTTERFLY, 115)]
    # Half of the two neighbours is worth more than the middle one costs, by so much.
    years = MODEL.years(EXPIRIES[0], T0_US)
    left, middle, right = (fair(strike, years, True) for strike in (110, 115, 120))
    expected = (2.5 * middle - (left + right) / 2) * math.exp(0.05 * years)
    assert flags[0].amount == pytest.approx(expected, rel=1e-6)


def test_points_are_out_of_the_money_with_their_total_variance() -> None:
    smile = smiles_of(chain_with(EXPIRIES[0], mixture(0.25, 0.25, 0.5)))[0]
    assert [point.strike for point in smile.points] == list(STRIKES)
    for point in smile.points:
        assert point.is_call == (point.strike >= smile.forward)
        assert point.moneyness == float(point.strike) / smile.forward
        assert point.iv == pytest.approx(0.25, abs=1e-9)
        assert point.total_variance == pytest.approx(0.0625 * smile.years, abs=1e-9)


def test_smiles_are_interpolated_in_total_variance_and_not_extrapolated() -> None:
    smile = smiles_of(chain_with(EXPIRIES[0], mixture(0.15, 0.6, 0.5)))[0]
    left, right = smile.points[3], smile.points[4]
    middle = math.sqrt(left.moneyness * right.moneyness)
    found = volatility_at(smile.points, smile.years, middle)
    assert found == pytest.approx(math.sqrt((left.total_variance + right.total_variance) / 2 / smile.years))
    assert volatility_at(smile.points, smile.years, left.moneyness) == left.iv
    assert volatility_at(smile.points, smile.years, 0.5) is None
    assert volatility_at(smile.points, smile.years, 1.5) is None
    low, high = smile.points[0].moneyness, smile.points[-1].moneyness
    assert smile.interpolated
    assert all(low <= moneyness <= high for moneyness, _ in smile.interpolated)


def test_a_chain_without_volatilities_has_no_smile() -> None:
    assert smiles_of(chain_with(EXPIRIES[0], lambda *_: 0.0)) == []
