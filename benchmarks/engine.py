"""The engine alone: ticks that are objects already, into the states of their symbols."""

import time
from decimal import Decimal
from statistics import median
from typing import Any

from benchmarks.ingest import WrongResult
from benchmarks.ticks import Walks, count_spikes
from domain.price_update import PriceUpdate
from domain.spike_rule import SpikeRule
from domain.symbol_book import SymbolBook
from domain.symbol_state import StatisticsRules
from domain.ticks import Ticks

_TICKS = 200_000
_BATCH = 1000


def engine(rounds: int) -> list[dict[str, Any]]:
    """100 symbols with 20 ticks in the window of each, and one symbol with 1,001."""
    rows = []
    rates: dict[str, list[float]] = {}
    for _ in range(rounds):
        for side, symbols, in_window in (("100 symbols", 100, 20), ("1 dense symbol", 1, 1001)):
            rates.setdefault(side, []).append(_rate(symbols, in_window))
    for side, seen in rates.items():
        ratios = {} if side == "100 symbols" else {"100 symbols": median(seen) / median(rates["100 symbols"])}
        rows.append({"side": side, "per_second": median(seen), "unit": "ticks/s", "ratios": ratios})
    return rows


def _rate(symbols: int, in_window: int) -> float:
    ticks = Walks(symbols, in_window).take(_TICKS)
    updates = Ticks.of(PriceUpdate(tick.symbol, tick.price, tick.timestamp_ms * 1000) for tick in ticks)
    batches = [updates.part(at, at + _BATCH) for at in range(0, _TICKS, _BATCH)]
    book = SymbolBook(StatisticsRules(64, 1_000_000, SpikeRule(Decimal("2.0"))))
    spikes = 0
    start = time.perf_counter()
    for batch in batches:
        spikes += len(book.apply(batch).anomalies)
    seconds = time.perf_counter() - start
    sample = ticks[: 20 * in_window]
    checked = SymbolBook(StatisticsRules(64, 1_000_000, SpikeRule(Decimal("2.0"))))
    if len(checked.apply(updates.part(0, len(sample))).anomalies) != count_spikes(sample):
        raise WrongResult("the engine found other spikes than there are")
    return _TICKS / seconds
