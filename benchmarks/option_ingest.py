"""What options cost those who send ticks: the share of batch ingest that is kept while a chain changes."""

import json
import threading
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle
from typing import Any

from benchmarks.ingest import WrongResult, batch_slices
from benchmarks.load import drive
from benchmarks.options import MOMENT_MS, chain_body
from benchmarks.rows import rows_of
from benchmarks.sides import Side, sides

_ALONE = "ticks alone"
_CHANGES = "a chain of 4,000 contracts, 10 changes of 40 a second, looked at"
_WHOLE = "the same, 10 whole chains a second"
_EVERY_SECONDS = 0.1
_CHANGED = 40
_PATHS = ("chain?strikes=21000:22000", "pcr", "max-pain", "open-interest", "straddle", "greeks", "volatility-surface")


def option_ingest(rounds: int) -> list[dict[str, Any]]:
    """Arrays of 1,000 ticks over 4 connections: alone; while 40 of the 4,000 contracts of a chain change 10 times a
    second; and while all of it comes as often. Once a second somebody asks for a part of the chain.
    """
    slices, ticks = batch_slices(rounds)
    per_round = len(ticks) / len(slices)
    rates: dict[str, list[float]] = {name: [] for name in (_ALONE, _CHANGES, _WHOLE)}
    bodies = {_ALONE: [], _CHANGES: _changes(), _WHOLE: [chain_body()]}
    with sides(*rates, PROCESSING__CHANNEL_CAPACITY="1000000") as running:
        for side in running[1:]:
            _post(side, chain_body())
        for number, shares in enumerate(slices):
            turn = number % len(running)
            for side in running[turn:] + running[:turn]:
                with _changing(side, bodies[side.name]):
                    seconds = drive(side.port, shares)
                    start = time.perf_counter()
                    side.metrics()
                    seconds += time.perf_counter() - start
                if number:
                    rates[side.name].append(per_round / seconds)
        for side in running:
            if side.metrics()["processed"] != len(ticks):
                raise WrongResult(f"{side.name} has not processed all of {len(ticks)} ticks")
    return [rows_of({name: rates[name], _ALONE: rates[_ALONE]}, name, "ticks/s")[0] for name in (_CHANGES, _WHOLE)]


def option_answers(rounds: int) -> list[dict[str, Any]]:
    """Answers a second of each route, about a chain of 4,000 contracts that changes 10 times a second as ticks come."""
    slices, _ = batch_slices(rounds)
    rates: dict[str, list[float]] = {path: [] for path in _PATHS}
    with sides("a service", PROCESSING__CHANNEL_CAPACITY="1000000") as (side,):
        _post(side, chain_body())
        for shares in slices[1:]:
            stop = threading.Event()
            sender = threading.Thread(target=_drive_until, args=(stop, side, shares))
            with _changing(side, _changes()):
                sender.start()
                for path in _PATHS:
                    start = time.perf_counter()
                    side.get(f"/api/options/NIFTY/{path}")
                    rates[path].append(1 / (time.perf_counter() - start))
                stop.set()
                sender.join()
    return rows_of(rates, "", "answers/s")


def _drive_until(stop: threading.Event, side: Side, shares: Sequence[Sequence[bytes]]) -> None:
    while not stop.is_set():
        drive(side.port, shares)


@contextmanager
def _changing(side: Side, bodies: list[bytes]) -> Iterator[None]:
    """Post one of the bodies ten times a second, and look at the chain once a second."""
    stop = threading.Event()

    def change() -> None:
        for number, body in enumerate(cycle(bodies)):
            begun = time.monotonic()
            _post(side, body)
            if number % 10 == 0:
                side.get(f"/api/options/NIFTY/{_PATHS[0]}")
            if stop.wait(max(0.0, _EVERY_SECONDS - (time.monotonic() - begun))):
                return

    thread = threading.Thread(target=change)
    if bodies:
        thread.start()
    yield
    stop.set()
    if bodies:
        thread.join()


def _changes() -> list[bytes]:
    """Bodies that change 40 contracts each, in turn all of them."""
    whole = json.loads(chain_body())
    found = []
    for at in range(0, len(whole["calls"]), _CHANGED // 2):
        parts = {name: whole[name][at : at + _CHANGED // 2] for name in ("calls", "puts")}
        found.append(json.dumps(whole | parts).encode())
    return found


def _post(side: Side, body: bytes) -> None:
    # The chain expires in the past, so its time is another one.
    moment = MOMENT_MS + int(time.monotonic() * 1000) % 86_400_000
    body = body[:-1] + b',"timestamp":%d}' % moment
    url = f"http://127.0.0.1:{side.port}/api/options/chains"
    asked = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(asked) as answer:
        if json.loads(answer.read())["rejected"]:
            raise WrongResult("quotes were refused")
