"""A recorded chain against a brute force written here; the figures are those of docs/options.md."""

import pytest

from domain.options.greeks import bsm_price
from domain.options.option_book import summary_at
from domain.options.option_model import OptionModel
from domain.options.spot import Spot, SpotSource
from domain.options.valuation import NoVolatility, Valuer
from support.option_chains import FOLDER, SAMPLE_US, chain_of, sample_quote, sample_rows

pytestmark = pytest.mark.skipif(FOLDER is None, reason="MARKETDATA_OPTION_RECORDINGS names no folder")
MODEL = OptionModel(rate=0.065)


def test_figures_equal_a_brute_force_over_the_rows() -> None:
    rows = sample_rows()
    calls = {float(row["strike"]): int(row["open_interest"]) for row in rows if row["option_type"] == "CALL"}
    puts = {float(row["strike"]): int(row["open_interest"]) for row in rows if row["option_type"] == "PUT"}
    volumes = {kind: sum(int(row["volume"]) for row in rows if row["option_type"] == kind) for kind in ("CALL", "PUT")}

    def pain(settled: float) -> float:
        of_calls = sum(interest * max(0, settled - strike) for strike, interest in calls.items())
        return of_calls + sum(interest * max(0, strike - settled) for strike, interest in puts.items())

    spot = float(rows[0]["spot"])
    found = summary_at(chain_of(map(sample_quote, rows)), MODEL)
    assert found.contracts == len(rows) == 440
    assert (found.total_call_oi, found.total_put_oi) == (sum(calls.values()), sum(puts.values()))
    assert found.pcr_oi == sum(puts.values()) / sum(calls.values())
    assert found.pcr_volume == volumes["PUT"] / volumes["CALL"]
    assert found.max_pain_strike == min(sorted(calls), key=pain)
    assert found.atm_strike == min(sorted(calls), key=lambda strike: abs(strike - spot))
    assert found.spot == Spot(spot, SpotSource.CHAIN, SAMPLE_US)


def test_no_volatility_comes_from_a_zero_bid_or_a_price_below_intrinsic() -> None:
    chain = chain_of(map(sample_quote, sample_rows()))
    spot = Spot(chain.spot or 0, SpotSource.CHAIN, SAMPLE_US)
    valuer = Valuer.of(chain, spot, MODEL)
    reasons: dict[NoVolatility | None, int] = {}
    for each in chain.quotes:
        found = valuer.value(each)
        reasons[found.reason] = reasons.get(found.reason, 0) + 1
        if found.iv is None:
            continue
        assert each.bid
        assert each.ask is not None
        middle = (float(each.bid) + float(each.ask)) / 2
        intrinsic = float(spot.price) - float(each.strike) if each.is_call else float(each.strike) - float(spot.price)
        assert middle > intrinsic
        assert found.iv > 0
        again = bsm_price(float(spot.price), float(each.strike), found.years, 0.065, 0, found.iv, each.is_call)
        assert again == pytest.approx(middle, abs=1e-8)
    assert reasons[NoVolatility.NO_PRICE] == 353
    assert reasons[None] + reasons[NoVolatility.BELOW_INTRINSIC] + reasons[NoVolatility.NO_PRICE] == 440
    assert reasons[None] > 0
