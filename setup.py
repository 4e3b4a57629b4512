"""Adds the compiled engine to what pyproject.toml says, where MARKETDATA_COMPILED=1 asks for it.

The modules below are compiled by mypyc from the very source that runs interpreted otherwise. That takes mypy and a C
compiler, so installing must not need it.
"""

import os
from pathlib import Path

from setuptools import setup

# What every tick passes, and is plain computation: no I/O, no async, no other library.
ENGINE = (
    "api/plain_ticks",
    "api/timestamps",
    "application/commands/tick_rules",
    "domain/candle",
    "domain/candle_book",
    "domain/late_prices",
    "domain/moving_average",
    "domain/price",
    "domain/price_anomaly",
    "domain/price_update",
    "domain/sliding_window",
    "domain/spike_rule",
    "domain/symbol_book",
    "domain/symbol_memento",
    "domain/symbol_state",
    "domain/symbol_statistics",
    "domain/ticks",
    "domain/vectors",
    "domain/wide_symbol_state",
    "infrastructure/processing/admission",
    "infrastructure/processing/backlog",
    "infrastructure/processing/latency",
    "infrastructure/telemetry/meters",
)


def _extensions() -> list[object]:
    if os.environ.get("MARKETDATA_COMPILED") != "1":
        return []
    from mypyc.build import mypycify  # noqa: PLC0415  # not installed where nothing is compiled

    os.environ.setdefault("MYPYPATH", "src")
    return list(mypycify([str(Path("src", f"{name}.py")) for name in ENGINE], opt_level="3"))


setup(ext_modules=_extensions())
