"""Option chains for tests: built by hand, and recorded ones."""

import csv
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from domain.options.chain import Chain
from domain.options.chain_state import ChainState
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
