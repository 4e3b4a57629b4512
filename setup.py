"""Adds the compiled engine to what pyproject.toml says, where MARKETDATA_COMPILED=1 asks for it.

The modules below are compiled by mypyc from the very source that runs interpreted otherwise. That takes mypy and a C
compiler, so installing must not need it.
"""

import os
from pathlib import Path

from setuptools import setup

# Everything that a tick passes in the domain. The rest of it is seldom run, or has nothing to gain.
ENGINE = (
    "moving_average",
    "price",
    "price_anomaly",
    "price_update",
    "sliding_window",
    "spike_rule",
    "symbol_book",
    "symbol_state",
    "symbol_statistics",
    "wide_symbol_state",
)


def _extensions() -> list[object]:
    if os.environ.get("MARKETDATA_COMPILED") != "1":
        return []
    from mypyc.build import mypycify  # noqa: PLC0415  # not installed where nothing is compiled

    os.environ.setdefault("MYPYPATH", "src")
    return list(mypycify([str(Path("src", "domain", f"{name}.py")) for name in ENGINE], opt_level="3"))


setup(ext_modules=_extensions())
