"""Ticks over HTTP: the service against a bare ASGI app and against FastAPI by hand, in alternating slices."""

import time
from collections.abc import Sequence
from statistics import median
from typing import Any

from benchmarks.load import drive, request
from benchmarks.sides import BARE, FASTAPI, SERVICE, Side, sides
from benchmarks.ticks import Tick, Walks, count_spikes

_SYMBOLS = 128
_CONNECTIONS = 64
_SINGLES_PER_ROUND = 12_800
_BATCH = 1000
_BATCHES_PER_ROUND = 64
_BATCH_CONNECTIONS = 4


class WrongResult(Exception):
    """A side counted other ticks or other spikes than the ticks hold."""


def singles(rounds: int) -> list[dict[str, Any]]:
    """One tick a request over 64 connections, each of which has symbols of its own so that their order holds."""
    walks = Walks(_SYMBOLS, in_window=20)
    slices = []
    ticks = []
    for _ in range(rounds + 1):
        these = walks.take(_SINGLES_PER_ROUND)
        ticks += these
        shares: list[list[bytes]] = [[] for _ in range(_CONNECTIONS)]
        for tick in these:
            shares[int(tick.symbol[1:]) % _CONNECTIONS].append(request("/api/prices", tick.json))
        slices.append(shares)
    return _measure(slices, ticks, _SINGLES_PER_ROUND, "req/s")


def batches(rounds: int) -> list[dict[str, Any]]:
    """JSON arrays of 1,000 ticks over 4 connections, each with symbols of its own."""
    walks = [Walks(_SYMBOLS, in_window=20, seed=seed) for seed in range(_BATCH_CONNECTIONS)]
    slices = []
    ticks = []
    for _ in range(rounds + 1):
        shares = []
        for number, walk in enumerate(walks):
            bodies = []
            for _ in range(_BATCHES_PER_ROUND // _BATCH_CONNECTIONS):
                these = [Tick(f"C{number}{tick.symbol}", tick.price, tick.timestamp_ms) for tick in walk.take(_BATCH)]
                ticks += these
                bodies.append(request("/api/prices/batch", b"[" + b",".join(tick.json for tick in these) + b"]"))
            shares.append(bodies)
        slices.append(shares)
    return _measure(slices, ticks, _BATCH * _BATCHES_PER_ROUND, "ticks/s")


def _measure(
    slices: Sequence[Sequence[Sequence[bytes]]], ticks: list[Tick], per_round: int, unit: str
) -> list[dict[str, Any]]:
    names = (SERVICE, BARE, FASTAPI)
    rates: dict[str, list[float]] = {name: [] for name in names}
    with sides(*names, PROCESSING__CHANNEL_CAPACITY="1000000") as running:
        for number, shares in enumerate(slices):
            # Who goes first changes from round to round; the first round only warms up.
            for side in running[number % 3 :] + running[: number % 3]:
                seconds = drive(side.port, shares)
                start = time.perf_counter()
                if side.name != BARE:
                    # What is taken but not processed yet is work of this slice too.
                    side.metrics()
                if number:
                    rates[side.name].append(per_round / (seconds + time.perf_counter() - start))
        for side in running:
            if side.name != BARE:
                _check(side, ticks)
    return [
        {
            "side": name,
            "per_second": median(rates[name]),
            "unit": unit,
            "ratios": {
                other: median(ours / theirs for ours, theirs in zip(rates[name], rates[other], strict=True))
                for other in names
                if name == SERVICE and other != name
            },
        }
        for name in names
    ]


def _check(side: Side, ticks: list[Tick]) -> None:
    metrics = side.metrics()
    expected = len(ticks), count_spikes(ticks)
    found = metrics["processed"], metrics["anomalies"]
    if found != expected:
        raise WrongResult(f"{side.name} counted {found} ticks and spikes, there are {expected}")
