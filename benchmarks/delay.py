"""How soon a tick is visible, in an open loop: ticks are sent at a fixed rate, so that waiting is counted."""

import asyncio
import re
import time
from statistics import median, quantiles
from typing import Any, cast

import msgspec
import uvloop

from benchmarks.ingest import WrongResult
from benchmarks.load import get, request
from benchmarks.rows import row
from benchmarks.sides import SERVICE, Side, sides
from benchmarks.ticks import Walks

_RATE_PER_SECOND = 10_000
_SECONDS = 10
_CONNECTIONS = 64
_PROBE_EVERY_SECONDS = 0.01
_STALL = re.compile(r"^marketdata_event_loop_stall_seconds (\S+)$", re.MULTILINE)


class _Offer(asyncio.Protocol):
    """Counts the answers to requests that are written without waiting."""

    answered = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self.answered += data.count(b"HTTP/1.1 202 ")


class _Probe(asyncio.Protocol):
    """Sends one request at a time and returns the body of its answer."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._seen += data
        head, found, body = self._seen.partition(b"\r\n\r\n")
        if found and len(body) >= int(head[head.index(b"content-length: ") + 16 :].split(b"\r", 1)[0]):
            self._coming.set_result(body)

    async def ask(self, data: bytes) -> bytes:
        self._seen = b""
        self._coming: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self.transport.write(data)
        return await self._coming


def delay(rounds: int) -> list[dict[str, Any]]:
    """Median and 99th percentile of the time from when a tick is due until a GET shows it, under load."""
    del rounds
    with sides(SERVICE) as (side,):
        delays = uvloop.run(_offer(side))
        if side.metrics()["processed"] < _RATE_PER_SECOND * _SECONDS:
            raise WrongResult("not every tick offered was processed")
        stall = _STALL.search(side.get("/metrics").decode())
    assert stall is not None
    return [
        row("median", 1000 * median(delays), "ms"),
        row("p99", 1000 * quantiles(delays, n=100)[98], "ms"),
        row("longest stall of the event loop", 1000 * float(stall.group(1)), "ms"),
    ]


async def _offer(side: Side) -> list[float]:
    loop = asyncio.get_running_loop()
    offers = [(await loop.create_connection(_Offer, "127.0.0.1", side.port))[1] for _ in range(_CONNECTIONS)]
    _, probe = await loop.create_connection(_Probe, "127.0.0.1", side.port)
    ticks = [request("/api/prices", tick.json) for tick in Walks(128, 80).take(_RATE_PER_SECOND * _SECONDS)]
    probing = asyncio.create_task(_probe(probe))
    start = time.perf_counter()
    sent = 0
    while sent < len(ticks):
        due = min(int((time.perf_counter() - start) * _RATE_PER_SECOND), len(ticks))
        for at in range(sent, due):
            offers[at % _CONNECTIONS].transport.write(ticks[at])
        sent = due
        await asyncio.sleep(0.0005)
    delays = await probing
    while sum(offer.answered for offer in offers) < len(ticks):  # noqa: ASYNC110  # not time-critical
        await asyncio.sleep(0.01)
    probe.transport.close()
    for offer in offers:
        offer.transport.close()
    return delays


async def _probe(probe: _Probe) -> list[float]:
    """The seconds from when each probe was due until it was visible. A slow probe delays the next ones."""
    delays = []
    start = time.perf_counter()
    for count in range(int(_SECONDS / _PROBE_EVERY_SECONDS)):
        due = start + count * _PROBE_EVERY_SECONDS
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        # The timer may be early by up to a millisecond.
        due = min(due, time.perf_counter())
        await probe.ask(request("/api/prices", b'{"symbol":"PROBE","price":%d}' % (count + 1)))
        while msgspec.json.decode(await probe.ask(get("/api/prices/PROBE"))).get("currentPrice") != count + 1:
            pass
        delays.append(time.perf_counter() - due)
    return delays
