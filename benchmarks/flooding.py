"""One case of overload: connections that flood a service, with one polite client, one reader and one subscriber."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import uvloop

from benchmarks.flood_clients import Flood, Prober
from benchmarks.load import drive, get, request
from benchmarks.sides import SERVICE, Side, resident_mib, sides
from benchmarks.ticks import Walks
from benchmarks.watching import Watcher

_BATCH = 1000
_BODIES = 4
_SINGLES = 64
# Over all connections, so that the engine's work does not depend on their number.
_SYMBOLS = 1024
# Approximate ticks of a symbol per second, so that steps are small enough for spikes to be rare.
_IN_WINDOW = 1000
# Placeholder for the time of sending.
_NOW = b"=" * 13
# Placeholder for the name of the connection.
_CONNECTION = b"####"
_POLITE_EVERY_SECONDS = 0.1
_READ_EVERY_SECONDS = 0.01
# Unanswered requests of an open loop per connection: what sockets buffer anyway.
_AHEAD_MAX = 16
_SETTLE_SECONDS = 60.0
_REST_SECONDS = 0.005
# The share of a case's time that it runs before, so that buffers have been as large as they get: that takes a while.
_WARM_UP_SHARE = 1 / 6
_MEMORY_SAMPLES = 20
# Seconds of candles, one per symbol of a batch and second, that fill the store's cache.
_CANDLE_SECONDS = 110


class WrongAccounts(Exception):
    """The service's accounts do not match what was sent, or ticks were lost that must not be."""


@dataclass
class Case:
    """singles: one tick a request, else batches of 1,000. rate: requests a second offered; None is a closed loop."""

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

    @property
    def settled_mib(self) -> float:
        """The peak memory of the first fifth, in MiB."""
        return max(self.memory_mib[: _MEMORY_SAMPLES // 5])


def _requests(case: Case) -> list[Iterator[bytes]]:
    """The requests of each connection: ticks of its own symbols in order of time, so that none is late."""
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


async def _offer(floods: Sequence[Flood], rate: float, until: float) -> None:
    """Send requests at a rate over all connections, without waiting for answers, while the sockets are writable."""
    start = time.perf_counter()
    offered = 0
    while (now := time.perf_counter()) < until:
        due = int((now - start) * rate)
        for number in range(offered, due):
            flood = floods[number % len(floods)]
            # Back-pressure: nothing is offered to a socket that does not accept it.
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
    floods: list[Flood] = [await _connect(side.port, partial(Flood, each)) for each in requests]
    post, read = request("/api/prices", b'{"symbol":"POLITE","price":100}'), get("/api/prices/POLITE")
    polite: Prober = await _connect(side.port, partial(Prober, post, _POLITE_EVERY_SECONDS))
    reader: Prober = await _connect(side.port, partial(Prober, read, _READ_EVERY_SECONDS))
    messages = [0]

    def seen(_: bytes) -> None:
        messages[0] += 1

    watcher: Watcher = await _connect(side.port, partial(Watcher, ["POLITE", "C0*"], seen))
    await watcher.ready
    start = time.perf_counter()
    until = start + seconds
    sampling = asyncio.create_task(_sample_memory(side, figures.memory_mib, seconds / _MEMORY_SAMPLES))
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


def _check(figures: Figures, sent: int, polite: Prober) -> None:
    """Raise WrongAccounts if a tick is unaccounted for, or lost although its sender waited."""
    case, accounts = figures.case, figures.accounts
    answered = sum(figures.answers.values())
    if answered != sent:
        raise WrongAccounts(f"{case.name}: {sent} requests were sent, {answered} answered")
    if accounts["received"] != accounts["accepted"] + accounts["rejected"]:
        raise WrongAccounts(f"{case.name}: {accounts}")
    if accounts["accepted"] != accounts["processed"] + accounts["dropped"] + accounts["failed"]:
        raise WrongAccounts(f"{case.name}: {accounts}")
    taken = figures.answers.get("202", 0) * case.ticks + polite.statuses.get(b"202", 0)
    # In reject mode, a batch may be accepted in part.
    if case.mode != "reject" and accounts["accepted"] != taken:
        raise WrongAccounts(f"{case.name}: {taken} ticks were answered with 202, and {accounts}")
    figures.lost = accounts["accepted"] - accounts["processed"] + accounts["rejected"]
    if case.rate is None and figures.lost:
        raise WrongAccounts(f"{case.name}: {figures.lost} ticks were lost in a closed loop: {accounts}")


def _fill_caches(side: Side) -> None:
    """Fill the store's cache of candles, one per symbol and second, which ordinary load takes minutes to do."""
    start_ms = _now_ms() - 1000 * _CANDLE_SECONDS
    drive(
        side.port,
        [
            [
                request("/api/prices/batch", json.dumps(_one_second(start_ms + 1000 * second)).encode())
                for second in range(_CANDLE_SECONDS)
            ]
        ],
    )


def _one_second(time_ms: int) -> list[dict[str, Any]]:
    return [{"symbol": f"W{number}", "price": 100, "timestamp": time_ms} for number in range(_BATCH)]


def measure(case: Case, seconds: float) -> Figures:
    """Run one case against a fresh service with storage on."""
    with sides(SERVICE, PROCESSING__FULL_MODE=case.mode, STORAGE__ENABLED="true") as (side,):
        if seconds >= _CANDLE_SECONDS // 2:
            _fill_caches(side)
        uvloop.run(_flood(side, case, seconds * _WARM_UP_SHARE))
        return uvloop.run(_flood(side, case, seconds))
