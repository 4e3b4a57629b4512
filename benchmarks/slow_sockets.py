"""500 slow clients beside good ones. `python -m benchmarks.slow_sockets [--json FILE]`.

A third dribbles heads, a third dribbles bodies, a third asks for `/metrics` again and again and never reads. Good
clients post and read all the while. Prints how long good requests took without them and meanwhile, and when the slow
ones were closed.
Fails if the 99th percentile more than doubles, a slow client outlives its deadline, or an account is wrong.
"""

import argparse
import asyncio
import json
import re
import select
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, cast

import uvloop

from benchmarks.flood_clients import Prober
from benchmarks.load import get, request
from benchmarks.sides import SERVICE, Side, sides
from benchmarks.ticks import Walks

_EACH = (167, 167, 166)
_GOOD = 8
_EVERY_SECONDS = 0.004
_ALONE_SECONDS = 20.0
# Few at a time, so that sending to all of them does not hold up the good clients here.
_AT_ONCE = 10
_PAUSE_SECONDS = 0.02
# Deadlines are looked at once a second.
_LATE_SECONDS = 3.0
_HEAD_SECONDS, _BODY_SECONDS = 10.0, 30.0
# Until a client that never reads is stuck, and its deadline begins: answers are shared, and fill its buffers slowly.
_FILLING_SECONDS = 15.0
_RATIO_MAX = 2.0

_HEAD = b"GET /api/prices HTTP/1.1\r\nHost: localhost\r\nX: "
_BODY = (
    b"POST /api/prices HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
)
_SCRAPES = get("/metrics") * 2000


@dataclass
class Slow:
    """One slow client. drip: what it sends now and then."""

    kind: str
    allowed_seconds: float
    first: bytes
    drip: bytes
    opened: float = 0.0
    closed_after: float | None = None
    connection: socket.socket = field(default_factory=socket.socket)

    def open(self, port: int) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.connection.connect(("127.0.0.1", port))
        self.connection.setblocking(False)
        self.opened = time.perf_counter()
        self.send(self.first)

    def send(self, data: bytes) -> None:
        try:
            self.connection.send(data)
        except OSError:
            # Full or closed.
            return


def crowd() -> list[Slow]:
    heads, bodies, deaf = _EACH
    return [
        *(Slow("dribbles a head", _HEAD_SECONDS, _HEAD, b"x") for _ in range(heads)),
        *(Slow("dribbles a body", _BODY_SECONDS, _BODY, b" ") for _ in range(bodies)),
        *(Slow("never reads", _FILLING_SECONDS + _BODY_SECONDS, _SCRAPES, b"") for _ in range(deaf)),
    ]


async def _dribble(slow: list[Slow], side: Side) -> None:
    """Open all, and go on until all are closed."""
    polling = select.poll()
    by_number = {}
    for at, each in enumerate(slow):
        each.open(side.port)
        by_number[each.connection.fileno()] = each
        if each.drip:
            polling.register(each.connection, select.POLLRDHUP)
        if at % _AT_ONCE == 0:
            await asyncio.sleep(_PAUSE_SECONDS)
    while by_number:
        now = time.perf_counter()
        left = await asyncio.to_thread(_connections, side) - _GOOD - 1
        for number, _ in polling.poll(0):
            polling.unregister(number)
            by_number.pop(number).closed_after = now - slow[0].opened
        if left <= sum(bool(each.drip) for each in by_number.values()):
            # One that never reads does not see its end.
            for number in [number for number, each in by_number.items() if not each.drip]:
                by_number.pop(number).closed_after = now - slow[0].opened
        if now - slow[0].opened > 2 * _BODY_SECONDS:
            return
        for at, each in enumerate(list(by_number.values())):
            if each.drip:
                each.send(each.drip)
            if at % _AT_ONCE == 0:
                await asyncio.sleep(_PAUSE_SECONDS)
        await asyncio.sleep(_PAUSE_SECONDS)


def _connections(side: Side) -> int:
    found = re.search(rb"^marketdata_connections (\S+)", side.get("/metrics"), re.MULTILINE)
    return 0 if found is None else int(float(found.group(1)))


async def _good(port: int, work: Callable[[], Any]) -> list[Prober]:
    """Post and read at an interval as long as `work` runs."""
    loop = asyncio.get_running_loop()
    ticks = Walks(_GOOD, in_window=1e12).take(_GOOD)
    requests = [
        request("/api/prices", tick.json) if at % 2 else get("/api/prices/S0000001") for at, tick in enumerate(ticks)
    ]
    probers = [Prober(one, _EVERY_SECONDS) for one in requests]
    for each in probers:
        await loop.create_connection(partial(_itself, each), "127.0.0.1", port)
    working = asyncio.ensure_future(work())
    running = [asyncio.create_task(each.run(time.perf_counter() + 3600)) for each in probers]
    await working
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    # What was sent last is answered too.
    await asyncio.sleep(1)
    for each in probers:
        each.transport.close()
    return probers


def _itself(prober: Prober) -> Prober:
    return prober


def _summary(probers: list[Prober]) -> dict[str, float]:
    seconds = sorted(taken for each in probers for taken in each.seconds)
    return {
        "requests": len(seconds),
        "median_ms": 1000 * seconds[len(seconds) // 2],
        "p99_ms": 1000 * seconds[int(len(seconds) * 0.99)],
        "slowest_ms": 1000 * seconds[-1],
    }


def measure(side: Side) -> dict[str, Any]:
    before = uvloop.run(_good(side.port, lambda: asyncio.sleep(_ALONE_SECONDS)))
    slow = crowd()
    during = uvloop.run(_good(side.port, lambda: _dribble(slow, side)))
    after = uvloop.run(_good(side.port, lambda: asyncio.sleep(_ALONE_SECONDS)))
    for each in slow:
        each.connection.close()
    accounts = side.metrics()
    taken = sum(each.statuses.get(b"202", 0) for each in (*before, *during, *after))
    closed = {
        kind: [each.closed_after for each in slow if each.kind == kind] for kind in dict.fromkeys(s.kind for s in slow)
    }
    return {
        "before and after": _summary([*before, *after]),
        "during": _summary(during),
        "closed_after_seconds": {
            kind: None if None in seconds else max(cast("list[float]", seconds)) for kind, seconds in closed.items()
        },
        "in_time": all((each.closed_after or 1e9) < each.allowed_seconds + _LATE_SECONDS for each in slow),
        "accounts_are_right": (accounts["received"], accounts["processed"]) == (taken, taken),
        "answers": {
            status.decode(): sum(each.statuses.get(status, 0) for each in during)
            for status in {status for each in during for status in each.statuses}
        },
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    arguments = parser.parse_args()
    with sides(SERVICE) as (side,):
        figures = measure(side)
    figures["p99_ratio"] = figures["during"]["p99_ms"] / figures["before and after"]["p99_ms"]
    print(json.dumps(figures, indent=2))
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n")
    return int(not (figures["in_time"] and figures["accounts_are_right"] and figures["p99_ratio"] <= _RATIO_MAX))


if __name__ == "__main__":
    sys.exit(main())
