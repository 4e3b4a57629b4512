"""A soak test: sends batches in a closed loop for minutes, with storage on; fails if a tick is lost or memory grows.

`python -m benchmarks.soak [--seconds N] [--json FILE]`.
"""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import uvloop

from benchmarks.load import request
from benchmarks.sides import SERVICE, Side, resident_mib, sides
from benchmarks.ticks import START_MS, Walks

_CONNECTIONS = 4
_BATCH = 1000
_BATCHES = 64
_SYMBOLS = 128
# Ticks of a symbol in a second, about: so many that prices are calm, and hardly one is a spike.
_IN_WINDOW = 10_000.0
_SAMPLE_SECONDS = 10
# Of the log, so that pruning begins within the first fifth; with the default it would after two minutes.
_LOG_MB = 64
# Allowed memory growth from the end of the first fifth to the end, as a fraction.
_GROWTH_MAX = 0.05


class _Feeder(asyncio.Protocol):
    """Sends the next batch when the last one is answered, until `stopping`."""

    def __init__(self, batches: Iterator[bytes]) -> None:
        self._batches = batches
        self._unanswered = 0
        self.accepted = 0
        self.stopping = False
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(next(self._batches))

    def data_received(self, data: bytes) -> None:
        if not data.endswith(b'{"accepted":%d,"rejected":0,"errors":[]}' % _BATCH):
            self.done.set_exception(RuntimeError(f"unexpected answer: {data[:300]!r}"))
            return
        self.accepted += _BATCH
        if self.stopping:
            self.done.set_result(None)
        else:
            self._transport.write(next(self._batches))


def _endless(number: int) -> Iterator[bytes]:
    """The batches of one connection: the same prices over and over, each batch with the time at which it is sent."""
    walk = Walks(_SYMBOLS, _IN_WINDOW, seed=number)
    start = b":%d" % START_MS
    bodies = []
    for _ in range(_BATCHES):
        text = ",".join(
            f'{{"symbol":"C{number}{tick.symbol}","price":{tick.price!r},"timestamp":{START_MS}}}'
            for tick in walk.take(_BATCH)
        )
        bodies.append(request("/api/prices/batch", f"[{text}]".encode()))
    while True:
        for body in bodies:
            yield body.replace(start, b":%d" % (time.time_ns() // 1_000_000))


async def _feed(side: Side, seconds: float) -> tuple[int, float, list[float]]:
    """Ticks accepted, the seconds it took, and samples of the service's memory in MiB."""
    loop = asyncio.get_running_loop()
    feeders = [
        (await loop.create_connection(lambda number=number: _Feeder(_endless(number)), "127.0.0.1", side.port))[1]  # type: ignore[misc]
        for number in range(_CONNECTIONS)
    ]
    start = time.monotonic()
    memory = []
    while time.monotonic() - start < seconds:
        await asyncio.sleep(min(_SAMPLE_SECONDS, seconds / 10))
        memory.append(resident_mib(side.pid))
        taken = sum(each.accepted for each in feeders)
        print(f"  {time.monotonic() - start:5.0f} s {taken:>14,} ticks {memory[-1]:7.1f} MiB")
    for each in feeders:
        each.stopping = True
    await asyncio.gather(*(each.done for each in feeders))
    return sum(each.accepted for each in feeders), time.monotonic() - start, memory


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    arguments = parser.parse_args()
    with sides(SERVICE, STORAGE__ENABLED="true", RETENTION__TICKS_MAX_MB=str(_LOG_MB)) as (side,):
        accepted, seconds, memory = uvloop.run(_feed(side, arguments.seconds))
        accounts = side.metrics()
    settled = memory[len(memory) // 5]
    figures: dict[str, Any] = {
        "seconds": seconds,
        "ticks": accepted,
        "ticks_per_second": accepted / seconds,
        "memory_mib": {"after a fifth": settled, "at the end": memory[-1], "most": max(memory)},
        "accounts": {name: value for name, value in accounts.items() if isinstance(value, int)},
    }
    print(json.dumps(figures, indent=2))
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n")
    exact = all(accounts[name] == accepted for name in ("received", "accepted", "processed"))
    if not exact or any(accounts[name] for name in ("rejected", "dropped", "queued", "failed", "late")):
        print("the accounts do not agree with what was sent")
        return 1
    if memory[-1] > settled * (1 + _GROWTH_MAX):
        print("the memory grew")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
