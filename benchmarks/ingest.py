"""Ticks over HTTP: the service against a bare ASGI app and a FastAPI service, in alternating slices."""

import time
from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa

from benchmarks.load import arrow_stream, chunked, drive, request
from benchmarks.rows import rows_of
from benchmarks.servers.bare_asgi import ARROW
from benchmarks.sides import BARE, FASTAPI, SERVICE, Side, sides
from benchmarks.ticks import Tick, Walks, count_spikes

_SYMBOLS = 128
_IN_WINDOW = 20
_CONNECTIONS = 64
_SINGLES_PER_ROUND = 25_600
_BATCH = 1000
_BATCHES_PER_ROUND = 256
_BATCH_CONNECTIONS = 4
_ARROW_BATCH = 10_000
_ARROW_BATCHES_PER_ROUND = 32
_MANY = "1,000,000 symbols"
_FEW = "100 symbols"
# Enough rounds to send each of the many symbols once.
_WARM_UP_ROUNDS = 4


class WrongResult(Exception):
    """A side counted the wrong number of ticks or spikes."""


def singles(rounds: int) -> list[dict[str, Any]]:
    """One tick per request over 64 connections, each with its own symbols so that their order holds."""
    return _measure((SERVICE, BARE, FASTAPI), *single_slices(rounds), "req/s")


def single_slices(rounds: int) -> tuple[list[list[list[bytes]]], list[Tick]]:
    """The requests of every connection, for each round and a warm-up; and all the ticks."""
    walks = Walks(_SYMBOLS, _IN_WINDOW)
    slices = []
    ticks = []
    for _ in range(rounds + 1):
        these = walks.take(_SINGLES_PER_ROUND)
        ticks += these
        shares: list[list[bytes]] = [[] for _ in range(_CONNECTIONS)]
        for tick in these:
            shares[int(tick.symbol[1:]) % _CONNECTIONS].append(request("/api/prices", tick.json))
        slices.append(shares)
    return slices, ticks


def batches(rounds: int) -> list[dict[str, Any]]:
    """JSON arrays of 1,000 ticks over 4 connections, each with its own symbols."""
    return _measure((SERVICE, BARE, FASTAPI), *batch_slices(rounds), "ticks/s")


def batch_slices(rounds: int) -> tuple[list[list[list[bytes]]], list[Tick]]:
    """Like `single_slices`, with arrays of 1,000 ticks."""
    return _many(rounds, lambda these: [_array(each) for each in these])


def arrow(rounds: int) -> list[dict[str, Any]]:
    """Arrow IPC streams of 10,000 ticks over 4 connections, each with its own symbols. The bare app only reads them."""
    return _measure((SERVICE, BARE), *arrow_slices(rounds), "ticks/s")


def arrow_slices(rounds: int) -> tuple[list[list[list[bytes]]], list[Tick]]:
    """Like `batch_slices`, with Arrow IPC streams of 10,000 ticks."""
    return _many(rounds, lambda these: [_columns(each) for each in these], _ARROW_BATCH, _ARROW_BATCHES_PER_ROUND)


def stream(rounds: int) -> list[dict[str, Any]]:
    """NDJSON streams over 4 connections, one request each per round, in chunks of 1,000 lines."""
    slices, ticks = _many(rounds, lambda these: [_chunked(these)])
    return _measure((SERVICE, BARE), slices, ticks, "ticks/s")


def symbols(rounds: int) -> list[dict[str, Any]]:
    """Batches over a million symbols against batches over 100, at the same tick rate, each on its own service.

    The more symbols, the emptier their windows.
    """
    walks = {_MANY: Walks(1_000_000, 0.002, step=0.001), _FEW: Walks(100, _IN_WINDOW)}
    rates: dict[str, list[float]] = {side: [] for side in walks}
    sent = dict.fromkeys(walks, 0)
    with sides(*walks, PROCESSING__MAX_SYMBOLS="1000000", PROCESSING__CHANNEL_CAPACITY="1000000") as running:
        for number in range(-_WARM_UP_ROUNDS, rounds):
            for side in running:
                ticks = walks[side.name].take(_BATCH * _BATCHES_PER_ROUND)
                sent[side.name] += len(ticks)
                # One connection, so that the order of the ticks holds.
                shares = [[_array(ticks[at : at + _BATCH]) for at in range(0, len(ticks), _BATCH)]]
                start = time.perf_counter()
                drive(side.port, shares)
                side.metrics()
                if number >= 0:
                    rates[side.name].append(len(ticks) / (time.perf_counter() - start))
        for side in running:
            metrics = side.metrics()
            if (metrics["processed"], metrics["late"]) != (sent[side.name], 0):
                raise WrongResult(f"{side.name}: {sent[side.name]} ticks were sent, and it says {metrics}")
    return rows_of(rates, _MANY, "ticks/s")


def requests_of(ticks: list[Tick], prefix: str, batch: int) -> list[bytes]:
    """JSON arrays of `batch` ticks each, of symbols with a prefix."""
    these = [Tick(f"{prefix}{tick.symbol}", tick.price, tick.timestamp_ms) for tick in ticks]
    return [_array(these[at : at + batch]) for at in range(0, len(these), batch)]


def _array(ticks: list[Tick]) -> bytes:
    return request("/api/prices/batch", b"[" + b",".join(tick.json for tick in ticks) + b"]")


def _columns(ticks: list[Tick]) -> bytes:
    content = arrow_stream(
        symbol=pa.array([tick.symbol for tick in ticks]).dictionary_encode(),
        price=pa.array([tick.price for tick in ticks]),
        timestamp=pa.array([tick.timestamp_ms for tick in ticks]).cast(pa.timestamp("ms", "UTC")),
    )
    return request("/api/prices/batch", content, media_type=ARROW)


def _chunked(chunks: list[list[Tick]]) -> bytes:
    lines = [b"".join(tick.json + b"\n" for tick in ticks) for ticks in chunks]
    return chunked("/api/prices/stream", lines)


def _many(
    rounds: int,
    requests: Callable[[list[list[Tick]]], list[bytes]],
    batch: int = _BATCH,
    batches: int = _BATCHES_PER_ROUND,
) -> tuple[list[list[list[bytes]]], list[Tick]]:
    """The requests of every connection, made of `batch` ticks each, for each round and a warm-up; and all the ticks.

    batches: per round.
    """
    walks = [Walks(_SYMBOLS, _IN_WINDOW, seed) for seed in range(_BATCH_CONNECTIONS)]
    slices = []
    ticks = []
    for _ in range(rounds + 1):
        shares = []
        for number, walk in enumerate(walks):
            taken = walk.take(batch * batches // _BATCH_CONNECTIONS)
            these = [Tick(f"C{number}{tick.symbol}", tick.price, tick.timestamp_ms) for tick in taken]
            ticks += these
            shares.append(requests([these[at : at + batch] for at in range(0, len(these), batch)]))
        slices.append(shares)
    return slices, ticks


def _measure(
    names: Sequence[str], slices: Sequence[Sequence[Sequence[bytes]]], ticks: list[Tick], unit: str
) -> list[dict[str, Any]]:
    per_round = len(ticks) / len(slices)
    rates: dict[str, list[float]] = {name: [] for name in names}
    with sides(*names, PROCESSING__CHANNEL_CAPACITY="1000000") as running:
        for number, shares in enumerate(slices):
            # The order rotates from round to round; the first round is a warm-up.
            turn = number % len(running)
            for side in running[turn:] + running[:turn]:
                seconds = drive(side.port, shares)
                start = time.perf_counter()
                if side.name != BARE:
                    # Wait for accepted ticks to be processed: they belong to this slice.
                    side.metrics()
                if number:
                    rates[side.name].append(per_round / (seconds + time.perf_counter() - start))
        for side in running:
            _check(side, ticks)
    return rows_of(rates, SERVICE, unit)


def _check(side: Side, ticks: list[Tick]) -> None:
    if side.name == BARE:
        return
    metrics = side.metrics()
    expected = len(ticks), count_spikes(ticks)
    found = metrics["processed"], metrics["anomalies"]
    if found != expected:
        raise WrongResult(f"{side.name} counted {found} ticks and spikes, there are {expected}")
