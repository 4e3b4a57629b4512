"""Adds the compiled engine to what pyproject.toml says, where MARKETDATA_COMPILED=1 asks for it.

The modules below are compiled by mypyc from the very source that runs interpreted otherwise. That takes mypy and a C
compiler, so installing must not need it.
"""

import os
import shutil
import sys
import sysconfig
from pathlib import Path
from typing import Any

# What every tick passes, and is plain computation: no I/O, no async, no other library.
ENGINE = (
    "api/http/rate_limits",
    "api/ingest/fast_ticks",
    "api/ingest/member_scanner",
    "api/ingest/tick_scanner",
    "api/ingest/trade_scanner",
    "api/timestamps",
    "application/prices/commands/tick_rules",
    "application/processing/known_keys",
    "application/trades/commands/trade_rules",
    "domain/bars",
    "domain/book",
    "domain/columns",
    "domain/exact_moments",
    "domain/exact_sum",
    "domain/late_values",
    "domain/moving_average",
    "domain/numbers",
    "domain/options/black",
    "domain/options/greeks",
    "domain/options/implied_volatility",
    "domain/options/normal",
    "domain/prices/candle",
    "domain/prices/candle_book",
    "domain/prices/price_anomaly",
    "domain/prices/price_move",
    "domain/prices/price_update",
    "domain/prices/spike_rule",
    "domain/prices/symbol_book",
    "domain/prices/symbol_checkpoint",
    "domain/prices/symbol_state",
    "domain/prices/symbol_statistics",
    "domain/prices/ticks",
    "domain/prices/wide_symbol_state",
    "domain/rate",
    "domain/readings/reading",
    "domain/readings/reading_book",
    "domain/readings/readings",
    "domain/readings/rollup",
    "domain/readings/rollup_book",
    "domain/readings/sensor_checkpoint",
    "domain/readings/sensor_state",
    "domain/readings/sensor_statistics",
    "domain/rules/combined_monitor",
    "domain/rules/compilation",
    "domain/rules/deviation_monitor",
    "domain/rules/extreme_window",
    "domain/rules/level_monitor",
    "domain/rules/monitor",
    "domain/rules/move_monitor",
    "domain/rules/rate_monitor",
    "domain/rules/rule_index",
    "domain/rules/rule_monitor",
    "domain/rules/ruled_book",
    "domain/rules/stale_monitor",
    "domain/sliding_window",
    "domain/trades/latency_histogram",
    "domain/trades/quantity_window",
    "domain/trades/trade",
    "domain/trades/trade_book",
    "domain/trades/trade_candle",
    "domain/trades/trade_candle_book",
    "domain/trades/trade_checkpoint",
    "domain/trades/trade_rate",
    "domain/trades/trade_state",
    "domain/trades/trade_statistics",
    "domain/trades/trade_totals",
    "domain/trades/trades",
    "domain/vectors",
    "infrastructure/processing/admission",
    "infrastructure/processing/backlog",
    "infrastructure/processing/latency",
    "infrastructure/telemetry/meters",
)


_SOURCES = [Path("src", f"{name}.py") for name in ENGINE]


def _can_compile() -> bool:
    """Whether there is a C compiler, and what it needs of Python."""
    compiler = (os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc").split()[0]
    headers = Path(sysconfig.get_path("include"), "Python.h")
    return bool(shutil.which(compiler) or shutil.which("cc")) and headers.is_file()


def _extensions() -> list[Any]:
    if os.environ.get("MARKETDATA_COMPILED") != "1":
        return []
    from mypyc.build import mypycify  # noqa: PLC0415  # not installed where nothing is compiled

    os.environ.setdefault("MYPYPATH", "src")
    # One C file per module: the engine is slower when all modules are in one (docs/decisions/0010-one-engine.md).
    extensions = list(mypycify([str(source) for source in _SOURCES], opt_level="3", multi_file=True))
    if sys.platform != "win32":
        for extension in extensions:
            # What no other library can replace, the compiler may inline.
            extension.extra_compile_args.append("-fvisibility=hidden")
    return extensions


if "--engine-sources" in sys.argv:
    print(*_SOURCES)
elif "--can-compile" in sys.argv:
    sys.exit(not _can_compile())
else:
    from setuptools import setup  # not needed by the questions of the Makefile, nor there before anything is installed

    setup(ext_modules=_extensions())
