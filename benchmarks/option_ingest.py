"""What options take of the core that ticks are taken on, and how long their routes take meanwhile."""

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

_CHANGES = "10 changes of 40 contracts, and a look"
_WHOLE = "10 whole chains"
_EVERY_SECONDS = 0.1
_CHANGED = 40
_PATHS = ("chain?strikes=21000:22000", "pcr", "max-pain", "open-interest", "straddle", "greeks", "volatility-surface")


def option_ingest(rounds: int) -> list[dict[str, Any]]:
    """Changes of a chain of 4,000 contracts, by the time of the processor: what ten of them take of a second.

    40 contracts, and once in ten changes somebody looks at a part of the chain; and all of them, unwatched.
    """
    shares: dict[str, list[float]] = {_CHANGES: [], _WHOLE: []}
    with sides("a service", PROCESSING__CHANNEL_CAPACITY="1000000") as (side,):
        for number in range(rounds + 1):
            for name, bodies in ((_CHANGES, _changes()), (_WHOLE, [chain_body()] * 10)):
                before = side.cpu_seconds()
                for at, body in enumerate(bodies):
                    _post(side, body)
                    if name == _CHANGES and at % 10 == 0:
                        side.get(f"/api/options/NIFTY/{_PATHS[0]}")
                side.metrics()
                if number:
                    shares[name].append((side.cpu_seconds() - before) / len(bodies) * 10 * 100)
    return rows_of(shares, "", "% of a core")


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
