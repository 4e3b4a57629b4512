"""Singles and snapshots with `wrk` as the load generator: requests per second of a side's CPU time.

CPU time, because `wrk` on the second core is not always faster than the service on the first.
"""

import json
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.guarding import SIGN_IN, bearer, new_key
from benchmarks.ingest import WrongResult
from benchmarks.load import drive, get, request
from benchmarks.rows import rows_of
from benchmarks.sides import BARE, FASTAPI, SERVICE, Side, sides
from benchmarks.ticks import Walks

_SYMBOLS = 128
_CONNECTIONS = 64
_SECONDS = 3
_PREPARED = 512
# So many that all ticks have the same time: none is late, however often the script begins anew.
_IN_WINDOW = 1e12
_SIGNED_IN = "with sign-in and limits"
_OPEN = "without"
# All limits, so high that none is reached.
_LIMITS = {
    f"LIMITS__{name}_PER_SECOND": "10000000"
    for name in ("KEY_REQUESTS", "KEY_TICKS", "ADDRESS_REQUESTS", "ADDRESS_TICKS")
} | {"LIMITS__KEY_SYMBOLS": "1000000"}


def singles(rounds: int) -> list[dict[str, Any]]:
    """`POST /api/prices`, one tick a request."""
    ticks = Walks(_SYMBOLS, in_window=_IN_WINDOW).take(_PREPARED)
    prepared = [request("/api/prices", tick.json) for tick in ticks]
    return _measure((SERVICE, BARE, FASTAPI), prepared, rounds)


def reading(rounds: int) -> list[dict[str, Any]]:
    """`GET /api/prices/{symbol}`."""
    ticks = Walks(_SYMBOLS, in_window=_IN_WINDOW).take(_SYMBOLS)
    return _measure((SERVICE, BARE), [get(f"/api/prices/{tick.symbol}") for tick in ticks], rounds)


def singles_signed_in(rounds: int) -> list[dict[str, Any]]:
    """`POST /api/prices` with sign-in and rate limits, and without; both services store what they get."""
    if _is_missing():
        return []
    ticks = Walks(_SYMBOLS, in_window=_IN_WINDOW).take(_PREPARED)
    with TemporaryDirectory(prefix="marketdata-wrk-") as data:
        header = bearer(new_key(data, "feeder"))
        own = {_SIGNED_IN: {**SIGN_IN, **_LIMITS, "STORAGE__DATA_DIR": data}, _OPEN: {"STORAGE__ENABLED": "true"}}
        prepared = {
            _SIGNED_IN: [request("/api/prices", tick.json, header) for tick in ticks],
            _OPEN: [request("/api/prices", tick.json) for tick in ticks],
        }
        with sides(*prepared, own=own) as running:
            return rows_of(_rates(running, prepared, rounds), _SIGNED_IN, "req/CPU s")


def _measure(names: tuple[str, ...], prepared: list[bytes], rounds: int) -> list[dict[str, Any]]:
    if _is_missing():
        return []
    ticks = Walks(_SYMBOLS, in_window=_IN_WINDOW).take(_SYMBOLS)
    body = b"[" + b",".join(tick.json for tick in ticks) + b"]"
    with sides(*names) as running:
        drive(running[0].port, [[request("/api/prices/batch", body)]])
        return rows_of(_rates(running, dict.fromkeys(names, prepared), rounds), SERVICE, "req/CPU s")


def _is_missing() -> bool:
    missing = shutil.which("wrk") is None
    if missing:
        print("  skipped: wrk is not installed")
    return missing


def _rates(running: list[Side], prepared: dict[str, list[bytes]], rounds: int) -> dict[str, list[float]]:
    """The rates of every side in every round, by its own requests. The first round is a warm-up."""
    rates: dict[str, list[float]] = {side.name: [] for side in running}
    with TemporaryDirectory(prefix="marketdata-wrk-") as directory:
        scripts = {name: Path(directory, f"{at}.lua") for at, name in enumerate(prepared)}
        for name, script in scripts.items():
            script.write_text(_script(prepared[name]))
        for number in range(rounds + 1):
            turn = number % len(running)
            for side in running[turn:] + running[:turn]:
                rate = _requests_per_cpu_second(side, scripts[side.name])
                if number:
                    rates[side.name].append(rate)
    return rates


def _script(prepared: list[bytes]) -> str:
    lines = [f"requests[{at}] = {json.dumps(each.decode())}" for at, each in enumerate(prepared, 1)]
    rest = "local at = 0\nfunction request()\n  at = at % #requests + 1\n  return requests[at]\nend\n"
    return "\n".join(["local requests = {}", *lines, rest])


def _requests_per_cpu_second(side: Side, script: Path) -> float:
    before = side.cpu_seconds()
    command = ["wrk", "-t1", f"-c{_CONNECTIONS}", f"-d{_SECONDS}s", "-s", str(script), f"http://127.0.0.1:{side.port}"]
    report = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in report or "Socket errors" in report:
        raise WrongResult(f"{side.name} failed: {report}")
    requests = int(next(line for line in report.splitlines() if "requests in" in line).split()[0])
    return requests / (side.cpu_seconds() - before)
