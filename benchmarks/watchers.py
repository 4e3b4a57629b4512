"""What subscribers cost, and how soon they see a tick."""

import asyncio
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import Any, cast

import msgspec
import uvloop

from benchmarks.ingest import WrongResult, batch_slices, single_slices
from benchmarks.load import drive, request
from benchmarks.rows import row, rows_of
from benchmarks.sides import SERVICE, Side, sides
from benchmarks.ticks import Walks
from benchmarks.watching import open_watchers

_WATCHERS = 1000
_SYMBOLS = 128
_WATCHED = "1,000 watchers"
_UNWATCHED = "none"
# The load and the watchers share the second core, so the cost of watchers shows in the service's CPU time.
_WATCHED_CPU = f"{_WATCHED}, by CPU"
_UNWATCHED_CPU = f"{_UNWATCHED}, by CPU"
_RATE_PER_SECOND = 10_000
_SECONDS = 10
_FEEDERS = 64
# Watchers that read every message; the others only count bytes.
_READ = 20
_SENT = re.compile(r'^marketdata_stream_messages_total{type="prices"} (\S+)$', re.MULTILINE)
_DEAF = 100
# Each round takes a quarter of a minute.
_DELAY_ROUNDS_MAX = 5
# Too short to count messages that are sent twice a second.
_COUNTED_SECONDS = 2.0
_HELD = 10_000
# The least that each watcher receives if all is well.
_BYTES_EACH = 2000


def singles_watched(rounds: int) -> list[dict[str, Any]]:
    """One tick per request in a closed loop, with a thousand watchers and with none."""
    return _ingest(*single_slices(rounds), "req/s")


def batches_watched(rounds: int) -> list[dict[str, Any]]:
    """Batches of 1,000 ticks, with a thousand watchers and with none."""
    return _ingest(*batch_slices(rounds), "ticks/s")


def _ingest(slices: list[list[list[bytes]]], ticks: list[Any], unit: str) -> list[dict[str, Any]]:
    rates: dict[str, list[float]] = {_WATCHED: [], _UNWATCHED: []}
    by_cpu: dict[str, list[float]] = {_WATCHED_CPU: [], _UNWATCHED_CPU: []}
    told = told_seconds = 0.0
    symbols = sorted({tick.symbol for tick in ticks})
    with sides(*rates, PROCESSING__CHANNEL_CAPACITY="1000000") as running, _watching(running[0], symbols) as seen:
        for number, shares in enumerate(slices):
            for side in running:
                start, cpu_start, told_before = time.perf_counter(), side.cpu_seconds(), _prices_sent(side)
                drive(side.port, shares)
                side.metrics()
                seconds, cpu_seconds = time.perf_counter() - start, side.cpu_seconds() - cpu_start
                if number > 0:
                    rates[side.name].append(len(ticks) / len(slices) / seconds)
                    by_cpu[f"{side.name}, by CPU"].append(len(ticks) / len(slices) / cpu_seconds)
                    if side.name == _WATCHED:
                        told += _prices_sent(side) - told_before
                        told_seconds += seconds
        for side in running:
            if side.metrics()["processed"] != len(ticks):
                raise WrongResult(f"{side.name}: not every tick was processed")
    if seen[0] < _WATCHERS * _BYTES_EACH:
        raise WrongResult("the watchers were sent next to nothing")
    rows = rows_of(rates, _WATCHED, unit) + rows_of(by_cpu, _WATCHED_CPU, unit)
    if told_seconds > _COUNTED_SECONDS:
        rows.append(row("messages to each of them", told / told_seconds / _WATCHERS, "a second"))
    return rows


@contextmanager
def _watching(side: Side, symbols: Sequence[str]) -> Iterator[list[int]]:
    """Run a thousand watchers in their own process; on exit, the list holds the bytes they received."""
    command = [sys.executable, "-m", "benchmarks.watching", str(side.port), str(_WATCHERS), ",".join(symbols)]
    seen: list[int] = []
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        if process.stdout.readline() != "ready\n":
            raise WrongResult("the watchers are not let in")
        yield seen
        process.stdin.close()
        seen.append(int(process.stdout.readline()))


def watchers(rounds: int) -> list[dict[str, Any]]:
    """The time from sending a tick until a watcher receives it, at 10,000 ticks a second.

    A thousand watchers of five symbols each, at the default interval of 100 ms; then with a hundred more that never
    read. Prices are conflated: a tick counts as received with the first message that includes it.
    """
    figures: dict[str, dict[str, list[float]]] = {"": {}, f", among {_DEAF} that never read": {}}
    for _ in range(min(rounds, _DELAY_ROUNDS_MAX)):
        for among, of_these in figures.items():
            with sides(SERVICE) as (side,):
                before, delays, after, sent = uvloop.run(_offer(side, _DEAF if among else 0))
                if side.metrics()["processed"] != sent:
                    raise WrongResult("not every tick was processed")
            of_these.setdefault("median", []).append(1000 * median(delays))
            of_these.setdefault("p99", []).append(1000 * quantiles(delays, n=100)[98])
            of_these.setdefault("memory grown", []).append(after - before)
    return [
        row(name + among, median(values), "MiB" if "memory" in name else "ms")
        for among, of_these in figures.items()
        for name, values in of_these.items()
    ]


class _Feeder(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)


class _Item(msgspec.Struct, rename="camel"):
    symbol: str
    update_count: int


class _Message(msgspec.Struct):
    type: str
    prices: list[_Item] = []


async def _offer(side: Side, deaf: int) -> tuple[float, list[float], float, int]:
    loop = asyncio.get_running_loop()
    walks = Walks(_SYMBOLS, 80)
    ticks = [(tick.symbol, request("/api/prices", tick.json)) for tick in walks.take(_RATE_PER_SECOND * _SECONDS)]
    symbols = sorted({symbol for symbol, _ in ticks})
    written: dict[str, list[float]] = {symbol: [] for symbol in symbols}
    delays: list[float] = []

    def reader() -> Any:
        counted: dict[str, int] = {}
        decoder = msgspec.json.Decoder(_Message)

        def read(text: bytes) -> None:
            now = time.perf_counter()
            for item in decoder.decode(text).prices:
                before = counted.get(item.symbol, 0)
                counted[item.symbol] = item.update_count
                delays.extend(now - moment for moment in written[item.symbol][before : item.update_count])

        return read

    read = [(await open_watchers(side.port, 1, symbols[at:] + symbols[:at], reader()))[0] for at in range(_READ)]
    others = await open_watchers(side.port, _WATCHERS - _READ, symbols)
    for watcher in await open_watchers(side.port, deaf, symbols):
        watcher.transport.pause_reading()
    feeders = [(await loop.create_connection(_Feeder, "127.0.0.1", side.port))[1] for _ in range(_FEEDERS)]
    place = {symbol: at % _FEEDERS for at, symbol in enumerate(symbols)}
    await asyncio.sleep(1.0)
    before = _memory(side)
    start = time.perf_counter()
    sent = 0
    while sent < len(ticks):
        now = time.perf_counter()
        due = min(int((now - start) * _RATE_PER_SECOND), len(ticks))
        for symbol, data in ticks[sent:due]:
            written[symbol].append(now)
            # All ticks of a symbol use the same connection, so that they are counted in this order.
            feeders[place[symbol]].transport.write(data)
        sent = due
        await asyncio.sleep(0.0005)
    await asyncio.sleep(1.0)
    after = _memory(side)
    if not delays or min(watcher.bytes for watcher in [*read, *others]) < _BYTES_EACH:
        raise WrongResult("a watcher was sent next to nothing")
    return before, delays, after, len(ticks)


def held(rounds: int) -> list[dict[str, Any]]:
    """Ten thousand watchers held open, and the service's memory for each."""
    del rounds
    with sides(SERVICE) as (side,):
        for symbol in range(_SYMBOLS):
            drive(side.port, [[request("/api/prices", b'{"symbol":"S%07d","price":1}' % symbol)]])
        return uvloop.run(_hold(side))


async def _hold(side: Side) -> list[dict[str, Any]]:
    before = _memory(side)
    start = time.perf_counter()
    open_ = await open_watchers(side.port, _HELD, [f"S{at:07}" for at in range(_SYMBOLS)])
    seconds = time.perf_counter() - start
    await asyncio.sleep(1.0)
    after = _memory(side)
    if any(watcher.transport.is_closing() or watcher.bytes == 0 for watcher in open_):
        raise WrongResult("not all of them are open")
    return [
        row("connections", len(open_), ""),
        row("opened", len(open_) / seconds, "a second"),
        row("memory of each", 1024 * (after - before) / len(open_), "KiB"),
    ]


def _prices_sent(side: Side) -> float:
    found = _SENT.search(side.get("/metrics").decode())
    return float(found.group(1)) if found else 0.0


def _memory(side: Side) -> float:
    """Resident memory of the service, in MiB."""
    status = Path(f"/proc/{side.pid}/status").read_text()
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmRSS"))
