"""The statistics against exact decimals, NumPy and pandas."""

import random
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.numbers import NUMBER_MAX, NUMBER_MIN, Number, narrow, written
from domain.trades.trade_state import TradeState
from domain.trades.trade_totals import TradeTotals

T0 = 1_769_860_800_000_000

# A quantity and whether it is bought.
Given = tuple[Number, bool]

decimals = st.decimals(min_value=0, max_value=Decimal(10) ** 12, allow_nan=False, places=8).map(narrow)
odd = st.sampled_from([narrow(Decimal(text)) for text in ("0.1000000000000000001", "1E-300", "1E+300", "7E-9")])
quantities = st.lists(st.tuples(st.one_of(decimals, odd), st.booleans()), min_size=1, max_size=60)


def state_of(trades: Sequence[Given], window: int = 10) -> TradeState:
    state = TradeState("A", window, TradeTotals())
    for at, (quantity, is_buy) in enumerate(trades):
        state.apply(is_buy, quantity, T0 + at, None)
    return state


def volume(trades: Sequence[Given]) -> Fraction:
    return sum((Fraction(written(quantity)) for quantity, _ in trades), Fraction(0))


@given(quantities)
def test_volumes_are_exact_in_decimals(trades: list[Given]) -> None:
    found = state_of(trades).snapshot()
    buys = [each for each in trades if each[1]]
    sells = [each for each in trades if not each[1]]
    assert Fraction(found.buy_volume) == volume(buys)
    assert Fraction(found.sell_volume) == volume(sells)
    assert Fraction(found.total_volume) == volume(trades)
    assert (found.buy_count, found.sell_count, found.trade_count) == (len(buys), len(sells), len(trades))


@given(quantities)
def test_window_is_that_of_exact_arithmetic(trades: list[Given]) -> None:
    found = state_of(trades).snapshot()
    last = trades[-10:]
    count, total = len(last), volume(last)
    variance = sum((Fraction(written(each)) ** 2 for each, _ in last), Fraction(0)) / count - (total / count) ** 2
    assert found.quantity.count == count
    assert found.quantity.mean == pytest.approx(float(total / count), rel=1e-14)
    assert found.quantity.deviation == pytest.approx(_root(variance), rel=1e-14)
    assert found.quantity.max == max(written(each) for each, _ in last)
    bought = volume([each for each in last if each[1]])
    assert Fraction(found.window_bought) == bought
    assert found.imbalance == pytest.approx(float((2 * bought - total) / total) if total else 0.0, rel=1e-14)


def _root(variance: Fraction) -> float:
    """A square root that neither overflows nor loses small ones."""
    scale = 10 ** max(0, 40 - len(str(variance.numerator // variance.denominator)))
    return float(Fraction(Decimal(int(variance * scale**2 * 10**400)).sqrt()) / scale / Fraction(10**200))


@pytest.mark.parametrize("seed", range(3))
def test_statistics_are_those_of_numpy_and_pandas(seed: int) -> None:
    source = random.Random(seed)
    trades = [(round(source.lognormvariate(0, 2), 4), source.random() < 0.5) for _ in range(5000)]
    state = TradeState("A", 100, TradeTotals())
    prices = [round(source.uniform(90, 110), 2) for _ in trades]
    for at, ((quantity, is_buy), price) in enumerate(zip(trades, prices, strict=True)):
        state.apply(is_buy, quantity, T0 + at, price)
    found = state.snapshot()
    frame = pd.DataFrame({"quantity": [each for each, _ in trades], "buy": [buy for _, buy in trades], "price": prices})
    last = frame["quantity"].to_numpy()[-100:]
    assert found.quantity.mean == pytest.approx(np.mean(last), rel=1e-12)
    assert found.quantity.deviation == pytest.approx(np.std(last), rel=1e-12)
    assert float(found.quantity.max) == np.max(last)
    sides = frame.groupby("buy")["quantity"].agg(["sum", "count"])
    assert float(found.buy_volume) == pytest.approx(sides.loc[True, "sum"], rel=1e-12)
    assert float(found.sell_volume) == pytest.approx(sides.loc[False, "sum"], rel=1e-12)
    assert (found.buy_count, found.sell_count) == (sides.loc[True, "count"], sides.loc[False, "count"])
    assert found.vwap == pytest.approx(np.average(prices, weights=frame["quantity"]), rel=1e-12)


def test_an_outlier_leaves_nothing_behind() -> None:
    trades: list[Given] = [(1e-8, True), (999999.0, False), *[(0.1, True)] * 10]
    quantity = state_of(trades).snapshot().quantity
    assert (quantity.mean, quantity.deviation, quantity.max) == (0.1, 0.0, Decimal("0.1"))


@pytest.mark.parametrize("extreme", [NUMBER_MAX, NUMBER_MIN, Decimal("1." + "3" * 63)])
def test_extreme_quantities_are_summed_exactly(extreme: Number) -> None:
    found = state_of([(extreme, True), (1e-8, True), (NUMBER_MAX, False)]).snapshot()
    assert Fraction(found.buy_volume) == Fraction(written(extreme)) + Fraction(1, 10**8)
    assert -1 <= found.imbalance <= 1


def test_late_trades_count_and_change_nothing_that_is_last() -> None:
    state = TradeState("A", 10, TradeTotals())
    assert not state.apply(True, 2.0, T0 + 1000, 10.0)
    assert state.apply(False, 1.0, T0, 20.0)
    found = state.snapshot()
    assert (found.trade_count, found.late_count, found.quantity.count) == (2, 1, 2)
    assert (found.last_quantity, found.last_price, found.last_trade_us) == (2.0, 10.0, T0 + 1000)
    assert found.vwap == pytest.approx(40 / 3)


def test_rate_is_over_ten_seconds_of_the_trades_own_time() -> None:
    state = TradeState("A", 5, TradeTotals())
    for second in range(20):
        for _ in range(3):
            state.apply(True, 1.0, T0 + second * 1_000_000, None)
    assert state.snapshot().per_second == 3.0
    state.apply(True, 1.0, T0 + 60_000_000, None)
    assert state.snapshot().per_second == 0.1
    # Too old to count.
    state.apply(True, 1.0, T0 + 50_000_000, None)
    assert state.snapshot().per_second == 0.1


@given(quantities, quantities, st.integers(1, 12))
def test_restored_state_goes_on_like_the_original(before: list[Given], after: list[Given], window: int) -> None:
    original = state_of(before, window)
    totals = TradeTotals()
    restored = TradeState("A", window, totals)
    restored.restore(original.checkpoint())
    for at, (quantity, is_buy) in enumerate(after):
        for state in (original, restored):
            state.apply(is_buy, quantity, T0 + at, 1.5)
            state.add_latency(at - 3)
    assert restored.snapshot() == original.snapshot()
    assert totals.bought.value == original.snapshot().buy_volume
    assert totals.buy_count + totals.sell_count == len(before) + len(after)


def test_smaller_window_keeps_the_newest() -> None:
    restored = TradeState("A", 2, TradeTotals())
    restored.restore(state_of([(1.0, True), (2.0, False), (4.0, True)], 3).checkpoint())
    quantity = restored.snapshot().quantity
    assert (quantity.count, quantity.mean, restored.snapshot().window_bought) == (2, 3.0, Decimal(4))
