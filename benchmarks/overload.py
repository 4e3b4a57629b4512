"""Overload: more connections and more ticks than the service can take, under every full mode.

`make overload` prints a table: closed loops (every connection waits for its answer), an open loop (five times what can
be taken is offered, whatever the answers), and one polite client, one reader and one watcher among them. A count that
does not agree with what was sent, a tick lost in a closed loop, or memory that grows ends it with exit status 1.
"""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, cast

import uvloop

from benchmarks.load import get, request
from benchmarks.sides import SERVICE, Side, resident_mib, sides
from benchmarks.ticks import Walks
from benchmarks.watching import Watcher

MODES = ("wait", "drop_oldest", "drop_newest", "reject")
_CLOSED = (4, 64, 512)
_OPEN = (4, 64, 512)
_TIMES_TOO_MUCH = 5
_BATCH = 1000
_BODIES = 4
_SINGLES = 64
# Over all connections, so that the engine has the same to do however many there are.
_SYMBOLS = 1024
# Ticks of a symbol within a second, about, so that steps are small enough for spikes to be rare.
_IN_WINDOW = 1000
# Stands where the moment of sending goes.
_NOW = b"=" * 13
# Stands where the name of the connection goes.
_CONNECTION = b"####"
_POLITE_EVERY_SECONDS = 0.1
_POLITE_WITHIN_SECONDS = 0.1
_READ_EVERY_SECONDS = 0.01
# Requests that an open loop may have written and not been answered, on one connection: what sockets hold anyway.
_AHEAD_MAX = 16
_SETTLE_SECONDS = 60.0
_REST_SECONDS = 0.005
# The share that the memory may have grown by, from the end of the first fifth to the end.
_GROWTH_MAX = 0.05


class WrongAccounts(Exception):
    """The service's accounts do not agree with what was sent, or something was lost that should not be."""


class _Flood(asyncio.Protocol):
    """Sends the next request as soon as the last one is answered, or whenever it is due, as far as sockets take it."""

    def __init__(self, bodies: Iterator[bytes]) -> None:
        self._bodies = bodies
        self.answers: dict[bytes, int] = {}
        self.sent = 0
        self.closed_loop = True
        self.stopped = False
        self.idle = asyncio.Event()
        self._rest = b""
        self.writable = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def pause_writing(self) -> None:
        self.writable = False

    def resume_writing(self) -> None:
        self.writable = True

    def send(self) -> None:
        self.sent += 1
        self.transport.write(next(self._bodies))

    def data_received(self, data: bytes) -> None:
        data = self._rest + data
        at = 0
        while (head := data.find(b"\r\n\r\n", at)) >= 0:
            length = data.index(b"content-length: ", at) + 16
            end = head + 4 + int(data[length : data.index(b"\r", length)])
            if len(data) < end:
                break
            status = data[at + 9 : at + 12]
            self.answers[status] = self.answers.get(status, 0) + 1
            at = end
            if self.closed_loop and not self.stopped:
                self.send()
        self._rest = data[at:]
        if self.stopped and self.answered == self.sent:
            self.idle.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self.idle.set()

    @property
    def answered(self) -> int:
        return sum(self.answers.values())


class _Asker(asyncio.Protocol):
    """Sends a request every so often, and notes how long each answer took."""

    def __init__(self, asked: bytes, every_seconds: float) -> None:
        self._asked = asked
        self._every_seconds = every_seconds
        self.seconds: list[float] = []
        self.answered = asyncio.Event()
        self.statuses: dict[bytes, int] = {}
        self._sent_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if self._sent_at:
            self.seconds.append(time.perf_counter() - self._sent_at)
            self.statuses[data[9:12]] = self.statuses.get(data[9:12], 0) + 1
            self._sent_at = 0.0
            self.answered.set()

    async def run(self, until: float) -> None:
        due = time.perf_counter()
        while due < until:
            await asyncio.sleep(max(due - time.perf_counter(), 0))
            if not self._sent_at:
                # Counted from when it was due, so that waiting is not left out.
                self._sent_at = due
                self.transport.write(self._asked)
            due += self._every_seconds
        if self._sent_at:
            self.answered.clear()
            await self.answered.wait()


@dataclass
class Case:
    """singles: one tick a request, else batches. rate: requests a second offered; None is a closed loop."""

    mode: str
    connections: int
    singles: bool = False
    rate: float | None = None

    @property
    def ticks(self) -> int:
        return 1 if self.singles else _BATCH

    @property
    def name(self) -> str:
        load = "singles" if self.singles else "batches"
        return f"{self.mode}, {self.connections} x {load}, {'closed' if self.rate is None else 'open'} loop"


@dataclass
class Figures:
    case: Case
    seconds: float = 0.0
    accounts: dict[str, int] = field(default_factory=dict)
    processed_per_second: float = 0.0
    answers: dict[str, int] = field(default_factory=dict)
    lost: int = 0
    reads: list[float] = field(default_factory=list)
    polite: list[float] = field(default_factory=list)
    watched: int = 0
    memory_mib: list[float] = field(default_factory=list)

    def row(self) -> dict[str, Any]:
        return {
            "mode": self.case.mode,
            "connections": self.case.connections,
            "load": "singles" if self.case.singles else "batches",
            "loop": "closed" if self.case.rate is None else "open",
            "processed_per_second": round(self.processed_per_second),
            "accepted": self.accounts["accepted"],
            "processed": self.accounts["processed"],
            "dropped": self.accounts["dropped"],
            "rejected": self.accounts["rejected"],
            "answers": self.answers,
            "get_p50_ms": _quantile(self.reads, 0.5),
            "get_p99_ms": _quantile(self.reads, 0.99),
            "polite_within_100_ms": _share_within(self.polite, _POLITE_WITHIN_SECONDS),
            "polite_max_ms": _quantile(self.polite, 1.0),
            "messages_to_the_watcher_per_second": round(self.watched / self.seconds, 1),
            "memory_mib": {
                "after a fifth": self.memory_mib[len(self.memory_mib) // 5],
                "at the end": self.memory_mib[-1],
            },
        }


def _quantile(seconds: Sequence[float], share: float) -> float:
    """Milliseconds."""
    ordered = sorted(seconds) or [0.0]
    return round(1000 * ordered[min(int(share * len(ordered)), len(ordered) - 1)], 2)


def _share_within(seconds: Sequence[float], limit: float) -> float:
    return sum(each <= limit for each in seconds) / max(len(seconds), 1)


def _requests(case: Case) -> list[Iterator[bytes]]:
    """What each connection sends: ticks of its own symbols, in order of time, so that none is late."""
    symbols = max(_SYMBOLS // case.connections, 1)
    if case.singles:
        patterns = [request("/api/prices", tick) for tick in _ticks(symbols, max(symbols, _SINGLES))]
    else:
        patterns = [
            request("/api/prices/batch", b"[%b]" % b",".join(_ticks(symbols, _BATCH, seed))) for seed in range(_BODIES)
        ]
    return [
        _endless([pattern.replace(_CONNECTION, b"C%03d" % number) for pattern in patterns])
        for number in range(case.connections)
    ]


def _ticks(symbols: int, count: int, seed: int = 1) -> list[bytes]:
    return [
        b'{"symbol":"%bS%03d","price":%b,"timestamp":%b}'
        % (_CONNECTION, int(tick.symbol[1:]), repr(tick.price).encode(), _NOW)
        for tick in Walks(symbols, _IN_WINDOW, seed).take(count)
    ]


def _endless(patterns: Sequence[bytes]) -> Iterator[bytes]:
    while True:
        for pattern in patterns:
            yield pattern.replace(_NOW, b"%d" % _now_ms())


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


async def _connect(port: int, make: Callable[[], Any]) -> Any:
    _, protocol = await asyncio.get_running_loop().create_connection(make, "127.0.0.1", port)
    return protocol


async def _offer(floods: Sequence[_Flood], rate: float, until: float) -> None:
    """Have requests written at a rate over all connections, whatever the answers, while sockets take them."""
    start = time.perf_counter()
    offered = 0
    while (now := time.perf_counter()) < until:
        due = int((now - start) * rate)
        for number in range(offered, due):
            flood = floods[number % len(floods)]
            # What a socket does not take is not offered: its sender is held.
            if flood.writable and flood.sent - flood.answered < _AHEAD_MAX:
                flood.send()
        offered = due
        await asyncio.sleep(_REST_SECONDS)


async def _sample_memory(side: Side, samples: list[float], seconds: float) -> None:
    while True:
        await asyncio.sleep(seconds)
        samples.append(resident_mib(side.pid))


async def _flood(side: Side, case: Case, seconds: float) -> Figures:
    figures = Figures(case, seconds)
    requests = _requests(case)
    before = await asyncio.to_thread(side.metrics)
    floods: list[_Flood] = [await _connect(side.port, partial(_Flood, each)) for each in requests]
    post, read = request("/api/prices", b'{"symbol":"POLITE","price":100}'), get("/api/prices/POLITE")
    polite: _Asker = await _connect(side.port, partial(_Asker, post, _POLITE_EVERY_SECONDS))
    reader: _Asker = await _connect(side.port, partial(_Asker, read, _READ_EVERY_SECONDS))
    messages = [0]

    def seen(_: bytes) -> None:
        messages[0] += 1

    watcher: Watcher = await _connect(side.port, partial(Watcher, ["POLITE", "C0*"], seen))
    await watcher.ready
    start = time.perf_counter()
    until = start + seconds
    sampling = asyncio.create_task(_sample_memory(side, figures.memory_mib, seconds / 20))
    asking = [asyncio.create_task(each.run(until)) for each in (polite, reader)]
    if case.rate is None:
        for flood in floods:
            flood.send()
        await asyncio.sleep(seconds)
    else:
        for flood in floods:
            flood.closed_loop = False
        await _offer(floods, case.rate, until)
    for flood in floods:
        flood.stopped = True
        if flood.answered == flood.sent:
            flood.idle.set()
    async with asyncio.timeout(_SETTLE_SECONDS):
        await asyncio.gather(*(flood.idle.wait() for flood in floods), *asking)
    accounts = await asyncio.to_thread(side.metrics)
    figures.seconds = time.perf_counter() - start
    sampling.cancel()
    figures.watched = messages[0]
    figures.reads = reader.seconds
    figures.polite = polite.seconds
    names = ("received", "accepted", "rejected", "processed", "dropped", "failed")
    figures.accounts = {name: accounts[name] - before[name] for name in names}
    figures.processed_per_second = figures.accounts["processed"] / figures.seconds
    for flood in floods:
        for status, count in flood.answers.items():
            figures.answers[status.decode()] = figures.answers.get(status.decode(), 0) + count
        flood.transport.close()
    for each in (polite, reader, watcher):
        each.transport.close()
    _check(figures, sum(flood.sent for flood in floods), polite)
    return figures


def _check(figures: Figures, sent: int, polite: _Asker) -> None:
    """Raise WrongAccounts where a tick is not accounted for, or one is lost that a sender waited with."""
    case, accounts = figures.case, figures.accounts
    answered = sum(figures.answers.values())
    if answered != sent:
        raise WrongAccounts(f"{case.name}: {sent} requests were sent, {answered} answered")
    if accounts["received"] != accounts["accepted"] + accounts["rejected"]:
        raise WrongAccounts(f"{case.name}: {accounts}")
    if accounts["accepted"] != accounts["processed"] + accounts["dropped"] + accounts["failed"]:
        raise WrongAccounts(f"{case.name}: {accounts}")
    taken = figures.answers.get("202", 0) * case.ticks + polite.statuses.get(b"202", 0)
    # Rejecting, a batch may be taken in part.
    if case.mode != "reject" and accounts["accepted"] != taken:
        raise WrongAccounts(f"{case.name}: {taken} ticks were answered with 202, and {accounts}")
    figures.lost = accounts["accepted"] - accounts["processed"] + accounts["rejected"]
    memory = figures.memory_mib
    if case.rate is not None and len(memory) > 5 and memory[-1] > memory[len(memory) // 5] * (1 + _GROWTH_MAX):
        print(f"  {case.name}: the memory grew: {memory}")


def measure(case: Case, seconds: float) -> Figures:
    """One case against a service of its own, with storage on."""
    with sides(SERVICE, PROCESSING__FULL_MODE=case.mode, STORAGE__ENABLED="true") as (side,):
        # So that what grows once has grown.
        uvloop.run(_flood(side, Case(case.mode, 4, case.singles), min(seconds, 2.0)))
        return uvloop.run(_flood(side, case, seconds))


_COLUMNS = (
    "processed/s", "ratio", "dropped", "rejected", "503", "GET p50", "GET p99", "polite", "slowest", "msg/s", "MiB",
    "end",
)  # fmt: skip


def _print(figures: Figures, best: float) -> None:
    row = figures.row()
    cells = (
        f"{row['processed_per_second']:,}",
        f"{figures.processed_per_second / best:.2f}",
        f"{row['dropped']:,}",
        f"{row['rejected']:,}",
        f"{figures.answers.get('503', 0):,}",
        f"{row['get_p50_ms']:.1f}",
        f"{row['get_p99_ms']:.1f}",
        f"{row['polite_within_100_ms']:.2%}",
        f"{row['polite_max_ms']:.0f}",
        f"{row['messages_to_the_watcher_per_second']:.1f}",
        f"{row['memory_mib']['after a fifth']:.0f}",
        f"{row['memory_mib']['at the end']:.0f}",
    )
    _print_line(figures.case.name, cells)


def _print_line(name: str, cells: Sequence[str]) -> None:
    print(f"  {name:44}" + "".join(f"{cell:>12}" for cell in cells), flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=120, help="how long each case takes")
    parser.add_argument("--modes", default=",".join(MODES), help="full modes, with commas between")
    parser.add_argument("--connections", default="", help="numbers of connections, with commas between")
    parser.add_argument("--loops", default="closed,open", help="closed, open, or both")
    parser.add_argument("--loads", default="batches,singles", help="batches, singles, or both")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    arguments = parser.parse_args()
    modes = arguments.modes.split(",")
    connections = [int(each) for each in arguments.connections.split(",") if each]
    _print_line("full mode, connections, load, loop", _COLUMNS)
    rows = []
    for load in arguments.loads.split(","):
        singles = load == "singles"
        reference = [measure(Case("wait", count, singles), arguments.seconds) for count in (4, 64)]
        best = max(figures.processed_per_second for figures in reference)
        for figures in reference:
            _print(figures, best)
            rows.append(figures.row())
        rate = _TIMES_TOO_MUCH * best / reference[0].case.ticks
        cases = [
            Case(mode, count, singles, None if loop == "closed" else rate)
            for loop in arguments.loops.split(",")
            for count in connections or (_CLOSED if loop == "closed" else _OPEN)
            for mode in modes
            if not (mode == "wait" and count in (4, 64) and loop == "closed")
        ]
        for case in cases:
            figures = measure(case, arguments.seconds)
            _print(figures, best)
            rows.append(figures.row())
            if case.rate is None and figures.lost:
                raise WrongAccounts(f"{case.name}: {figures.lost} ticks were lost in a closed loop")
    if arguments.json:
        arguments.json.write_text(json.dumps({"seconds": arguments.seconds, "rows": rows}, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
