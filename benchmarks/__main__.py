"""Runs the benchmarks: `python -m benchmarks [NAME...] [--rounds N] [--json FILE]`."""

import argparse
import json
import platform
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks import (
    cost,
    decoding,
    delay,
    desk,
    engine,
    ingest,
    machines,
    option_ingest,
    options,
    pipeline,
    reading,
    rules,
    storage,
    trades,
    watchers,
    wrk,
)
from infrastructure.engine import ENGINE

BENCHMARKS = {
    # Memory first, before other benchmarks allocate any.
    "memory": engine.memory,
    "singles": ingest.singles,
    "batches": ingest.batches,
    "arrow": ingest.arrow,
    "decoding": decoding.decoding,
    "stream": ingest.stream,
    "reading": reading.reading,
    "zeromq": trades.zeromq,
    "trades": trades.trades,
    "trades memory": trades.trades_memory,
    "machines": machines.machines,
    "machines delay": machines.machines_delay,
    "machines held": machines.machines_held,
    "singles wrk": wrk.singles,
    "reading wrk": wrk.reading,
    "sign-in wrk": wrk.singles_signed_in,
    "engine": engine.engine,
    "dense": engine.dense,
    "symbols": ingest.symbols,
    "engine symbols": engine.symbols,
    "delay": delay.delay,
    "pipeline": pipeline.pipeline,
    "cost": cost.cost,
    "singles stored": storage.singles_stored,
    "batches stored": storage.batches_stored,
    "arrow stored": storage.arrow_stored,
    "durable": storage.durable,
    "recovery": storage.recovery,
    "candles": storage.candles,
    "rules": rules.rules,
    "singles watched": watchers.singles_watched,
    "batches watched": watchers.batches_watched,
    "watchers": watchers.watchers,
    "held": watchers.held,
    "desk": desk.desk,
    "implied volatility": options.implied,
    "option chains": options.chains,
    "option chain steps": options.chain_steps,
    "option ingest": option_ingest.option_ingest,
    "option answers": option_ingest.option_answers,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which ones: {', '.join(BENCHMARKS)}")
    parser.add_argument("--rounds", type=int, default=7, help="how often the sides take turns")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    arguments = parser.parse_args()
    figures = {}
    for name in arguments.names or BENCHMARKS:
        print(f"\n{name}")
        figures[name] = BENCHMARKS[name](arguments.rounds)
        _print(figures[name])
    if arguments.json:
        arguments.json.write_text(json.dumps(_about() | {"figures": figures}, indent=2) + "\n")
    return 0


def _print(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        ratios = "  ".join(f"{ratio:.2f} x {name}" for name, ratio in row["ratios"].items())
        value = f"{row['value']:,.0f}" if row["value"] >= 1000 else f"{row['value']:.3g}"
        print(f"  {row['side']:32} {value:>12} {row['unit']:8} {ratios}")


def _about() -> dict[str, Any]:
    packages = ("marketdata", "litestar", "msgspec", "uvicorn", "uvloop", "httptools", "fastapi", "pydantic")
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"processor": _processor(), "system": platform.platform()},
        "versions": {"python": platform.python_version()} | {name: version(name) for name in packages},
        "engine": ENGINE,
        "command": " ".join(["python -m benchmarks", *sys.argv[1:]]),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")


if __name__ == "__main__":
    sys.exit(main())
