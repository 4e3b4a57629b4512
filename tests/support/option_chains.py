"""Option chains for tests: built by hand, and recorded ones."""

import csv
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from domain.options.chain import Chain
from domain.options.chain_state import ChainState
from domain.options.greeks import bsm_price
from domain.options.option_model import OptionModel
from domain.options.option_quote import OptionQuote

# 2026-01-28 10:00 in Kolkata.
T0_US = 1_769_574_600_000_000
EXPIRY = "2026-01-29"

# The folder of recorded chains, and the day of the sample in it, a minute before the expiry at 15:30 in Kolkata.
FOLDER = os.environ.get("MARKETDATA_OPTION_RECORDINGS")
SAMPLE_EXPIRY = "2025-12-23"
SAMPLE_US = 1_766_483_940_000_000


def quote(strike: float, is_call: bool, timestamp_us: int = T0_US, **fields: Any) -> OptionQuote:
    return OptionQuote("NIFTY", EXPIRY, float(strike), is_call, timestamp_us, **fields)


def chain_of(quotes: Iterable[OptionQuote]) -> Chain:
    state: ChainState | None = None
    for each in quotes:
        state = state or ChainState(each.product, each.expiry)
        state.put(each)
    assert state is not None
    return state.snapshot()


def chain_body(product: str, spot: float | None = 100.0, at_ms: int = T0_US // 1000, **fields: Any) -> dict[str, Any]:
    """A chain as it is posted, with a volatility of 30 % and open interest of its own at every strike."""
    years = OptionModel().years(str(fields.get("expiry", EXPIRY)), at_ms * 1000)
    sides: dict[str, list[dict[str, Any]]] = {"calls": [], "puts": []}
    for at, strike in enumerate(range(96, 106, 2)):
        for name, is_call in (("calls", True), ("puts", False)):
            price = bsm_price(spot or 100.0, strike, years, 0, 0, 0.3, is_call)
            sides[name].append(
                {
                    "strike": strike,
                    "bid": price * 0.999,
                    "ask": price * 1.001,
                    "openInterest": (at + 1) * (100 if is_call else 70),
                    "volume": 10 * (at + 1),
                }
            )
    said = {"product": product, "expiry": EXPIRY, "timestamp": at_ms, **sides, **fields}
    return said if spot is None else said | {"spotPrice": spot}


def sample_rows() -> list[dict[str, str]]:
    """The rows of the recorded chain: of NIFTY, near the close of its last day."""
    assert FOLDER is not None
    with Path(FOLDER, "nifty-option-chain.csv").open() as file:
        return list(csv.DictReader(file))


def sample_quote(row: dict[str, str]) -> OptionQuote:
    return OptionQuote(
        row["product"],
        SAMPLE_EXPIRY,
        float(row["strike"]),
        row["option_type"] == "CALL",
        SAMPLE_US,
        bid=float(row["bid"]),
        ask=float(row["ask"]),
        bid_size=float(row["bid_quantity"]),
        ask_size=float(row["ask_quantity"]),
        last=float(row["last"]),
        volume=float(row["volume"]),
        open_interest=float(row["open_interest"]),
        previous_open_interest=float(row["previous_open_interest"]),
        previous_close=float(row["previous_close"]),
        spot=float(row["spot"]),
    )
