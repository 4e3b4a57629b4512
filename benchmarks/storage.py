"""What storage costs: ingest with it against ingest without it, and posts that wait for the disk."""

import time
from collections.abc import Sequence
from typing import Any

from benchmarks.ingest import WrongResult, batch_slices, single_slices
from benchmarks.load import drive, request
from benchmarks.rows import row, rows_of
from benchmarks.sides import sides
from benchmarks.ticks import Tick, Walks

_ON = "storage on"
_OFF = "storage off"
_DURABLE_PER_CONNECTION = 40


def singles_stored(rounds: int) -> list[dict[str, Any]]:
    """One tick a request over 64 connections."""
    return _measure(*single_slices(rounds), "req/s")


def batches_stored(rounds: int) -> list[dict[str, Any]]:
    """JSON arrays of 1,000 ticks over 4 connections."""
    return _measure(*batch_slices(rounds), "ticks/s")


def durable(rounds: int) -> list[dict[str, Any]]:
    """Posts that are answered when they are on disk, many of which share a commit."""
    rows = []
    walks = Walks(512, 20)
    with sides(_ON) as running:
        for connections in (64, 512):
            rates = []
            for number in range(rounds + 1):
                ticks = walks.take(connections * _DURABLE_PER_CONNECTION)
                shares = [
                    [
                        request("/api/prices", tick.json, headers="Prefer: durable\r\n")
                        for tick in ticks[at::connections]
                    ]
                    for at in range(connections)
                ]
                seconds = drive(running[0].port, shares, 200)
                if number:
                    rates.append(len(ticks) / seconds)
            rows.append(row(f"{connections} connections", sorted(rates)[len(rates) // 2], "req/s"))
    return rows


def _measure(slices: Sequence[Sequence[Sequence[bytes]]], ticks: list[Tick], unit: str) -> list[dict[str, Any]]:
    per_round = len(ticks) / len(slices)
    rates: dict[str, list[float]] = {_ON: [], _OFF: []}
    off = {_OFF: {"STORAGE__ENABLED": "false"}}
    with sides(_ON, _OFF, own=off, PROCESSING__CHANNEL_CAPACITY="1000000") as running:
        for number, shares in enumerate(slices):
            for side in running if number % 2 else running[::-1]:
                seconds = drive(side.port, shares)
                start = time.perf_counter()
                # What is taken but not processed yet is work of this slice too.
                side.metrics()
                if number:
                    rates[side.name].append(per_round / (seconds + time.perf_counter() - start))
        for side in running:
            if side.metrics()["processed"] != len(ticks):
                raise WrongResult(f"{side.name} processed {side.metrics()['processed']} of {len(ticks)} ticks")
    return rows_of(rates, _ON, unit)
