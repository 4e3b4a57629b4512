"""Readings: batches over HTTP with storage on, GETs meanwhile, and how soon a reading is at a socket among others."""

import asyncio
import json
import random
import threading
import time
from collections.abc import Callable
from statistics import median, quantiles
from typing import Any

import uvloop
from websockets.sync.client import connect

from benchmarks.ingest import WrongResult
from benchmarks.load import drive, request
from benchmarks.rows import row
from benchmarks.sides import SERVICE, Side, resident_mib, sides
from benchmarks.watching import Watcher, open_watchers

_BATCH = 1000
_BATCHES = 64
_CONNECTIONS = 4
_MACHINES, _SENSORS = 32, ("temperature", "vibration", "pressure", "current")
_SETTLE_SECONDS = 60.0
_KEYS = [f"M{machine}/{sensor}" for machine in range(_MACHINES) for sensor in _SENSORS]
_PROBES = 200
_INTERVAL_MS = 50
# With the probe 10,000, which is as many as `stream.max_connections` allows.
_HELD = 9_999
# All sensors, one after the other; so often each socket is sent five messages.
_ALL_EVERY_SECONDS = 10.0
# The snapshot of five sensors.
_BYTES_EACH = 500
_PONG_SECONDS = 20.0


def machines(rounds: int) -> list[dict[str, Any]]:
    """JSON arrays of 1,000 readings of 128 sensors over 4 connections, with storage and the default rules on.

    By the clock and by processor time of the service, and the 95th percentile of GETs of a sensor meanwhile.
    """
    source = random.Random(1)
    by_clock, by_cpu, gets = [], [], list[float]()
    with sides(SERVICE, STORAGE__ENABLED="true", PROCESSING__PARTITIONS="1") as (service,):
        for number in range(-1, rounds):
            shares = [[_body(source) for _ in range(_BATCHES // _CONNECTIONS)] for _ in range(_CONNECTIONS)]
            over = threading.Event()
            asking = threading.Thread(target=_ask, args=(service, over, gets if number >= 0 else []))
            cpu = service.cpu_seconds()
            if number >= 0:
                asking.start()
            seconds = drive(service.port, shares)
            over.set()
            _settle(service, (number + 2) * _BATCHES * _BATCH)
            if number >= 0:
                asking.join()
                by_clock.append(_BATCHES * _BATCH / seconds)
                by_cpu.append(_BATCHES * _BATCH / (service.cpu_seconds() - cpu))
    return [
        row("by the clock", median(by_clock), "1/s"),
        row("by processor time", median(by_cpu), "per CPU s"),
        row("p95 of a GET meanwhile", 1000 * quantiles(gets, n=20)[-1], "ms"),
    ]


def machines_delay(_rounds: int) -> list[dict[str, Any]]:
    """From the beginning of a post until the reading is at a WebSocket that asks for 50 ms."""
    with sides(SERVICE, STORAGE__ENABLED="true", PROCESSING__PARTITIONS="1") as (service,):
        return _delay_rows(_delays(service.port))


def machines_held(_rounds: int) -> list[dict[str, Any]]:
    """The same with 9,999 other sockets, which watch five sensors each: while nothing is read but the probe, and while
    all 128 sensors are, one after the other, every ten seconds.
    """
    with sides(SERVICE, STORAGE__ENABLED="true", PROCESSING__PARTITIONS="1") as (service,):
        drive(service.port, [[request("/api/readings/batch", _reading_of_each(0.0, _KEYS))]])
        return uvloop.run(_hold(service))


async def _hold(service: Side) -> list[dict[str, Any]]:
    before = resident_mib(service.pid)
    start = time.perf_counter()
    held = await open_watchers(service.port, _HELD, _KEYS, channels=["readings"])
    seconds = time.perf_counter() - start
    # Until each has its snapshot.
    await _until(lambda: min(watcher.bytes for watcher in held) >= _BYTES_EACH)
    memory = resident_mib(service.pid) - before
    ponging = asyncio.create_task(_pong(held))
    quiet = await asyncio.to_thread(_delays, service.port)
    received = sum(watcher.bytes for watcher in held)
    over = threading.Event()
    feeding = asyncio.create_task(asyncio.to_thread(_feed, service.port, over))
    start = time.perf_counter()
    busy = await asyncio.to_thread(_delays, service.port)
    rate = (sum(watcher.bytes for watcher in held) - received) / (time.perf_counter() - start)
    over.set()
    await feeding
    ponging.cancel()
    _check_open(held)
    return [
        row("sockets held, and the probe", len(held) + 1, ""),
        row("opened", len(held) / seconds, "a second"),
        row("memory of each", 1024 * memory / len(held), "KiB"),
        *_delay_rows(quiet, " among them"),
        *_delay_rows(busy, ", all sensors read"),
        row("sent to them meanwhile", rate / 2**20, "MiB/s"),
    ]


def _delays(port: int) -> list[float]:
    """In ms."""
    source = random.Random(1)
    delays = []
    with connect(f"ws://127.0.0.1:{port}/ws") as watcher:
        asked = {"op": "subscribe", "symbols": ["PROBE"], "channels": ["readings"], "intervalMs": _INTERVAL_MS}
        watcher.send(json.dumps(asked))
        for number in range(_PROBES):
            time.sleep(_INTERVAL_MS / 1000 * source.random())
            # Unlike that of any other probe of this service.
            value = time.time()
            reading = json.dumps({"machineId": "PROBE", "sensorType": "t", "value": value}).encode()
            start = time.perf_counter()
            drive(port, [[request("/api/readings", reading)]])
            while not any(each["value"] == value for each in json.loads(watcher.recv(10)).get("readings", ())):
                pass
            if number:
                delays.append(1000 * (time.perf_counter() - start))
    return delays


def _delay_rows(delays: list[float], among: str = "") -> list[dict[str, Any]]:
    return [row(f"median{among}", median(delays), "ms"), row(f"p95{among}", quantiles(delays, n=20)[-1], "ms")]


def _feed(port: int, over: threading.Event) -> None:
    """Read all sensors one after the other, again and again."""
    number = 0
    while not over.wait(_ALL_EVERY_SECONDS / len(_KEYS)):
        key = _KEYS[number % len(_KEYS)]
        number += 1
        drive(port, [[request("/api/readings/batch", _reading_of_each(float(number), [key]))]])


def _reading_of_each(value: float, keys: list[str]) -> bytes:
    pairs = [key.split("/") for key in keys]
    return json.dumps([{"machineId": one, "sensorType": other, "value": value} for one, other in pairs]).encode()


async def _pong(held: list[Watcher]) -> None:
    """Without it, they would be closed after `stream.idle_seconds`."""
    while True:
        await asyncio.sleep(_PONG_SECONDS)
        for watcher in held:
            watcher.pong()


def _check_open(held: list[Watcher]) -> None:
    """Raises WrongResult."""
    if any(watcher.transport.is_closing() for watcher in held):
        raise WrongResult("not all of them are open")


async def _until(condition: Callable[[], bool]) -> None:
    """Raises WrongResult."""
    deadline = time.monotonic() + _SETTLE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise WrongResult("not every socket was sent its snapshot")
        await asyncio.sleep(0.1)


def _ask(service: Side, over: threading.Event, seconds: list[float]) -> None:
    while not over.wait(0.01):
        start = time.perf_counter()
        service.get("/api/machines/M1/temperature")
        seconds.append(time.perf_counter() - start)


def _body(source: random.Random) -> bytes:
    now = int(time.time() * 1000)
    items = [
        {
            "machineId": f"M{source.randrange(_MACHINES)}",
            "sensorType": source.choice(_SENSORS),
            "value": round(source.gauss(80, 3), 2),
            "timestamp": now,
        }
        for _ in range(_BATCH)
    ]
    return request("/api/readings/batch", json.dumps(items, separators=(",", ":")).encode())


def _settle(service: Side, wanted: int) -> None:
    """Wait until so many readings are processed. Raises WrongResult."""
    deadline = time.monotonic() + _SETTLE_SECONDS
    while (found := _processed(service)) != wanted:
        if time.monotonic() > deadline:
            raise WrongResult(f"{found} readings are processed, and should be {wanted}")
        time.sleep(0.01)


def _processed(service: Side) -> int:
    lines = service.get("/metrics").decode().splitlines()
    found = next(line for line in lines if line.startswith("marketdata_readings_processed_total "))
    return int(float(found.split()[1]))
