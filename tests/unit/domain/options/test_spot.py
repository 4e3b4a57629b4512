import math
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.options.greeks import bsm_price
from domain.options.option_model import OptionModel
from domain.options.spot import Spot, SpotSource, at_the_money, implied_forward, spot_of, straddle
from support.option_chains import EXPIRY, T0_US, chain_of, quote

MODEL = OptionModel(rate=0.065, dividend_yield=0.012)
PRICED = Spot(99.0, SpotSource.PRICES, T0_US)


def both(strike: float, call: float, put: float, **fields: Any) -> list[Any]:
    return [
        quote(strike, True, bid=call - 0.01, ask=call + 0.01, **fields),
        quote(strike, False, bid=put - 0.01, ask=put + 0.01, **fields),
    ]


@pytest.mark.parametrize(
    ("expiry", "moment", "seconds"),
    [
        ("2026-01-29", "2026-01-29T09:59:59Z", 1),
        ("2026-01-29", "2026-01-28T10:00:00Z", 86_400),
        ("2026-01-29", "2026-01-29T10:00:01Z", -1),
        ("2028-03-01", "2028-02-28T10:00:00Z", 2 * 86_400),
    ],
)
def test_time_to_expiry_is_exact_to_the_second(expiry: str, moment: str, seconds: int) -> None:
    moment_us = int(datetime.fromisoformat(moment).timestamp()) * 1_000_000
    assert OptionModel().years(expiry, moment_us) == seconds / (365 * 86_400)


def test_an_expiry_follows_the_clocks_of_its_zone() -> None:
    new_york = OptionModel(expiry_zone="America/New_York")
    hours = [(new_york.expires_us(day) // 3_600_000_000) % 24 for day in ("2026-03-06", "2026-03-09")]
    assert hours == [20, 19]


def test_the_spot_of_the_chain_comes_first_then_the_price_then_parity() -> None:
    quotes = both(100, 5, 4)
    own = chain_of([each._replace(spot=101.5) for each in quotes])
    assert spot_of(own, MODEL, lambda: PRICED) == Spot(101.5, SpotSource.CHAIN, T0_US)
    assert spot_of(chain_of(quotes), MODEL, lambda: PRICED) == PRICED
    implied = spot_of(chain_of(quotes), MODEL, lambda: None)
    assert implied is not None
    assert implied.source is SpotSource.IMPLIED
    assert implied.price == pytest.approx(101, abs=0.1)
    assert spot_of(chain_of([quote(100, True, bid=1.0, ask=2.0)]), MODEL, lambda: None) is None


@given(st.floats(50, 150), st.floats(0.05, 1.0))
def test_the_implied_forward_is_that_of_the_prices(spot: float, volatility: float) -> None:
    years = MODEL.years(EXPIRY, T0_US)
    quotes = []
    for strike in range(40, 161, 10):
        call, put = (
            bsm_price(spot, strike, years, MODEL.rate, MODEL.dividend_yield, volatility, is_call)
            for is_call in (True, False)
        )
        quotes += [quote(strike, True, last=call), quote(strike, False, last=put)]
    chain = chain_of(quotes)
    forward = spot * math.exp((MODEL.rate - MODEL.dividend_yield) * years)
    found = implied_forward(chain, MODEL)
    if found is not None:
        assert found == pytest.approx(forward, abs=1e-9)
        implied = spot_of(chain, MODEL, lambda: None)
        assert implied is not None
        assert implied.price == pytest.approx(spot, abs=1e-9)


def test_the_nearest_strike_is_at_the_money_of_two_the_lower() -> None:
    chain = chain_of([*both(100, 5, 4), *both(110, 2, 9)])
    for spot, strike in ((104.9, 100), (105.0, 100), (105.1, 110), (1.0, 100)):
        row = at_the_money(chain, spot)
        assert row is not None
        assert row.strike == strike


def test_a_straddle_costs_call_and_put_and_pays_for_a_move() -> None:
    chain = chain_of(both(100, 5, 4))
    found = straddle(chain.rows[0], chain, 102.0, MODEL)
    assert (found.price, found.move_percent) == (9.0, 9.0 / 102 * 100)
    one_sided = chain_of([quote(100, True, bid=1.0, ask=2.0), quote(100, False, bid=0.0, ask=2.0)])
    assert straddle(one_sided.rows[0], one_sided, 102.0, MODEL).price is None


@pytest.mark.parametrize(
    ("fields", "age_us", "expected"),
    [
        ({"bid": 1.0, "ask": 3.0, "last": 9.0}, 0, 2.0),
        ({"bid": 2.0, "ask": 2.0}, 0, 2.0),
        ({"bid": 0.0, "ask": 3.0, "last": 9.0}, 0, 9.0),
        ({"bid": 0.0, "ask": 3.0}, 0, None),
        ({"bid": 4.0, "ask": 3.0, "last": 9.0}, 0, 9.0),
        ({"ask": 3.0, "last": 9.0}, 0, 9.0),
        ({"last": 9.0}, 60_000_000, 9.0),
        ({"last": 9.0}, 60_000_001, None),
        ({"last": 0.0}, 0, None),
        ({}, 0, None),
    ],
)
def test_the_price_used_is_the_middle_else_a_new_last(
    fields: dict[str, Any], age_us: int, expected: float | None
) -> None:
    assert MODEL.price_used(quote(100, True, **fields), T0_US + age_us) == expected
