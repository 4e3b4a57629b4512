import math
from typing import Any

import pytest

from domain.options.greeks import black76_greeks, bsm_greeks, bsm_price
from domain.options.option_model import OptionModel, Pricing
from domain.options.option_quote import OptionQuote
from domain.options.spot import Spot, SpotSource
from domain.options.valuation import NoVolatility, Valuation, Valuer
from support.option_chains import EXPIRY, T0_US, chain_of, quote

MODEL = OptionModel(rate=0.065, rates={"NIFTY": 0.05}, dividend_yields={"NIFTY": 0.01})
SPOT = Spot(100.0, SpotSource.CHAIN, T0_US)
YEARS = 85_800_000_000 / (365 * 86_400_000_000)


def valued(each: OptionQuote, model: OptionModel = MODEL, spot: Spot | None = SPOT) -> Valuation:
    return Valuer.of(chain_of([each]), spot, model).value(each)


def around(price: float) -> dict[str, Any]:
    return {"bid": price - 1e-3, "ask": price + 1e-3}


@pytest.mark.parametrize("strike", [97.0, 100.0, 102.0])
@pytest.mark.parametrize("is_call", [True, False])
def test_a_price_implies_the_volatility_it_was_made_with(strike: float, is_call: bool) -> None:
    years = MODEL.years(EXPIRY, T0_US)
    price = bsm_price(100, strike, years, 0.05, 0.01, 0.3, is_call)
    found = valued(quote(strike, is_call, **around(price)))
    assert found.iv == pytest.approx(0.3, rel=1e-6)
    assert found.forward == pytest.approx(100 * math.exp(0.04 * years))
    assert found.iv is not None
    assert found.greeks == bsm_greeks(100, strike, years, 0.05, 0.01, found.iv, is_call)
    assert bsm_price(100, strike, years, 0.05, 0.01, found.iv, is_call) == pytest.approx(price, abs=1e-8)


def test_by_black_76_the_forward_of_the_chain_counts_and_not_the_spot() -> None:
    model = OptionModel(pricing=Pricing.BLACK76, rate=0.05)
    years = model.years(EXPIRY, T0_US)
    quotes = [
        quote(strike, is_call, **around(bsm_price(120, strike, years, 0.05, 0.02, 0.4, is_call)))
        for strike in (115, 120, 125)
        for is_call in (True, False)
    ]
    valuer = Valuer.of(chain_of(quotes), SPOT, model)
    forward = 120 * math.exp(0.03 * years)
    for each in quotes:
        found = valuer.value(each)
        assert found.iv == pytest.approx(0.4, rel=1e-4)
        assert found.forward == pytest.approx(forward, abs=1e-9)
        assert found.greeks == pytest.approx(
            black76_greeks(forward, float(each.strike), years, 0.05, found.iv or 0, each.is_call), rel=1e-9
        )


@pytest.mark.parametrize(
    ("each", "reason"),
    [
        (quote(100, True), NoVolatility.NO_PRICE),
        (quote(100, True, bid=0.0, ask=2.0, last=1.0), NoVolatility.NO_PRICE),
        (quote(100, True, bid=3.0, ask=2.0, last=2.5), NoVolatility.NO_PRICE),
        (quote(90, True, bid=9.0, ask=9.5), NoVolatility.BELOW_INTRINSIC),
        (quote(110, False, bid=9.0, ask=9.5), NoVolatility.BELOW_INTRINSIC),
        (quote(100, True, bid=100.0, ask=101.0), NoVolatility.ABOVE_BOUND),
        (quote(100, True, T0_US + 2 * 86_400_000_000, bid=1.0, ask=2.0), NoVolatility.EXPIRED),
        (quote(100, True, MODEL.expires_us(EXPIRY), bid=1.0, ask=2.0), NoVolatility.EXPIRED),
    ],
)
def test_where_there_is_no_volatility_there_is_a_reason(each: OptionQuote, reason: NoVolatility) -> None:
    found = valued(each)
    assert (found.iv, found.reason, found.greeks) == (None, reason, None)


def test_without_a_spot_there_is_no_volatility() -> None:
    assert valued(quote(100, True, bid=1.0, ask=2.0), spot=None).reason is NoVolatility.NO_PRICE


def test_the_last_price_counts_where_there_is_no_bid() -> None:
    found = valued(quote(100, True, last=1.0))
    assert (found.price, found.reason) == (1.0, None)
    assert found.iv is not None
