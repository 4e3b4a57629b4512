"""Snapshots over HTTP: `GET /api/prices/{symbol}` against a bare ASGI app that answers fixed bytes of that length."""

from typing import Any

from benchmarks.ingest import WrongResult
from benchmarks.load import drive, get, request
from benchmarks.rows import rows_of
from benchmarks.sides import BARE, SERVICE, sides
from benchmarks.ticks import Walks

_CONNECTIONS = 64
_GETS_PER_ROUND = 25_600


def reading(rounds: int) -> list[dict[str, Any]]:
    """100 symbols over 64 connections, one request at a time on each."""
    ticks = Walks(100, in_window=20).take(100_000)
    paths = [f"/api/prices/{tick.symbol}" for tick in ticks[:100]]
    shares = [
        [get(paths[(number + at) % 100]) for at in range(_GETS_PER_ROUND // _CONNECTIONS)]
        for number in range(_CONNECTIONS)
    ]
    rates: dict[str, list[float]] = {SERVICE: [], BARE: []}
    with sides(SERVICE, BARE) as running:
        body = b"[" + b",".join(tick.json for tick in ticks[:10_000]) + b"]"
        drive(running[0].port, [[request("/api/prices/batch", body)]])
        running[0].metrics()
        for number in range(rounds + 1):
            for side in running if number % 2 else reversed(running):
                seconds = drive(side.port, shares, status=200)
                if number:
                    rates[side.name].append(_GETS_PER_ROUND / seconds)
        lengths = [len(side.get(paths[0])) for side in running]
        if abs(lengths[0] - lengths[1]) > 16:
            raise WrongResult(f"the answers are {lengths} bytes long")
    return rows_of(rates, SERVICE, "req/s")
